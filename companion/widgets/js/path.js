// Points along the way that a handle goes over a plane, equally far apart.

/** @typedef {import("./geometry.js").Point} Point */

/**
 * A way prolonged to `to`: on the straight line from its last point one more point after each `spacing`, and in all no
 * more than the last `most`. The way itself where `to` is nearer than that.
 * @param {Point[]} points at least one
 * @param {Point} to
 * @param {number} spacing
 * @param {number} most
 * @returns {Point[]}
 */
export function prolong(points, to, spacing, most) {
  const [a, b] = points[points.length - 1];
  const length = Math.hypot(to[0] - a, to[1] - b);
  const count = Math.floor(length / spacing + 1e-9);
  if (count === 0) return points;
  const step = spacing / length;
  const added = Array.from({ length: count }, (_, i) => between([a, b], to, (i + 1) * step));
  return [...points, ...added].slice(-most);
}

/**
 * `count` points from one to another, both among them.
 * @param {Point} from
 * @param {Point} to
 * @param {number} count
 */
export const straight = (from, to, count) =>
  Array.from({ length: count }, (_, i) => between(from, to, i / (count - 1)));

/**
 * @param {Point} from
 * @param {Point} to
 * @param {number} share of the way
 * @returns {Point}
 */
const between = ([a, b], [c, d], share) => [a + share * (c - a), b + share * (d - b)];
