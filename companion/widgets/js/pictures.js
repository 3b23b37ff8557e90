// Pictures of digits.

import { brushOf, element } from "./dom.js";

export const SIDE = 28; // pixels of a digit's side
const GAP = 2; // pixels between two pictures of a row
const STEP = SIDE + GAP;
const EMPTY = new Float64Array(SIDE * SIDE).fill(0.05); // a place for a picture: nearly paper

/**
 * A canvas of 28 x 28 pixels, enlarged by the style sheet: ink on paper, which the style sheet turns in the dark.
 * @param {string} label
 */
export function digitCanvas(label) {
  return element("canvas", { class: "explorable-digit", width: SIDE, height: SIDE, role: "img", "aria-label": label });
}

/**
 * A row of pictures on one canvas, since every canvas of a page costs time in every frame, with two pixels between them.
 * @param {number} count
 */
export function stripCanvas(count) {
  const width = count * STEP - GAP;
  return element("canvas", { class: "explorable-pictures", width, height: SIDE, role: "img" });
}

/**
 * Paint picture `i` of a row, as `paintDigit` does; an empty one where there is none.
 * @param {HTMLCanvasElement} canvas
 * @param {number} i
 * @param {ArrayLike<number> | null} values
 */
export const paintInStrip = (canvas, i, values) => paintDigit(canvas, values ?? EMPTY, i * STEP);

/** @type {ImageData | null} */
let paper = null; // the one picture that all others are painted by way of

function paperNow() {
  if (!paper) {
    paper = new ImageData(SIDE, SIDE);
    paper.data.fill(255);
  }
  return paper;
}

/**
 * Picture `i` of stored grey levels, of which 255 is paper: 784 shares of ink in [0, 1].
 * @param {Uint8Array} levels
 * @param {number} i
 */
export const storedInk = (levels, i) =>
  Float64Array.from(levels.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE), (level) => 1 - level / 255);

/**
 * Paint 784 shares of ink in [0, 1]: level 255 * (1 - value), rounded.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values
 * @param {number} x of the canvas, where the picture begins
 */
export function paintDigit(canvas, values, x = 0) {
  const { data } = paperNow();
  for (let i = 0, k = 0; i < values.length; i++, k += 4) {
    const level = Math.round(255 * (1 - values[i]));
    data[k] = level;
    data[k + 1] = level;
    data[k + 2] = level;
  }
  brushOf(canvas).putImageData(paperNow(), x, 0);
}

/** Orange for -1, white for 0, violet for 1: matplotlib's PuOr, as `plots` draws what has a sign. */
const SIGNED = [
  [127, 59, 8],
  [179, 88, 6],
  [224, 130, 20],
  [253, 184, 99],
  [254, 224, 182],
  [247, 247, 247],
  [216, 218, 235],
  [178, 171, 210],
  [128, 115, 172],
  [84, 39, 136],
  [45, 0, 75],
];
const SHADES = 257; // an odd number: 0 has one in the middle

/**
 * The colours of the shades, three bytes each.
 */
export function signedShades() {
  const shades = new Uint8ClampedArray(3 * SHADES);
  for (let i = 0; i < shades.length; i++) {
    const at = (Math.floor(i / 3) / (SHADES - 1)) * (SIGNED.length - 1);
    const below = Math.min(Math.floor(at), SIGNED.length - 2);
    const [from, to] = [SIGNED[below][i % 3], SIGNED[below + 1][i % 3]];
    shades[i] = from + (at - below) * (to - from);
  }
  return shades;
}

/** @type {Uint8ClampedArray | null} */
let shades = null;

/**
 * Paint 784 numbers in [-1, 1].
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values
 */
export function paintSigned(canvas, values) {
  shades ??= signedShades();
  const { data } = paperNow();
  for (let i = 0, k = 0; i < values.length; i++, k += 4) {
    const shade = 3 * Math.min(SHADES - 1, Math.floor(((values[i] + 1) / 2) * SHADES));
    data[k] = shades[shade];
    data[k + 1] = shades[shade + 1];
    data[k + 2] = shades[shade + 2];
  }
  brushOf(canvas).putImageData(paperNow(), 0, 0);
}
