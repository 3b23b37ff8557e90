// A code rounded to a few bits, against a search for the piece that each number lies in.

import assert from "node:assert/strict";
import test from "node:test";
import { roundCode, roundShare, shares, UNROUNDED } from "../../../../companion/widgets/js/rounding.js";

/** The middle of the piece that a number lies in, or of the nearest one. */
function slowly(value, bits, low, high) {
  const width = (high - low) / 2 ** bits;
  const middles = Array.from({ length: 2 ** bits }, (_, k) => low + width * (k + 0.5));
  return middles.reduce((best, middle) => (Math.abs(middle - value) < Math.abs(best - value) ? middle : best));
}

const LOW = [-4, 0.5, -1];
const HIGH = [3, 2, -0.25];

for (const bits of [1, 2, 3, 8]) {
  test(`${bits} bits: each number goes to the middle of its piece, of its own range`, () => {
    for (let i = 0; i < 50; i++) {
      const z = [Math.sin(i) * 6, Math.cos(3 * i) * 3, Math.sin(7 * i)];
      roundCode(z, bits, LOW, HIGH).forEach((value, k) => {
        assert.ok(Math.abs(value - slowly(z[k], bits, LOW[k], HIGH[k])) < 1e-12, `${z[k]} became ${value}`);
      });
    }
  });
}

test("at an edge the upper piece; beyond the ends the outer ones", () => {
  assert.deepEqual(
    [-9, 0, 0.25, 0.5, 0.999, 1, 9].map((share) => roundShare(share, 2)),
    [0.125, 0.125, 0.375, 0.625, 0.875, 0.875, 0.875],
  );
});

test("64 bits leave a code as it is", () => {
  const z = [-9, 0.1234567890123, 7];
  assert.deepEqual(roundCode(z, UNROUNDED, LOW, HIGH), z);
  assert.equal(roundShare(1.25, UNROUNDED), 1.25);
});

test("shares are 0 at low and 1 at high, each in its own range", () => {
  assert.deepEqual(shares(LOW, LOW, HIGH), [0, 0, 0]);
  assert.deepEqual(shares(HIGH, LOW, HIGH), [1, 1, 1]);
  assert.deepEqual(shares([-0.5, 5, -0.625], LOW, HIGH), [0.5, 3, 0.5]);
});
