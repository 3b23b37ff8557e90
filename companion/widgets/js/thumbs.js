// Small pictures to choose from.

import { makeButton, put } from "./dom.js";
import { digitCanvas, paintDigit } from "./pictures.js";

/**
 * A button for each test image, with its picture: `place(i)` says which one is pressed.
 * @param {ArrayLike<number>[]} images shares of ink
 * @param {(which: string) => string} say what the button of, for example, "1 of 10" is called
 * @param {(i: number) => void} chosen
 */
export function makeThumbs(images, say, chosen) {
  const buttons = images.map((image, i) => {
    const picture = digitCanvas(`test image ${i + 1}`);
    paintDigit(picture, image);
    const label = say(`${i + 1} of ${images.length}`);
    return makeButton(picture, () => chosen(i), { class: "explorable-thumb", "aria-label": label });
  });
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
