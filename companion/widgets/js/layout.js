// What the explorables are set in: boxes, headings, notes, tables.

import { element, makeCell } from "./dom.js";

/** @typedef {import("./dom.js").Child} Child */

/**
 * A div with these classes ("" for none).
 * @param {string} names
 * @param {Child[]} children
 */
export const box = (names, ...children) => element("div", { class: names || null }, ...children);

/** @param {string} text */
export const heading = (text) => element("p", { class: "explorable-heading" }, text);

/**
 * A paragraph in quiet letters.
 * @param {Child[]} children
 */
export const note = (...children) => element("p", { class: "explorable-quiet" }, ...children);

/**
 * Beside each other, or below where there is no room.
 * @param {Child[]} children
 */
export const columns = (...children) => box("explorable-columns", ...children);

/** A paragraph that a screen reader reads when it changes. */
export const makeSaid = (names = "explorable-quiet explorable-said") =>
  element("p", { class: names, "aria-live": "polite" });

/**
 * A row of controls that a screen reader takes as one.
 * @param {string} label
 * @param {Child[]} children
 */
export const controls = (label, ...children) =>
  element("div", { class: "explorable-controls", role: "group", "aria-label": label }, ...children);

/**
 * The first row of a table: an empty corner and the columns' names.
 * @param {Child[]} names text, or cells ready made
 */
export function headRow(...names) {
  const cells = names.map((name) => (name instanceof Element ? name : element("th", { scope: "col" }, name)));
  return element("thead", {}, element("tr", {}, element("td"), ...cells));
}

/**
 * A row of a table: its name and its cells.
 * @param {Child} name
 * @param {Element[]} cells
 * @param {Record<string, any>} attributes
 */
export const row = (name, cells, attributes = {}) =>
  element("tr", attributes, element("th", { scope: "row" }, name), ...cells);

/**
 * A table of numbers; `names` are classes of its own.
 * @param {string} names
 * @param {Child} head
 * @param {Element[]} rows
 * @param {Child} caption
 */
export function numberTable(names, head, rows, caption = null) {
  return element(
    "table",
    { class: `explorable-numbers ${names}`.trim() },
    caption,
    head,
    element("tbody", {}, ...rows),
  );
}

/**
 * Two cells whose numbers change.
 */
export const makeTwoCells = () => [makeCell(), makeCell()];

/**
 * Terms and what they are: `cells` by name, each with that name as its class.
 * @template {string} T
 * @param {T[]} names
 * @returns {Record<T, HTMLElement>}
 */
export function makeDescriptions(names) {
  const cells = names.map((name) => [name, element("dd", { class: `explorable-${name}` })]);
  return /** @type {Record<T, HTMLElement>} */ (Object.fromEntries(cells));
}
