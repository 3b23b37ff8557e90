// Small pictures to choose from.

import { makeButton, put } from "./dom.js";
import { digitCanvas, paintDigit } from "./pictures.js";

/** @type {(title: string) => string} */
export const capital = (title) => title[0].toUpperCase() + title.slice(1);

/**
 * A button for each image, with its picture: `place(i)` says which one is pressed.
 * @param {ArrayLike<number>[]} images shares of ink
 * @param {string[]} titles what they are called, as "the 7" or "test image 8 of 10"
 * @param {(title: string) => string} say what the button of one is called
 * @param {(i: number) => void} chosen
 */
export function makeThumbs(images, titles, say, chosen) {
  const pictures = images.map((image, i) => {
    const picture = digitCanvas(titles[i]);
    paintDigit(picture, image);
    return picture;
  });
  return makePictureButtons(pictures, titles, say, chosen);
}

/**
 * The same for pictures that are painted already.
 * @param {HTMLCanvasElement[]} pictures
 * @param {string[]} titles
 * @param {(title: string) => string} say
 * @param {(i: number) => void} chosen
 */
export function makePictureButtons(pictures, titles, say, chosen) {
  const buttons = pictures.map((picture, i) =>
    makeButton(picture, () => chosen(i), { class: "explorable-thumb", "aria-label": say(titles[i]) }),
  );
  return {
    buttons,
    /** @param {number | null} pressed */
    place(pressed) {
      buttons.forEach((button, i) => {
        put(button, { "aria-pressed": i === pressed });
      });
    },
  };
}
