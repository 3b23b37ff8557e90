// The way back through a decoder, against finite differences and by hand.

import assert from "node:assert/strict";
import test from "node:test";
import { lossAndGradient, siluSlope } from "../../../../companion/widgets/js/backward.js";
import { makeNormal } from "../../../../companion/widgets/js/dice.js";
import { bernoulliNll } from "../../../../companion/widgets/js/loss.js";
import { forward, sigmoid } from "../../../../companion/widgets/js/weights.js";

const close = (value, expected, most) =>
  assert.ok(Math.abs(value - expected) <= most, `${value}, expected ${expected}`);

/** Layers with these sizes, drawn. */
function makeLayers(sizes) {
  const normal = makeNormal(1);
  return sizes.slice(1).map((outputs, i) => ({
    weight: Float32Array.from({ length: outputs * sizes[i] }, normal),
    bias: Float32Array.from({ length: outputs }, normal),
    inputs: sizes[i],
    outputs,
  }));
}

/** The derivative of f at z by its number `axis`, from both sides. */
function difference(f, z, axis) {
  const step = 1e-5;
  const [above, below] = [step, -step].map((by) => f(z.map((value, i) => (i === axis ? value + by : value))));
  return (above - below) / (2 * step);
}

test("a pixel at probability one half costs log 2, and a sure one what its logit says", () => {
  close(bernoulliNll([1, 0, 0.3], [0, 0, 0]), 3 * Math.log(2), 1e-12);
  close(bernoulliNll([0.25], [2]), -0.25 * Math.log(sigmoid(2)) - 0.75 * Math.log(1 - sigmoid(2)), 1e-12);
  assert.deepEqual([bernoulliNll([0], [2000]), bernoulliNll([1], [-2000])], [2000, 2000]); // no exponential overflows
});

test("the slope of SiLU is its finite difference", () => {
  for (const a of [-6, -1.3, 0, 0.4, 5]) {
    close(
      siluSlope(a),
      difference(([value]) => value * sigmoid(value), [a], 0),
      1e-9,
    );
  }
});

for (const sizes of [
  [2, 5],
  [2, 7, 5],
  [2, 7, 6, 5],
]) {
  test(`loss, picture and gradient of a decoder of ${sizes.length - 1} layers`, () => {
    const layers = makeLayers(sizes);
    const x = [0, 1, 0.2, 0.9, 0.5];
    const lossAt = (z) => bernoulliNll(x, forward(layers, z));
    for (const z of [
      [0.3, -0.8],
      [1.5, 0.2],
    ]) {
      const { loss, gradient, drawn } = lossAndGradient(layers, x, z);
      close(loss, lossAt(z), 1e-12);
      forward(layers, z).forEach((logit, i) => {
        close(drawn[i], sigmoid(logit), 1e-12);
      });
      for (const axis of [0, 1]) close(gradient[axis], difference(lossAt, z, axis), 1e-6);
    }
  });
}
