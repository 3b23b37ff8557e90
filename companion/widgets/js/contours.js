// Contour lines of a map that is known on a grid (marching squares).

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {[from: Point, to: Point]} Segment */
/** @typedef {{ values: ArrayLike<number>, side: number }} Grid `side` rows of `side` numbers */

/**
 * Where a level is crossed between two corners, if it is.
 * @param {Grid} grid
 * @param {number} level
 * @param {Point} from column and row
 * @param {Point} to
 * @returns {Point | null}
 */
function crossing({ values, side }, level, [x, y], [toX, toY]) {
  const here = values[y * side + x] - level;
  const there = values[toY * side + toX] - level;
  if (here < 0 === there < 0) return null;
  const share = here / (here - there);
  return [x + share * (toX - x), y + share * (toY - y)];
}

/**
 * The pieces of a contour line, one or two for each square that it crosses: columns and rows of the grid, in parts.
 * Between corners the map counts as straight.
 * @param {Grid} grid
 * @param {number} level
 */
export function contour(grid, level) {
  /** @type {Segment[]} */
  const segments = [];
  for (let y = 0; y < grid.side - 1; y++) {
    for (let x = 0; x < grid.side - 1; x++) {
      /** @type {Point[]} */
      const corners = [
        [x, y],
        [x + 1, y],
        [x + 1, y + 1],
        [x, y + 1],
      ];
      // Around the square: crossings come in pairs, two, or four at a saddle.
      const found = corners
        .map((corner, i) => crossing(grid, level, corner, corners[(i + 1) % 4]))
        .filter((each) => each !== null);
      for (let i = 0; i + 1 < found.length; i += 2) segments.push([found[i], found[i + 1]]);
    }
  }
  return segments;
}
