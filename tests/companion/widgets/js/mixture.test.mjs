// Mixtures of Gaussians: density, draws and weights.

import assert from "node:assert/strict";
import test from "node:test";
import {
  addDensity,
  COUNTS,
  density,
  land,
  pickRegion,
  reweigh,
  rollDice,
  shaped,
  withOneMore,
  withoutOne,
} from "../../../../companion/widgets/js/mixture.js";

const PICTURE = { side: 60, low: -4, high: 4 };
const REGIONS = [
  [-1.5, -0.8, 0.9, 0.6, 0.7],
  [0.31, 1.2, 0.02, 0.05, -0.95],
  [3.9, -3.9, 1.5, 2, 0.3],
  [-4, 4, 0.2, 0.02, 0.9],
];
const WEIGHTS = [0.4, 0.3, 0.2, 0.1];

test("a picture holds the density at the middle of each pixel", () => {
  const { side, low, high } = PICTURE;
  const heights = new Float64Array(side * side);
  REGIONS.forEach((region, i) => {
    addDensity(heights, PICTURE, region, WEIGHTS[i]);
  });
  const step = (high - low) / side;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const point = [low + (column + 0.5) * step, high - (row + 0.5) * step];
      const expected = density(REGIONS, WEIGHTS, point);
      assert.ok(Math.abs(heights[row * side + column] - expected) < 1e-8 * (1 + expected), `${point}`);
    }
  }
});

test("a density sums to 1 over a fine picture", () => {
  const picture = { side: 400, low: -4, high: 4 };
  const heights = new Float64Array(picture.side ** 2);
  addDensity(heights, picture, [0.1, -0.2, 0.5, 0.3, -0.8], 1);
  const sum = heights.reduce((total, height) => total + height, 0) * (8 / picture.side) ** 2;
  assert.ok(Math.abs(sum - 1) < 1e-5, `${sum}`);
});

test("kinds: one sigma is the geometric mean of two, and only a full region tilts", () => {
  const region = [1, 2, 0.2, 0.8, 0.5];
  assert.deepEqual(shaped(region, "full"), region);
  assert.deepEqual(shaped(region, "diagonal"), [1, 2, 0.2, 0.8, 0]);
  const [, , s, t, rho] = shaped(region, "isotropic");
  assert.deepEqual([s.toFixed(9), t.toFixed(9), rho], ["0.400000000", "0.400000000", 0]);
});

test("draws have a region's mean, sigmas and correlation", () => {
  const region = [1, -2, 0.5, 0.2, -0.6];
  const draws = rollDice(3, 20000).eps.map((eps) => land(region, eps));
  const mean = [0, 1].map((axis) => draws.reduce((sum, z) => sum + z[axis], 0) / draws.length);
  const product = (i, j) => draws.reduce((sum, z) => sum + (z[i] - mean[i]) * (z[j] - mean[j]), 0) / draws.length;
  const [s, t] = [Math.sqrt(product(0, 0)), Math.sqrt(product(1, 1))];
  const found = [...mean, s, t, product(0, 1) / (s * t)];
  found.forEach((value, i) => {
    assert.ok(Math.abs(value - region[i]) < 0.02, `${found}`);
  });
});

test("a region is picked by its weight", () => {
  const weights = [0.5, 0.3, 0.2];
  assert.deepEqual(
    [0, 0.49, 0.51, 0.79, 0.81, 0.9999].map((pick) => pickRegion(weights, pick)),
    [0, 0, 1, 1, 2, 2],
  );
  assert.equal(pickRegion([0.1, 0.1, 0.1], 0.9), 2);
});

test("weights sum to 1, and those that are not set keep their ratio", () => {
  const close = (found, expected) => {
    found.forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]) < 1e-12, `${found}`);
    });
  };
  close(reweigh([0.5, 0.3, 0.2], 0, 0.75), [0.75, 0.15, 0.1]);
  close(withOneMore([0.5, 0.5]), [1 / 3, 1 / 3, 1 / 3]);
  close(withoutOne([0.5, 0.3, 0.2], 0), [0.6, 0.4]);
});

test("counts in the plane: centres, shapes and free weights", () => {
  assert.deepEqual(COUNTS.together(2), [7, 9, 11]);
  for (const m of [1, 2, 5]) {
    const parts = ["centres", "shapes", "weights"].map((name) => COUNTS[name](m));
    assert.deepEqual(
      COUNTS.together(m),
      [0, 1, 2].map((kind) => parts.reduce((sum, part) => sum + part[kind], 0)),
    );
  }
});
