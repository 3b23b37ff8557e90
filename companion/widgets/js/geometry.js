// The square of the plane that is shown, in numbers and in pixels.

/** @typedef {[across: number, up: number]} Point of a plane, or of its picture */
/** @typedef {[mu1: number, mu2: number, sigma1: number, sigma2: number]} Four the numbers of a diagonal Gaussian */
/** @typedef {[mu1: number, mu2: number, sigma1: number, sigma2: number, rho: number]} Five those of a Gaussian that may tilt */

/**
 * A square, [low, high] both ways, whose picture has `pixels` each way, rows counted from above.
 * @param {number} low
 * @param {number} high
 * @param {number} pixels
 * @param {number} rise how much higher the range of the second direction lies: [low + rise, high + rise]
 */
export function makeSquare(low, high, pixels, rise = 0) {
  const share = (/** @type {number} */ value) => (value - low) / (high - low);
  const rises = [0, rise];
  return {
    low,
    high,
    rise,
    pixels,
    scale: pixels / 300, // strokes and letters were chosen on a picture of 300 pixels
    unit: pixels / (high - low), // pixels of a length of 1

    /**
     * Where a point lies on the picture.
     * @param {Point} point
     * @returns {Point}
     */
    pixel: ([a, b]) => [share(a) * pixels, (1 - share(b - rise)) * pixels],

    /**
     * The point at shares of the picture's sides, from the left and from above; what lies beside it counts as its edge.
     * @param {number} fromLeft
     * @param {number} fromAbove
     * @returns {Point}
     */
    pointAtShare(fromLeft, fromAbove) {
      const inside = (/** @type {number} */ value) => Math.min(1, Math.max(0, value));
      return [low + inside(fromLeft) * (high - low), high + rise - inside(fromAbove) * (high - low)];
    },

    /**
     * The nearest point of the square.
     * @param {number[]} point
     * @returns {Point}
     */
    inside: ([a, b]) => [Math.min(high, Math.max(low, a)), Math.min(high + rise, Math.max(low + rise, b))],

    /**
     * The multiples of `step` in the range of a direction.
     * @param {number} step
     */
    multiples(step, axis = 0) {
      const [first, last] = [low + rises[axis], high + rises[axis]];
      const found = [];
      for (let value = Math.ceil(first / step) * step; value <= last; value += step) found.push(value);
      return found;
    },
  };
}

/**
 * The bytes of a map over a square, `side` by `side`, first row highest, read between its grid points by bilinear
 * interpolation.
 * @param {Uint8Array} levels
 * @param {{ low: number, high: number, side: number }} grid
 * @param {Point} point
 */
export function readBetween(levels, { low, high, side }, [a, b]) {
  const column = ((a - low) / (high - low)) * (side - 1);
  const row = ((high - b) / (high - low)) * (side - 1);
  const left = Math.min(side - 2, Math.floor(column));
  const top = Math.min(side - 2, Math.floor(row));
  const across = column - left;
  const down = row - top;
  const between = (/** @type {number} */ r) =>
    (1 - across) * levels[r * side + left] + across * levels[r * side + left + 1];
  return (1 - down) * between(top) + down * between(top + 1);
}

/**
 * Of points the one that is nearest to another, and how far it is.
 * @param {Point[]} points at least one
 * @param {Point} from
 */
export function nearestTo(points, [a, b]) {
  let nearest = points[0];
  let least = Number.POSITIVE_INFINITY;
  for (const point of points) {
    const square = (point[0] - a) ** 2 + (point[1] - b) ** 2;
    if (square < least) [nearest, least] = [point, square];
  }
  return { nearest, distance: Math.sqrt(least) };
}

/**
 * The half axes of a Gaussian's ellipse at one sigma, and how many degrees the first is turned, counter-clockwise.
 * @param {number} s sigma of the first direction
 * @param {number} t of the second
 * @param {number} rho their correlation
 */
export function ellipseAxes(s, t, rho) {
  if (rho === 0) return { first: s, second: t, degrees: 0 };
  const mean = (s * s + t * t) / 2;
  const half = Math.hypot((s * s - t * t) / 2, rho * s * t);
  return {
    first: Math.sqrt(mean + half),
    second: Math.sqrt(Math.max(0, mean - half)),
    degrees: (90 / Math.PI) * Math.atan2(2 * rho * s * t, s * s - t * t),
  };
}
