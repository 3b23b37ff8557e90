// The plane of two-number codes that a point is dragged on, with the codes of images as dots and the way to the nearest;
// and the images beside it that can be sent there.

import { paintCodes, unpackFineCodes, writeLabels } from "./codes.js";
import { element, put } from "./dom.js";
import { nearestTo } from "./geometry.js";
import { overlay } from "./lines.js";
import { number, pair, ticks } from "./numbers.js";
import { addHandle, makePlane, paintGrid, paintTicks } from "./plane.js";
import { bytes } from "./weights.js";

/** @typedef {import("./bind.js").View} View */
/** @typedef {import("./geometry.js").Point} Point */

const LINES = 5; // of the plane each way, about

/**
 * The plane with the codes, the point, and the way from it to the nearest code: `place(z)`.
 * @param {View} view with `codes` and `labels`
 * @param {object} options
 * @param {Point} options.low
 * @param {Point} options.high
 * @param {Point} options.value where the point begins
 * @param {[number | string, Point][]} [options.names] written on the plane, each at its place
 * @param {SVGElement[]} [options.marks] of the caller's own, which lie over the way
 * @param {(point: Point) => void} options.moved
 */
export function makeCodeMap(view, { low, high, value, names = [], marks = [], moved }) {
  const codes = unpackFineCodes(view.get("codes"), low, high);
  const labels = bytes(view.get("labels"));
  const label = "Map: the plane of codes, with those of training images";
  const plane = makePlane({ low: low[0], high: high[0], rise: low[1] - low[0], label });
  const lines = ticks([low[0], high[0]], LINES);
  const reach = element("circle", { class: "explorable-reach" });
  const way = element("line", { class: "explorable-way" });
  overlay(plane, reach, way, ...marks);
  const far = (/** @type {Point} */ point) => nearestTo(codes, point).distance;
  const handle = addHandle(plane, {
    label: "Code",
    value,
    anywhere: true,
    describe: (point) => `z = ${pair(point)}, distance to the nearest dot ${number(far(point))}`,
    moved,
  });
  return {
    plane,
    paint: () =>
      plane.paint((brush) => {
        const every = lines.values[1] - lines.values[0];
        paintGrid(brush, plane, every);
        paintCodes(brush, plane, codes, labels, { names: false });
        writeLabels(brush, plane, names);
        paintTicks(brush, plane, every, ["z₁", "z₂"], lines.places);
      }),
    /** @type {(z: Point) => number} the distance to the nearest code */
    place(z) {
      const { nearest, distance } = nearestTo(codes, z);
      const [cx, cy] = plane.pixel(z);
      const [x2, y2] = plane.pixel(nearest);
      handle.place(z);
      put(reach, { cx, cy, r: distance * plane.unit });
      put(way, { x1: cx, y1: cy, x2, y2 });
      return distance;
    },
  };
}

/** What the button of a test image is called. @type {(title: string) => string} */
export const send = (title) => `Send ${title} through`;

/**
 * The buttons of the test images as one group.
 * @param {HTMLElement[]} buttons
 */
export const testImages = (buttons) =>
  element("div", { class: "explorable-thumbs", role: "group", "aria-label": "Test images" }, ...buttons);
