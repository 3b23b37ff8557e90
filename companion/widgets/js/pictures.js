// Pictures of digits.

import { brushOf, element } from "./dom.js";

export const SIDE = 28; // pixels of a digit's side

/**
 * A canvas of 28 x 28 pixels, enlarged by the style sheet: ink on paper, which the style sheet turns in the dark.
 * @param {string} label
 */
export function digitCanvas(label) {
  return element("canvas", { class: "explorable-digit", width: SIDE, height: SIDE, role: "img", "aria-label": label });
}

/** @type {ImageData | null} */
let paper = null; // the one picture that all digits are painted by way of

function makePaper() {
  const picture = new ImageData(SIDE, SIDE);
  picture.data.fill(255);
  return picture;
}

/**
 * Paint 784 shares of ink in [0, 1]: level 255 * (1 - value), rounded.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values
 */
export function paintDigit(canvas, values) {
  paper ??= makePaper();
  const { data } = paper;
  for (let i = 0, k = 0; i < values.length; i++, k += 4) {
    const level = Math.round(255 * (1 - values[i]));
    data[k] = level;
    data[k + 1] = level;
    data[k + 2] = level;
  }
  brushOf(canvas).putImageData(paper, 0, 0);
}
