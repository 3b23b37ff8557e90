// A labelled slider for one number.

import { element, put, write } from "./dom.js";
import { ownKeys } from "./keys.js";
import { number } from "./numbers.js";

/**
 * @typedef {object} SliderOptions
 * @property {string} label
 * @property {number} min
 * @property {number} max
 * @property {number} step
 * @property {number} value
 * @property {(value: number) => string} [text] what is shown beside it
 * @property {(value: number) => string} [say] what is read out
 * @property {(value: number) => void} moved
 */

/**
 * The names of a slider's stops, to stand below it.
 * @param {(string | number)[]} names one for each step, from the first to the last
 */
export function makeStops(names) {
  const attributes = { class: "explorable-slider explorable-stops", "aria-hidden": "true" };
  const spans = names.map((name) => element("span", {}, name));
  return element("div", attributes, element("span"), element("div", {}, ...spans), element("span"));
}

/** @param {SliderOptions} options */
export function makeSlider({ label, min, max, step, value, text = (v) => number(v), say = text, moved }) {
  const shown = element("output", { class: "explorable-number", "aria-live": "off" }); // the slider itself says it
  const input = element("input", { type: "range", min, max, step, value, "aria-label": label });
  const slider = {
    root: element("label", { class: "explorable-slider" }, element("span", {}, label), input, shown),
    input,
    /** @param {number} next */
    place(next) {
      if (input.value !== String(next)) input.value = String(next);
      write(shown, text(next));
      put(input, { "aria-valuetext": say(next) });
    },
  };
  input.addEventListener("input", () => moved(Number(input.value)));
  ownKeys(input, (event) => /^(Arrow|Page|Home|End)/.test(event.key)); // the browser moves it
  slider.place(value);
  return slider;
}
