// Lines of an svg that lies on a plane: rulers below what moves, ellipses above it.

import { element, put } from "./dom.js";
import { ellipseAxes } from "./geometry.js";
import { number } from "./numbers.js";

/** @typedef {import("./plane.js").Plane} Plane */
/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./geometry.js").Four} Four */
/** @typedef {import("./geometry.js").Five} Five */

/**
 * An svg as large as a plane, in the coordinates of `plane.pixel`.
 * @param {Plane} plane
 * @param {Element[]} children
 */
const onPlane = (plane, ...children) =>
  element("svg", { viewBox: `0 0 ${plane.pixels} ${plane.pixels}`, "aria-hidden": "true" }, ...children);

/**
 * An svg over a plane's canvas.
 * @param {Plane} plane
 * @param {Element[]} children
 */
export function overlay(plane, ...children) {
  const svg = onPlane(plane, ...children);
  plane.canvas.after(svg);
  return svg;
}

/**
 * The text of a path with a dot at each point: strokes without length, round where `stroke-linecap` is.
 * @param {Point[]} points in the svg's units
 * @param {number} places digits behind the point
 */
export const dotsThrough = (points, places = 1) =>
  points.map(([x, y]) => `M${x.toFixed(places)} ${y.toFixed(places)}h0`).join("");

/**
 * Ellipses at 1, 2 and 3 sigma (or other `radii`); `place(four)` moves them.
 * @param {Plane} plane
 */
export function makeEllipses(plane, radii = [1, 2, 3]) {
  const rings = radii.map(() => element("ellipse", { class: "explorable-ellipse" }));
  return {
    root: element("g", {}, ...rings),
    /** @param {Four | Five} numbers */
    place([a, b, s, t, rho = 0]) {
      const [cx, cy] = plane.pixel([a, b]);
      const { first, second, degrees } = ellipseAxes(s, t, rho);
      rings.forEach((ring, i) => {
        put(ring, { cx, cy, rx: radii[i] * first * plane.unit, ry: radii[i] * second * plane.unit });
        put(ring, { transform: degrees ? `rotate(${-degrees} ${cx} ${cy})` : "" });
      });
    },
  };
}

/**
 * Under a plane's canvas: lines at the whole numbers, stronger axes, and the numbers and the names of the axes, as
 * `paintGrid` and `paintTicks` paint them; and other marks that stay, over the lines.
 * @param {Plane} plane
 * @param {number} every
 * @param {[across: string, up: string]} names
 * @param {Element[]} marks
 */
export function ruled(plane, every, names, ...marks) {
  const lines = [makeGridLines(plane, plane.multiples(1), 0.6), makeGridLines(plane, [0], 1.6)];
  const ground = onPlane(plane, ...lines, ...marks, ...makeRulers(plane, every, names));
  plane.canvas.before(element("div", { class: "explorable-ground" }, ground));
}

/**
 * The numbers at the multiples of `every`, along the lower and the left edge, and the names of the axes.
 * @param {Plane} plane
 * @param {number} every
 * @param {[across: string, up: string]} names
 */
export function makeRulers(plane, every, [across, up]) {
  const { low, high, rise } = plane;
  const margin = 4 * plane.scale;
  const end = plane.pixels - margin;
  const inner = (/** @type {number} */ axis, /** @type {number} */ from) =>
    plane.multiples(every, axis).filter((value) => value > low + from && value < high + from);
  return [
    ...inner(0, 0).map((value) =>
      makeText(plane, [plane.pixel([value, 0])[0], end], "middle", "auto", number(value, 0)),
    ),
    ...inner(1, rise).map((value) =>
      makeText(plane, [margin, plane.pixel([0, value])[1]], "start", "central", number(value, 0)),
    ),
    makeText(plane, [end, end], "end", "auto", across),
    makeText(plane, [margin, margin], "start", "hanging", up),
  ];
}

/**
 * Lines across and up at these values.
 * @param {Plane} plane
 * @param {number[]} values
 * @param {number} width
 */
function makeGridLines(plane, values, width) {
  const { low, pixels } = plane;
  const lines = values.map((value) => {
    const [x, bottom] = plane.pixel([value, low]);
    const [left, y] = plane.pixel([low, value]);
    return `M${x} ${bottom}V0M${left} ${y}H${pixels}`;
  });
  return element("path", { class: "explorable-grid", d: lines.join(""), "stroke-width": width * plane.scale });
}

/**
 * @param {Plane} plane
 * @param {Point} at
 * @param {string} anchor
 * @param {string} baseline
 * @param {string} text
 */
function makeText(plane, [x, y], anchor, baseline, text) {
  const size = 11 * plane.scale;
  return element("text", { x, y, "text-anchor": anchor, "dominant-baseline": baseline, "font-size": size }, text);
}
