// Codes of images: points of a latent plane, in the colours of their labels.

import { element } from "./dom.js";
import { colour, PALETTE } from "./theme.js";
import { bytes } from "./weights.js";

/** @typedef {import("./plane.js").Plane} Plane */
/** @typedef {import("./geometry.js").Point} Point */

/**
 * Codes stored as two bytes each, 0 to 255 across [low, high].
 * @param {unknown} data
 * @param {number} low
 * @param {number} high
 * @returns {Point[]}
 */
export function unpackCodes(data, low, high) {
  const levels = bytes(data);
  const at = (/** @type {number} */ i) => low + ((high - low) * levels[i]) / 255;
  return Array.from({ length: levels.length / 2 }, (_, i) => [at(2 * i), at(2 * i + 1)]);
}

/**
 * Codes stored as two little-endian numbers of two bytes each, 0 to 65,535 across [low, high] of their direction.
 * @param {unknown} data
 * @param {Point} low
 * @param {Point} high
 * @returns {Point[]}
 */
export function unpackFineCodes(data, low, high) {
  const levels = bytes(data);
  const share = (/** @type {number} */ i) => (levels[2 * i] + 256 * levels[2 * i + 1]) / 65535;
  const at = (/** @type {number} */ i, axis = 0) => low[axis] + (high[axis] - low[axis]) * share(2 * i + axis);
  return Array.from({ length: levels.length / 4 }, (_, i) => [at(i), at(i, 1)]);
}

/**
 * Scatter codes in the colours of their labels; with `names` each label is written at the median of its codes.
 * @param {CanvasRenderingContext2D} brush
 * @param {Plane} plane
 * @param {Point[]} codes
 * @param {ArrayLike<number>} labels
 */
export function paintCodes(brush, plane, codes, labels, { size = 2, alpha = 0.75, names = true } = {}) {
  brush.globalAlpha = alpha;
  codes.forEach((code, i) => {
    const [x, y] = plane.pixel(code);
    brush.fillStyle = PALETTE[labels[i]];
    brush.beginPath();
    brush.arc(x, y, size * plane.scale, 0, 2 * Math.PI);
    brush.fill();
  });
  brush.globalAlpha = 1;
  if (names) writeLabels(brush, plane, medians(codes, labels));
}

/**
 * Codes as marks of an svg, for a plane whose canvas shows something else: a path of dots for each label.
 * @param {Plane} plane
 * @param {Point[]} codes
 * @param {ArrayLike<number>} labels
 */
export function makeDots(plane, codes, labels) {
  const paths = Array.from(new Set(Array.from(labels)), (label) => {
    const own = codes.filter((_, i) => labels[i] === label).map(plane.pixel);
    const d = own.map(([x, y]) => `M${x.toFixed(1)} ${y.toFixed(1)}h0`).join("");
    return element("path", { d, stroke: PALETTE[label] });
  });
  return element("g", { class: "explorable-codes" }, ...paths);
}

/**
 * Labels as marks of an svg, each at its place.
 * @param {Plane} plane
 * @param {[number, Point][]} places
 */
export function makeLabels(plane, places) {
  const texts = places.map(([label, at]) => {
    const [x, y] = plane.pixel(at);
    return element("text", { x, y }, label);
  });
  return element("g", { class: "explorable-labels" }, ...texts);
}

/**
 * Each label with the median of its codes.
 * @param {Point[]} codes
 * @param {ArrayLike<number>} labels
 * @returns {[number, Point][]}
 */
function medians(codes, labels) {
  return Array.from(new Set(Array.from(labels)), (label) => {
    const own = codes.filter((_, i) => labels[i] === label);
    return [label, [median(own.map(([a]) => a)), median(own.map(([, b]) => b))]];
  });
}

/**
 * Write labels on the plane, each at its place.
 * @param {CanvasRenderingContext2D} brush
 * @param {Plane} plane
 * @param {[number | string, Point][]} places
 */
export function writeLabels(brush, plane, places) {
  brush.font = `bold ${14 * plane.scale}px sans-serif`;
  brush.textAlign = "center";
  brush.textBaseline = "middle";
  brush.lineWidth = 3 * plane.scale;
  brush.strokeStyle = colour(plane.coloured, "page");
  brush.fillStyle = colour(plane.coloured, "ink");
  for (const [label, at] of places) {
    const [x, y] = plane.pixel(at);
    brush.strokeText(String(label), x, y);
    brush.fillText(String(label), x, y);
  }
}

/** @param {number[]} values */
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
