// A handle that pulls a small sigma: it stands at a distance from the centre that grows with the logarithm of the sigma,
// so that a finger has room for a small one as for a large one, and what it does is a factor.

import { element, put } from "./dom.js";
import { clamp, thousandths } from "./numbers.js";
import { addHandle } from "./plane.js";

/** @typedef {import("./plane.js").Plane} Plane */
/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./geometry.js").Four} Four */

const FACTOR = 1.06; // of a key

/**
 * A handle for one sigma of a region, on a stalk from its ellipse at one sigma.
 * @param {Plane} plane
 * @param {object} options
 * @param {number} options.axis 0 or 1
 * @param {[least: number, most: number]} options.sigmas
 * @param {[near: number, far: number]} options.reach how far from the centre it stands for these two
 * @param {(sigma: number) => string} options.describe
 * @param {(sigma: number) => void} options.pulled gets thousandths, so that what is shown is what is
 */
export function addLogSigma(plane, { axis, sigmas, reach, describe, pulled }) {
  /** @type {Four} */
  let four = [0, 0, sigmas[0], sigmas[0]];
  const [least, most] = sigmas;
  const [near, far] = reach;
  const growth = (far - near) / Math.log(most / least);
  const middle = (plane.low + plane.high) / 2 + (axis === 1 ? plane.rise : 0);
  const room = (plane.high - plane.low) / 2 - far; // a centre beyond this has its handle on the other side
  const sideNow = () => (four[axis] - middle <= room ? 1 : -1);
  const pull = (/** @type {number} */ sigma) => pulled(thousandths(clamp(sigma, sigmas)));
  const stalk = element("line", { class: "explorable-stalk" });
  const handle = addHandle(plane, {
    label: `Sigma ${axis + 1}`,
    value: [four[0], four[1]],
    kind: "stretch",
    describe: () => describe(four[2 + axis]),
    moved: (point) => pull(least * Math.exp((sideNow() * (point[axis] - four[axis]) - near) / growth)),
    nudge: (step) => pull(four[2 + axis] * FACTOR ** Math.round((100 * step) / (plane.high - plane.low))),
  });
  /** @type {(distance: number) => Point} */
  const at = (distance) => {
    const point = /** @type {Point} */ ([four[0], four[1]]);
    point[axis] += sideNow() * distance;
    return point;
  };
  return {
    root: stalk,
    sideNow,
    /** Where it stands now. */
    placeNow: () => at(near + growth * Math.log(four[2 + axis] / least)),
    /** @param {Four} next */
    place(next) {
      four = next;
      const sigma = next[2 + axis];
      const end = at(near + growth * Math.log(sigma / least));
      const [x1, y1] = plane.pixel(at(sigma));
      const [x2, y2] = plane.pixel(end);
      handle.place(end);
      put(stalk, { x1, y1, x2, y2 });
      put(handle.knob, { "aria-valuemin": least, "aria-valuemax": most, "aria-valuenow": sigma });
    },
  };
}
