// How a drawing becomes a picture, as MNIST's did (LeCun et al. 1998, section III.A): scaled, centred, edges soft.

import { SIDE } from "./pictures.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {Point[]} Stroke points, rows counted from above */

const BOX = 20; // pixels that the ink fits in, as MNIST's digits
const MIDDLE = 14; // row and column of the centre of mass, as in MNIST, whose digits have it within half a pixel of there
const PEN = 2.6; // width of a line in pixels, whatever the size of the drawing
const EDGE = 1.6; // pixels over which a line's edge fades
const REACH = (PEN + EDGE) / 2; // pixels from a line's middle to where its ink ends
const SMALLEST = 0.1; // a drawing is not blown up further than one of this share of the field

/**
 * Strokes (points from 0 to 1) to 784 grey levels, 255 is ink.
 * @param {Stroke[]} strokes
 */
export function inkOf(strokes) {
  const points = strokes.flat();
  const [left, right] = rangeOf(points.map(([x]) => x));
  const [top, bottom] = rangeOf(points.map(([, y]) => y));
  const scale = (BOX - PEN - EDGE) / Math.max(right - left, bottom - top, SMALLEST);
  /** @type {(middle: Point) => Stroke[]} */
  const placedAt = ([x0, y0]) =>
    strokes.map((stroke) =>
      stroke.map(([x, y]) => [x0 + scale * (x - (left + right) / 2), y0 + scale * (y - (top + bottom) / 2)]),
    );
  /** @type {Point} */
  let at = [MIDDLE, MIDDLE];
  for (let round = 0; round < 2; round++) {
    const [x, y] = centreOfMass(renderLines(placedAt(at)));
    at = [at[0] + MIDDLE - x, at[1] + MIDDLE - y];
  }
  return renderLines(placedAt(at)).map((share) => Math.round(255 * share));
}

/** @param {number[]} values */
function rangeOf(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/**
 * @param {number[]} ink 784 shares
 * @returns {Point}
 */
function centreOfMass(ink) {
  const sums = [0, 0, 0];
  ink.forEach((share, i) => {
    sums[0] += share;
    sums[1] += share * (i % SIDE);
    sums[2] += share * Math.floor(i / SIDE);
  });
  return [sums[1] / sums[0], sums[2] / sums[0]];
}

/**
 * Lines (in pixels) to 784 shares of ink: how near the closest line passes.
 * @param {Stroke[]} lines
 */
function renderLines(lines) {
  const squares = new Float32Array(SIDE * SIDE).fill(Infinity);
  for (const line of lines) {
    line.forEach((to, i) => {
      measureFrom(squares, line[Math.max(0, i - 1)], to);
    });
  }
  return Array.from(squares, (square) => Math.min(1, Math.max(0, (REACH - Math.sqrt(square)) / EDGE)));
}

/**
 * Lower the squared distances of the pixels near a piece of line to theirs from it.
 * @param {Float32Array} squares
 * @param {Point} from
 * @param {Point} to
 */
function measureFrom(squares, [ax, ay], [bx, by]) {
  const dx = bx - ax;
  const dy = by - ay;
  const length = dx * dx + dy * dy;
  const [left, right] = pixelsNear(ax, bx);
  const [top, bottom] = pixelsNear(ay, by);
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const t = length ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
      const square = (x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2;
      if (square < squares[y * SIDE + x]) squares[y * SIDE + x] = square;
    }
  }
}

/**
 * The first and the last pixel that ink between a and b reaches.
 * @param {number} a
 * @param {number} b
 */
function pixelsNear(a, b) {
  const clip = (/** @type {number} */ value) => Math.min(SIDE - 1, Math.max(0, value));
  return [clip(Math.floor(Math.min(a, b) - REACH)), clip(Math.ceil(Math.max(a, b) + REACH))];
}
