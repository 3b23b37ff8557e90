// Estimates of a gradient from draws: through the draws, and by the score function.

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./geometry.js").Four} Four */

/**
 * The same for both directions.
 * @template T
 * @param {(axis: number) => T} what
 * @returns {[T, T]}
 */
export const both = (what) => [what(0), what(1)];

/**
 * The z of an eps.
 * @param {Four} four
 * @param {Point} eps
 */
export const reparameterize = (four, eps) => both((axis) => four[axis] + four[2 + axis] * eps[axis]);

/**
 * The score-function estimates of a gradient in mu, one a draw: cost times the derivative of log q by mu, which is eps / sigma.
 * @param {number[]} costs
 * @param {Point[]} draws their eps
 * @param {Four} four
 * @returns {Point[]}
 */
export const scoreFunction = (costs, draws, four) =>
  costs.map((cost, i) => both((axis) => (cost * draws[i][axis]) / four[2 + axis]));

/**
 * Costs less a baseline that the draw has no part in: the mean cost of the others.
 * @param {number[]} costs
 */
export function lessBaseline(costs) {
  const sum = costs.reduce((total, cost) => total + cost, 0);
  return costs.map((cost) => cost - (sum - cost) / (costs.length - 1));
}

/**
 * Mean and standard deviation of points, each way.
 * @param {Point[]} points two or more
 */
export function momentsOf(points) {
  const mean = both((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
  const squares = both((axis) => points.reduce((sum, point) => sum + (point[axis] - mean[axis]) ** 2, 0));
  return { mean, deviation: both((axis) => Math.sqrt(squares[axis] / (points.length - 1))) };
}

const GRID_STEP = 0.75; // of the grid: the sum of a smooth function of a Gaussian is exact to ten digits at this step
const GRID_REACH = 4.6;

/**
 * A grid over the standard normal distribution, and the weight of each of its points, which sum to 1: for means that
 * need no draws.
 * @returns {{ eps: Point, weight: number }[]}
 */
export function normalGrid() {
  /** @type {{ eps: Point, weight: number }[]} */
  const points = [];
  const line = Array.from(
    { length: 2 * Math.floor(GRID_REACH / GRID_STEP) + 1 },
    (_, i) => (i - Math.floor(GRID_REACH / GRID_STEP)) * GRID_STEP,
  );
  for (const a of line) {
    for (const b of line) {
      const square = a * a + b * b;
      if (square <= GRID_REACH * GRID_REACH) points.push({ eps: [a, b], weight: Math.exp(-square / 2) });
    }
  }
  const sum = points.reduce((total, point) => total + point.weight, 0);
  return points.map(({ eps, weight }) => ({ eps, weight: weight / sum }));
}
