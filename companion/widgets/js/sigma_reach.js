// Where the handle of a sigma stands: beside the centre, at a distance that grows with the logarithm of the sigma, so that
// a finger has as much room for a small one as for a large one.

import { clamp } from "./numbers.js";

/** @typedef {import("./numbers.js").Range} Range */

/** A key's: two digits of a number always change. */
export const FACTOR = 1.06;

/** @type {(mu: number, room: number) => 1 | -1} the side of a centre where its handle has room: a centre beyond `room` has it on the other */
export const sideOf = (mu, room) => (mu <= room ? 1 : -1);

/**
 * The distance of a sigma, and back.
 * @param {Range} sigmas what a sigma may be
 * @param {Range} distances of these two
 */
export function makeReach(sigmas, [near, far]) {
  const [least, most] = sigmas;
  const growth = (far - near) / Math.log(most / least); // for each factor of e
  return {
    of: (/** @type {number} */ sigma) => near + growth * Math.log(sigma / least),
    sigmaAt: (/** @type {number} */ distance) => clamp(least * Math.exp((distance - near) / growth), sigmas),
  };
}
