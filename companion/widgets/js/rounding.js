// Numbers of a code rounded to a few bits, as `evaluation.round_code` does it.

import { clamp } from "./numbers.js";

export const UNROUNDED = 64; // bits of a number as it is, a float64

/**
 * Where each number stands in its range: 0 for low, 1 for high, and beyond them outside.
 * @param {number[]} z
 * @param {number[]} low
 * @param {number[]} high
 */
export const shares = (z, low, high) => z.map((value, i) => (value - low[i]) / (high[i] - low[i]));

/**
 * A share of the range, rounded to the middle of one of 2^bits pieces; as it is with 64 bits.
 * @param {number} share
 * @param {number} bits
 */
export function roundShare(share, bits) {
  if (bits === UNROUNDED) return share;
  const levels = 2 ** bits;
  return (clamp(Math.floor(share * levels), [0, levels - 1]) + 0.5) / levels;
}

/**
 * A code, each number rounded to `bits` bits of its range; as it is with 64.
 * @param {number[]} z
 * @param {number} bits
 * @param {number[]} low
 * @param {number[]} high
 */
export function roundCode(z, bits, low, high) {
  if (bits === UNROUNDED) return z;
  return shares(z, low, high).map((share, i) => low[i] + (high[i] - low[i]) * roundShare(share, bits));
}
