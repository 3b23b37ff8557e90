// Straight arrows of an svg.

import { element, put } from "./dom.js";

/** @typedef {import("./geometry.js").Point} Point */

const HEAD = 20; // the svg's pixels of an arrow's head, at most
const HALF = 0.45; // of the head's length: half of its width

/**
 * An arrow; `place(from, to)` in the svg's pixels.
 * @param {string} names classes
 * @param {number} short pixels that it ends before `to`, where a point stands
 */
export function makeArrow(names, short = 0) {
  const line = element("line");
  const head = element("polygon");
  return {
    root: element("g", { class: `explorable-vector ${names}` }, line, head),
    /** @type {(from: Point, to: Point) => void} */
    place([x, y], [toX, toY]) {
      const whole = Math.hypot(toX - x, toY - y) || 1;
      const [u, v] = [(toX - x) / whole, (toY - y) / whole];
      const length = Math.max(0, whole - short);
      const size = Math.min(HEAD, length);
      const [tipX, tipY] = [x + length * u, y + length * v];
      const [backX, backY] = [tipX - size * u, tipY - size * v];
      const half = HALF * size;
      const corners = [
        [tipX, tipY],
        [backX - half * v, backY + half * u],
        [backX + half * v, backY - half * u],
      ];
      put(line, { x1: x, y1: y, x2: backX + u, y2: backY + v });
      put(head, { points: corners.map((corner) => corner.map((at) => at.toFixed(2)).join(",")).join(" ") });
    },
  };
}
