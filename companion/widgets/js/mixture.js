// Mixtures of Gaussians in the plane: their three kinds, density, draws, weights, and how many numbers they take.

import { makeNormal, makeUniform } from "./dice.js";
import { clamp } from "./numbers.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./geometry.js").Five} Five */
/** @typedef {"isotropic" | "diagonal" | "full"} Kind */
/** @typedef {{ eps: Point[], picks: number[] }} Dice */

/** @type {Kind[]} */
export const KINDS = ["isotropic", "diagonal", "full"];

const NONE = 1e-9; // a density below this is left out of a picture

/**
 * A region as its kind has it: one sigma for both directions, the geometric mean of the two; no tilt but with the full.
 * @param {Five} region
 * @param {Kind} kind
 * @returns {Five}
 */
export function shaped([a, b, s, t, rho], kind) {
  if (kind === "full") return [a, b, s, t, rho];
  const both = Math.sqrt(s * t);
  return kind === "isotropic" ? [a, b, both, both, 0] : [a, b, s, t, 0];
}

/**
 * The density of a mixture at one point.
 * @param {Five[]} regions
 * @param {number[]} weights
 * @param {Point} point
 */
export function density(regions, weights, [x, y]) {
  return regions.reduce((sum, [a, b, s, t, rho], i) => {
    const u = (x - a) / s;
    const v = (y - b) / t;
    const rest = 1 - rho * rho;
    const squares = (u * u - 2 * rho * u * v + v * v) / rest;
    return sum + (weights[i] * Math.exp(-squares / 2)) / (2 * Math.PI * s * t * Math.sqrt(rest));
  }, 0);
}

/**
 * Add a region's density at the middle of each pixel of a picture of [low, high] both ways, the first row highest.
 * Along a row a Gaussian's steps are products: from its middle on, each value is the one before times a ratio, and each
 * ratio the one before times a constant. So a pixel costs two multiplications, and those far away nothing.
 * @param {Float64Array} heights side x side, added to
 * @param {{ side: number, low: number, high: number }} picture
 * @param {Five} region
 * @param {number} weight
 */
export function addDensity(heights, { side, low, high }, [a, b, s, t, rho], weight) {
  const step = (high - low) / side;
  const narrow = s * Math.sqrt(1 - rho * rho); // of a row: the first direction, given the second
  const gap = step / narrow;
  const fall = Math.exp(-gap * gap);
  const top = weight / (2 * Math.PI * t * narrow);
  for (let row = 0; row < side; row++) {
    const v = (high - (row + 0.5) * step - b) / t;
    const ridge = top * Math.exp((-v * v) / 2);
    if (ridge < NONE) continue;
    const mean = a + rho * s * v;
    const middle = clamp(Math.floor((mean - low) / step), [0, side - 1]);
    const off = (low + (middle + 0.5) * step - mean) / narrow;
    const peak = ridge * Math.exp((-off * off) / 2);
    const first = row * side;
    let ratio = Math.exp(-gap * (off + gap / 2));
    for (let value = peak, k = middle; k < side && value >= NONE; k++) {
      heights[first + k] += value;
      value *= ratio;
      ratio *= fall;
    }
    ratio = Math.exp(-gap * (gap / 2 - off));
    for (let value = peak * ratio, k = middle - 1; k >= 0 && value >= NONE; k--) {
      heights[first + k] += value;
      ratio *= fall;
      value *= ratio;
    }
  }
}

/**
 * The dice of `count` draws: two standard normal numbers each, and one in [0, 1) that chooses a region.
 * @param {number} seed
 * @param {number} count
 * @returns {Dice}
 */
export function rollDice(seed, count) {
  const normal = makeNormal(seed);
  const uniform = makeUniform(-1 - seed);
  return {
    eps: Array.from({ length: count }, () => [normal(), normal()]),
    picks: Array.from({ length: count }, uniform),
  };
}

/**
 * Where dice land in a region.
 * @param {Five} region
 * @param {Point} eps
 * @returns {Point}
 */
export const land = ([a, b, s, t, rho], [first, second]) => [
  a + s * first,
  b + t * (rho * first + Math.sqrt(1 - rho * rho) * second),
];

/**
 * Which region a number in [0, 1) chooses.
 * @param {number[]} weights
 * @param {number} pick
 */
export function pickRegion(weights, pick) {
  let sum = 0;
  for (let i = 0; i < weights.length - 1; i++) {
    sum += weights[i];
    if (pick < sum) return i;
  }
  return weights.length - 1;
}

/**
 * Give one region this share of the whole; the others keep theirs among each other.
 * @param {number[]} weights
 * @param {number} chosen
 * @param {number} share
 */
export function reweigh(weights, chosen, share) {
  const factor = (1 - share) / (1 - weights[chosen]);
  return weights.map((weight, i) => (i === chosen ? share : weight * factor));
}

/**
 * Weights with one region more, which takes an equal share.
 * @param {number[]} weights
 */
export function withOneMore(weights) {
  const share = 1 / (weights.length + 1);
  return [...weights.map((weight) => weight * (1 - share)), share];
}

/**
 * Weights without a region, whose share goes to the others.
 * @param {number[]} weights
 * @param {number} gone
 */
export function withoutOne(weights, gone) {
  const rest = weights.filter((_, i) => i !== gone);
  const sum = rest.reduce((total, weight) => total + weight, 0);
  return rest.map((weight) => weight / sum);
}

/**
 * How many numbers m regions take, for each of KINDS.
 * @type {Record<string, (m: number) => number[]>}
 */
export const COUNTS = {
  centres: (m) => [2 * m, 2 * m, 2 * m],
  shapes: (m) => [m, 2 * m, 3 * m],
  weights: (m) => [m - 1, m - 1, m - 1],
  together: (m) => [4 * m - 1, 5 * m - 1, 6 * m - 1],
};
