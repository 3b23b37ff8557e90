// Colours: the ten of the book's figures, and those of the style sheet, which has light and dark ones.

import palette from "../../palette.json" with { type: "json" };

/** The ten colours of the figures, by label. */
export const PALETTE = Object.values(palette.figures);

/** Ink on paper: the style sheet turns both in the dark. */
export const PAPER_INK = palette.light.ink;

/**
 * What was asked for since the page last turned light or dark: asking stops the browser to work out its style.
 * @type {Map<string, string>}
 */
const known = new Map();

/**
 * A colour of the style sheet, as it is now: light and dark have their own.
 * @param {Element} root an element of the explorable
 * @param {string} name what stands behind `--explorable-`
 */
export function colour(root, name) {
  const found = known.get(name) ?? getComputedStyle(root).getPropertyValue(`--explorable-${name}`).trim();
  if (found) known.set(name, found); // an element that is on no page yet has none
  return found;
}

/**
 * The red, green and blue of a colour, each 0-255.
 * @param {string} hex "#rrggbb"
 */
export function channels(hex) {
  return [1, 3, 5].map((place) => Number.parseInt(hex.slice(place, place + 2), 16));
}

/**
 * Call `redraw` when the page turns light or dark, and once when the explorable stands on it.
 * @param {() => void} redraw
 * @returns {() => void} what stops it
 */
export function watchTheme(redraw) {
  const turn = () => {
    known.clear();
    redraw();
  };
  const first = requestAnimationFrame(turn); // an element that is on no page yet has no colours
  const watcher = new MutationObserver(turn);
  watcher.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  watcher.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  return () => {
    cancelAnimationFrame(first);
    watcher.disconnect();
  };
}
