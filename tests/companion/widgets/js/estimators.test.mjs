// Two ways to estimate a gradient, on a cost whose gradient and whose estimates' variances have a closed form.

import assert from "node:assert/strict";
import test from "node:test";
import { makeNormal } from "../../../../companion/widgets/js/dice.js";
import {
  both,
  lessBaseline,
  momentsOf,
  normalGrid,
  reparameterize,
  scoreFunction,
} from "../../../../companion/widgets/js/estimators.js";

const FOUR = [1, -2, 0.5, 0.25];
const close = (value, expected, most) =>
  assert.ok(Math.abs(value - expected) <= most, `${value}, expected ${expected}`);

test("z is mu + sigma * eps", () => {
  assert.deepEqual(reparameterize(FOUR, [-2, 1]), [0, -1.75]);
});

test("mean and standard deviation, each way", () => {
  const { mean, deviation } = momentsOf([
    [1, 0],
    [3, 0],
    [5, 6],
  ]);
  assert.deepEqual(
    [mean, deviation],
    [
      [3, 2],
      [2, Math.sqrt(12)],
    ],
  );
});

test("the baseline of a draw is the mean cost of the others", () => {
  assert.deepEqual(lessBaseline([1, 2, 6]), [-3, -1.5, 4.5]);
});

test("one score-function estimate is the cost times eps over sigma", () => {
  assert.deepEqual(
    scoreFunction(
      [3, 10],
      [
        [1, -2],
        [0.5, 0],
      ],
      FOUR,
    ),
    [
      [6, -24],
      [10, 0],
    ],
  );
});

test("on the square of z, both have the true gradient for their mean, and the known variances", () => {
  const normal = makeNormal(3);
  const draws = Array.from({ length: 40_000 }, () => both(() => normal()));
  const [mu, , sigma] = FOUR;
  const costs = draws.map((eps) => reparameterize(FOUR, eps)[0] ** 2);
  const through = draws.map((eps) => both(() => 2 * reparameterize(FOUR, eps)[0]));
  const variances = [
    [through, 4 * sigma ** 2],
    [scoreFunction(costs, draws, FOUR), mu ** 4 / sigma ** 2 + 14 * mu ** 2 + 15 * sigma ** 2],
    [scoreFunction(lessBaseline(costs), draws, FOUR), 8 * mu ** 2 + 10 * sigma ** 2],
  ];
  for (const [estimates, variance] of variances) {
    const { mean, deviation } = momentsOf(estimates);
    close(mean[0], 2 * mu, 4 * Math.sqrt(variance / draws.length));
    close(deviation[0] ** 2 / variance, 1, 0.06);
  }
});

test("the grid has the moments of the standard normal distribution", () => {
  const mean = (f) => normalGrid().reduce((sum, { eps, weight }) => sum + weight * f(eps), 0);
  close(
    mean(() => 1),
    1,
    1e-12,
  );
  close(
    mean(([a]) => a),
    0,
    1e-12,
  );
  close(
    mean(([a]) => a * a),
    1,
    5e-4,
  );
  close(
    mean(([, b]) => b * b),
    1,
    5e-4,
  );
  close(
    mean(([a, b]) => Math.cos(a + 0.5 * b)),
    Math.exp(-0.625),
    5e-5,
  );
});
