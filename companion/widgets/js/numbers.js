// Numbers as a reader sees them.

/** @typedef {[low: number, high: number]} Range */

/**
 * "−1.50": a number with a real minus sign and a fixed number of places.
 * @param {number} value
 * @param {number} places
 */
export function number(value, places = 2) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = value.toFixed(places);
  return /^-0\.?0*$/.test(text) ? text.slice(1) : text.replace("-", "−");
}

/**
 * "0.060": a number above a millionth, in so many significant digits.
 * @param {number} value
 * @param {number} digits
 */
export const significant = (value, digits = 2) => value.toPrecision(digits);

/**
 * "(0.25, −1.50)".
 * @param {number[]} values
 * @param {number} places
 */
export const pair = (values, places = 2) => `(${values.map((value) => number(value, places)).join(", ")})`;

/** @param {number} value */
export const hundredths = (value) => Math.round(100 * value) / 100;

/** @param {number} value */
export const thousandths = (value) => Math.round(1000 * value) / 1000;

/**
 * The nearest number in a range.
 * @param {number} value
 * @param {Range} range
 */
export const clamp = (value, [low, high]) => Math.min(high, Math.max(low, value));

/**
 * 1, 2, 5 or 10 times `power`: the first that is at least `least`.
 * @param {number} power a power of ten
 * @param {number} least
 */
const roundFactor = (power, least) => [1, 2, 5].find((factor) => factor * power >= least) ?? 10;

/**
 * The smallest of 0.5, 1, 2, 5, 10, … that is at least `value`, which is above 0.
 * @param {number} value
 */
export function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return Math.max(0.5, power * roundFactor(power, value));
}

/**
 * About `count` round numbers (1, 2 or 5 times a power of ten apart) in a range, and how many places they need.
 * @param {Range} range
 * @param {number} count
 */
export function ticks([low, high], count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * roundFactor(power, rough * 0.7);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return {
    values: Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step),
    places: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)),
  };
}
