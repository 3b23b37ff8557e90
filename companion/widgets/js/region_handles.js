// A diagonal Gaussian that can be moved and stretched by hand.

import { put } from "./dom.js";
import { clamp, hundredths, number } from "./numbers.js";
import { addHandle } from "./plane.js";

/** @typedef {import("./plane.js").Plane} Plane */
/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./geometry.js").Four} Four */

/**
 * @typedef {object} RegionOptions
 * @property {Four} value
 * @property {(four: Four) => void} moved gets the numbers in hundredths, so that what is shown is what is
 * @property {string} [name] stands at the end of the handles' labels
 * @property {(() => void) | null} [taken] called when the centre is pressed
 */

/** @type {[number, number]} */
const SIGMAS = [0.2, 2]; // what a sigma may be

/**
 * Three handles: the Gaussian's centre and, one sigma away from it, one for each sigma, on the side where it has room.
 * @param {Plane} plane
 * @param {RegionOptions} options
 */
export function addRegion(plane, { value, moved, name = "", taken = null }) {
  let four = value;
  const side = (/** @type {number} */ axis) => (four[axis] + four[2 + axis] <= plane.high ? 1 : -1);
  /** @param {Four} next */
  const change = (next) => {
    four = next;
    moved(next);
  };
  /** @type {(axis: number, sigma: number) => void} */
  const resize = (axis, sigma) => {
    const [a, b, ...sigmas] = four;
    sigmas[axis] = hundredths(clamp(sigma, SIGMAS));
    change([a, b, ...sigmas]);
  };
  const centre = addHandle(plane, {
    label: `Centre${name}`,
    value: [four[0], four[1]],
    describe: ([a, b]) => `mu ${number(a)}, ${number(b)}`,
    moved: ([a, b]) => change([hundredths(a), hundredths(b), four[2], four[3]]),
    taken,
  });
  const stretches = [0, 1].map((axis) =>
    addHandle(plane, {
      label: `Sigma ${axis + 1}${name}`,
      value: [four[0], four[1]],
      kind: "stretch",
      describe: () => number(four[2 + axis]),
      moved: (point) => resize(axis, side(axis) * (point[axis] - four[axis])),
      nudge: (step) => resize(axis, four[2 + axis] + step / 2),
    }),
  );
  /** @param {Four} next */
  const place = (next) => {
    four = next;
    const [a, b, s, t] = next;
    centre.place([a, b]);
    stretches[0].place([a + side(0) * s, b]);
    stretches[1].place([a, b + side(1) * t]);
    stretches.forEach(({ knob }, axis) => {
      put(knob, { "aria-valuemin": SIGMAS[0], "aria-valuemax": SIGMAS[1], "aria-valuenow": next[2 + axis] });
    });
  };
  place(value);
  return { handles: [centre, ...stretches], place };
}
