// A decoder's loss and its gradient at the code: forward through the layers, and back through them by the chain rule.

import { bernoulliNll } from "./loss.js";
import { affine, sigmoid } from "./weights.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./weights.js").Layer} Layer */
/** @typedef {{ loss: number, gradient: Point, drawn: Float64Array }} Result nats, nats per unit of z, shares of ink */

/** @param {number} a */
const siluAt = (a) => a * sigmoid(a);

/**
 * The derivative of SiLU.
 * @param {number} a
 */
export function siluSlope(a) {
  const share = sigmoid(a);
  return share + a * share * (1 - share);
}

/**
 * The transpose of a layer's weight times a vector: how a gradient at its outputs comes to its inputs.
 * @param {Layer} layer
 * @param {Float64Array} slope one number an output
 */
function backThrough({ weight, inputs, outputs }, slope) {
  const back = new Float64Array(inputs);
  for (let row = 0, at = 0; row < outputs; row++, at += inputs) {
    const own = slope[row];
    for (let column = 0; column < inputs; column++) back[column] += weight[at + column] * own;
  }
  return back;
}

/**
 * Decode z, compare with the image x, and go back: as `losses.bernoulli_nll` and its autograd.
 * @param {Layer[]} layers with SiLU between
 * @param {ArrayLike<number>} x shares of ink
 * @param {Point} z
 * @returns {Result}
 */
export function lossAndGradient(layers, x, z) {
  /** @type {Float64Array[]} */
  const sums = []; // of each layer, before its SiLU
  for (const layer of layers) {
    const before = sums.at(-1);
    sums.push(affine(layer, before ? before.map(siluAt) : Float64Array.from(z)));
  }
  const logits = sums[layers.length - 1];
  const drawn = logits.map(sigmoid);
  let slope = drawn.map((share, i) => share - x[i]); // of the loss, at each logit
  for (let k = layers.length - 1; k > 0; k--) {
    const back = backThrough(layers[k], slope);
    slope = back.map((value, i) => value * siluSlope(sums[k - 1][i]));
  }
  const [first, second] = backThrough(layers[0], slope);
  return { loss: bernoulliNll(x, logits), gradient: [first, second], drawn };
}
