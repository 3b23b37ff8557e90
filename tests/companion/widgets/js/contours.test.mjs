// Contour lines, on maps whose lines are known.

import assert from "node:assert/strict";
import test from "node:test";
import { contour } from "../../../../companion/widgets/js/contours.js";

const SIDE = 21;
const mapOf = (f) => ({
  values: Array.from({ length: SIDE * SIDE }, (_, i) => f(i % SIDE, Math.floor(i / SIDE))),
  side: SIDE,
});

test("the line of a slope is where it reaches the level, from edge to edge", () => {
  const segments = contour(
    mapOf((x, y) => x + 2 * y),
    13.5,
  );
  for (const [x, y] of segments.flat()) assert.ok(Math.abs(x + 2 * y - 13.5) < 1e-12);
  const columns = segments.flat().map(([x]) => x);
  assert.deepEqual([Math.min(...columns), Math.max(...columns)], [0, 13.5]); // where it leaves the grid
});

test("the line of a bowl is closed, and as long as the circle", () => {
  const segments = contour(
    mapOf((x, y) => (x - 10) ** 2 + (y - 10) ** 2),
    49.5,
  );
  const ends = new Map();
  for (const point of segments.flat()) {
    const name = point.map((value) => value.toFixed(9)).join();
    ends.set(name, (ends.get(name) ?? 0) + 1);
  }
  assert.deepEqual(new Set(ends.values()), new Set([2]));
  const length = segments.reduce((sum, [from, to]) => sum + Math.hypot(to[0] - from[0], to[1] - from[1]), 0);
  assert.ok(Math.abs(length / (2 * Math.PI * Math.sqrt(49.5)) - 1) < 0.01, `${length}`);
});

test("a saddle has two pieces, a level that is not reached has none", () => {
  const saddle = { values: [1, -1, -1, 1], side: 2 };
  assert.equal(contour(saddle, 0).length, 2);
  assert.deepEqual(contour(saddle, 2), []);
});
