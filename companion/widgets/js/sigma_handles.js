// Handles on a plane that pull a Gaussian's sigmas, each on a stalk from the ellipse at one sigma.

import { element, put, write } from "./dom.js";
import { clamp } from "./numbers.js";
import { addHandle } from "./plane.js";
import { FACTOR, makeReach, sideOf } from "./sigma_reach.js";

/** @typedef {import("./plane.js").Plane} Plane */
/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./geometry.js").Four} Four */
/** @typedef {import("./geometry.js").Five} Five */
/** @typedef {import("./numbers.js").Range} Range */

const BESIDE = 22; // pixels from a handle to its name

/**
 * @typedef {object} SigmaOptions
 * @property {number} axis 0 or 1
 * @property {Range} sigmas what a sigma may be
 * @property {Range} reach how far from the centre the handle stands for these two
 * @property {number} room a centre farther than this from the middle of the plane has its handle on the other side
 * @property {(sigma: number) => number} round to the digits that are shown, so that what is shown is what is
 * @property {(sigma: number) => string} describe
 * @property {(sigma: number) => void} pulled
 */

/**
 * A handle for one sigma, on a stalk from the outermost point of the ellipse at one sigma.
 * @param {Plane} plane
 * @param {SigmaOptions} options
 */
export function addSigma(plane, { axis, sigmas, reach, room, round, describe, pulled }) {
  /** @type {Four | Five} */
  let region = [0, 0, sigmas[0], sigmas[0]];
  const law = makeReach(sigmas, reach);
  const middle = (plane.low + plane.high) / 2 + (axis === 1 ? plane.rise : 0);
  const side = () => sideOf(region[axis] - middle, room);
  const pull = (/** @type {number} */ sigma) => pulled(round(clamp(sigma, sigmas)));
  const stalk = element("line", { class: "explorable-stalk" });
  const name = element("text", { class: "explorable-stalk-name", "text-anchor": axis === 0 ? "middle" : "start" });
  const handle = addHandle(plane, {
    label: `Sigma ${axis + 1}`,
    value: [0, 0],
    kind: "stretch",
    describe: () => describe(region[2 + axis]),
    moved: (point) => pull(law.sigmaAt(side() * (point[axis] - region[axis]))),
    nudge: (step) => pull(region[2 + axis] * FACTOR ** Math.round((step * 100) / (plane.high - plane.low))),
  });
  const { knob } = handle;
  /** @type {(distance: number) => Point} */
  const at = (distance) => {
    const [a, b, s, t, rho = 0] = region;
    /** @type {Point} */
    const point = [a, b];
    point[axis] += side() * distance;
    point[1 - axis] += side() * rho * (axis === 0 ? t : s);
    return point;
  };
  /** Where the handle stands: beside the plane where a tilted region leaves it. */
  const end = () => plane.inside(at(law.of(region[2 + axis])));
  return {
    knob,
    root: element("g", {}, stalk, name),
    side,
    end,
    /**
     * @param {Four | Five} next
     * @param {string} label what a screen reader calls it
     * @param {string} short what is written beside it
     */
    place(next, label = `Sigma ${axis + 1}`, short = "") {
      region = next;
      const sigma = next[2 + axis];
      const [x1, y1] = plane.pixel(at(sigma));
      const [x2, y2] = plane.pixel(end());
      handle.place(end());
      put(stalk, { x1, y1, x2, y2 });
      put(name, axis === 0 ? { x: x2, y: y2 - BESIDE } : { x: x2 + BESIDE, y: y2 + 8 });
      write(name, short);
      put(knob, {
        "aria-label": label,
        "aria-valuemin": sigmas[0],
        "aria-valuemax": sigmas[1],
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
