// Points along a way.

import assert from "node:assert/strict";
import test from "node:test";
import { prolong, straight } from "../../../../companion/widgets/js/path.js";

/** @typedef {[number, number]} Point */

test("a way grows by a point after each spacing, on the straight line from its last", () => {
  /** @type {Point[]} */
  const start = [[1, 1]];
  assert.deepEqual(prolong(start, [1, 4.5], 1, 10), [
    [1, 1],
    [1, 2],
    [1, 3],
    [1, 4],
  ]);
  assert.deepEqual(prolong(start, [7, 9], 5, 10), [
    [1, 1],
    [4, 5],
    [7, 9],
  ]);
});

test("where nothing is added it is the very same way", () => {
  /** @type {Point[]} */
  const start = [
    [0, 0],
    [1, 0],
  ];
  assert.equal(prolong(start, [1.9, 0], 1, 10), start);
  assert.equal(prolong(start, [1, 0], 1, 10), start);
});

test("the last ones are kept", () => {
  assert.deepEqual(prolong([[0, 0]], [4, 0], 1, 3), [
    [2, 0],
    [3, 0],
    [4, 0],
  ]);
});

test("a straight way has both ends and equal steps", () => {
  assert.deepEqual(straight([0, 2], [3, -1], 4), [
    [0, 2],
    [1, 1],
    [2, 0],
    [3, -1],
  ]);
});
