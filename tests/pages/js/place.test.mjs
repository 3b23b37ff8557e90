// How much place is kept for an explorable that is not there yet.

import assert from "node:assert/strict";
import test from "node:test";
import { heightAt } from "../../../sphinx_ext/runtime/place.js";

/** Two columns become one below 461. */
const HEIGHTS = [
  [300, 1000],
  [460, 1320],
  [461, 500],
  [600, 639],
];

test("a width that was measured has its height", () => {
  for (const [width, height] of HEIGHTS) assert.equal(heightAt(HEIGHTS, width), height);
});

test("a width between two has a height between theirs", () => {
  assert.equal(heightAt(HEIGHTS, 380), 1160);
  assert.equal(heightAt(HEIGHTS, 531), 570);
});

test("a width beyond them has the height of the nearest", () => {
  assert.equal(heightAt(HEIGHTS, 200), 1000);
  assert.equal(heightAt(HEIGHTS, 900), 639);
});
