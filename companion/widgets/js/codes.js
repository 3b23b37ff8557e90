// Codes of images: points of a latent plane, in the colours of their labels.

import { element } from "./dom.js";
import { dotsThrough } from "./lines.js";
import { colour, PALETTE } from "./theme.js";
import { bytes, fineShares } from "./weights.js";

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
  const shares = fineShares(data);
  const at = (/** @type {number} */ i, axis = 0) => low[axis] + (high[axis] - low[axis]) * shares[2 * i + axis];
  return Array.from({ length: shares.length / 2 }, (_, i) => [at(i), at(i, 1)]);
}

/**
 * Scatter codes in the colours of their labels; with `names` each label is written at the median of its codes, or as near
 * as leaves room for each; `letters` is the size of the plane's letters.
 * @param {CanvasRenderingContext2D} brush
 * @param {Plane} plane
 * @param {Point[]} codes
 * @param {ArrayLike<number>} labels
 */
export function paintCodes(brush, plane, codes, labels, { size = 2, alpha = 0.75, names = true, letters = 11 } = {}) {
  brush.globalAlpha = alpha;
  codes.forEach((code, i) => {
    const [x, y] = plane.pixel(code);
    brush.fillStyle = PALETTE[labels[i]];
    brush.beginPath();
    brush.arc(x, y, size * plane.scale, 0, 2 * Math.PI);
    brush.fill();
  });
  brush.globalAlpha = 1;
  if (!names) return;
  const height = 1.27 * letters;
  const places = parted(medians(codes, labels), (1.15 * height * plane.scale) / plane.unit);
  writeLabels(brush, plane, places, height);
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
    return element("path", { d: dotsThrough(own), stroke: PALETTE[label] });
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
 * Labels pushed apart until any two are `least` from each other, as `place_names` of latent_map.py does it.
 * @param {[number, Point][]} names
 * @param {number} least
 * @returns {[number, Point][]}
 */
export function parted(names, least) {
  /** @type {Point[]} */
  const places = names.map(([, [a, b]], i) => [a + 1e-6 * least * i, b + 1e-6 * least * i]); // two in one place have a way to part
  for (let round = 0; round < 200; round++) {
    const pushes = places.map(([a, b], i) => {
      const push = [0, 0];
      places.forEach(([c, d], j) => {
        const far = Math.hypot(a - c, b - d);
        const share = i === j ? 0 : Math.max(0, 1.01 * least - far) / far;
        push[0] += 0.5 * share * (a - c);
        push[1] += 0.5 * share * (b - d);
      });
      return push;
    });
    places.forEach((place, i) => {
      place[0] += pushes[i][0];
      place[1] += pushes[i][1];
    });
  }
  return names.map(([label], i) => [label, places[i]]);
}

/**
 * Write labels on the plane, each at its place.
 * @param {CanvasRenderingContext2D} brush
 * @param {Plane} plane
 * @param {[number, Point][]} places
 * @param {number} letters their size, of a plane of 300
 */
export function writeLabels(brush, plane, places, letters = 14) {
  brush.font = `bold ${letters * plane.scale}px sans-serif`;
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
