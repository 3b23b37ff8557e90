// Handles that pull a Gaussian's sigmas over two powers of ten: each stands beyond the ellipse, at a distance that grows
// with the logarithm of its sigma, so that a small one has as much room for a finger as a large one.

import { element, put, write } from "./dom.js";
import { clamp, significant } from "./numbers.js";
import { addHandle } from "./plane.js";

/** @typedef {import("./plane.js").Plane} Plane */
/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./geometry.js").Five} Five */

/** @type {[number, number]} */
const SIGMAS = [0.02, 2]; // what a sigma may be
const NEAREST = 0.8; // how far from the centre the handle of the smallest one stands, where the plane is 8 wide
const GROWTH = 0.44; // how much farther it stands for each factor of e
const ROOM = 1; // a centre beyond this has its handle on the other side
const FACTOR = 1.06; // a key's: two digits of a number always change
const BESIDE = 22; // pixels from a handle to its name

/** @type {(sigma: number) => number} */
const reachOf = (sigma) => NEAREST + GROWTH * Math.log(sigma / SIGMAS[0]);

/** @type {(reach: number) => number} */
const sigmaAt = (reach) => Number(significant(clamp(SIGMAS[0] * Math.exp((reach - NEAREST) / GROWTH), SIGMAS)));

/** @type {(mu: number) => 1 | -1} the side of a centre where its handle has room */
export const sideOf = (mu) => (mu <= ROOM ? 1 : -1);

/**
 * A handle for one sigma, on a stalk from the outermost point of the ellipse at one sigma.
 * @param {Plane} plane
 * @param {object} options
 * @param {number} options.axis 0 or 1
 * @param {(sigma: number) => void} options.pulled gets two digits, so that what is shown is what is
 */
export function addSigma(plane, { axis, pulled }) {
  /** @type {Five} */
  let region = [0, 0, 1, 1, 0];
  const pull = (/** @type {number} */ sigma) => pulled(Number(significant(clamp(sigma, SIGMAS))));
  const stalk = element("line", { class: "explorable-stalk" });
  const name = element("text", { class: "explorable-stalk-name", "text-anchor": axis === 0 ? "middle" : "start" });
  const handle = addHandle(plane, {
    label: "Sigma",
    value: [0, 0],
    kind: "stretch",
    describe: () => significant(region[2 + axis]),
    moved: (point) => pulled(sigmaAt(sideOf(region[axis]) * (point[axis] - region[axis]))),
    nudge: (step) => pull(region[2 + axis] * FACTOR ** Math.round((step * 100) / (plane.high - plane.low))),
  });
  const { knob } = handle;
  return {
    knob,
    root: element("g", {}, stalk, name),
    /**
     * @param {Five} next
     * @param {string} label
     * @param {string} short
     */
    place(next, label, short) {
      region = next;
      const sigma = next[2 + axis];
      const side = sideOf(next[axis]);
      const across = 1 - axis;
      /** @type {(reach: number) => Point} */
      const at = (reach) => {
        const point = /** @type {Point} */ ([next[0], next[1]]);
        point[axis] += side * reach;
        point[across] += side * next[4] * next[2 + across];
        return point;
      };
      const [x1, y1] = plane.pixel(at(sigma));
      const end = plane.inside(at(reachOf(sigma))); // beside the plane where a tilted region leaves it
      const [x2, y2] = plane.pixel(end);
      handle.place(end);
      put(stalk, { x1, y1, x2, y2 });
      put(name, axis === 0 ? { x: x2, y: y2 - BESIDE } : { x: x2 + BESIDE, y: y2 + 8 });
      write(name, short);
      put(knob, {
        "aria-label": label,
        "aria-valuemin": SIGMAS[0],
        "aria-valuemax": SIGMAS[1],
        "aria-valuenow": sigma,
      });
    },
    /** @param {boolean} hidden */
    hide(hidden) {
      knob.hidden = hidden;
      stalk.toggleAttribute("hidden", hidden);
      name.toggleAttribute("hidden", hidden);
    },
  };
}
