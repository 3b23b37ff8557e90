// Numbers as a reader sees them.

import assert from "node:assert/strict";
import test from "node:test";
import {
  clamp,
  hundredths,
  number,
  pair,
  roundUp,
  thousandths,
  ticks,
} from "../../../../companion/widgets/js/numbers.js";

test("a number has its places, a real minus sign, and no minus zero", () => {
  assert.equal(number(1.5), "1.50");
  assert.equal(number(-1.5), "\u22121.50");
  assert.equal(number(-0.001), "0.00");
  assert.equal(number(-0.001, 3), "\u22120.001");
  assert.equal(number(-0.4, 0), "0");
  assert.equal(number(Number.NaN), "NaN");
  assert.equal(number(Infinity), "∞");
  assert.equal(number(-Infinity), "−∞");
  assert.equal(pair([0.25, -1], 1), "(0.3, −1.0)");
});

test("rounding and clamping", () => {
  assert.equal(hundredths(1.2345), 1.23);
  assert.equal(thousandths(-1.2345), -1.234);
  assert.deepEqual(
    [-3, 0.5, 3].map((value) => clamp(value, [-1, 1])),
    [-1, 0.5, 1],
  );
});

test("a height is rounded up to 1, 2 or 5 times a power of ten, and to 0.5 at least", () => {
  assert.deepEqual(
    [0.01, 0.5, 0.6, 1, 1.01, 4.9, 5.1, 11, 100, 230].map(roundUp),
    [0.5, 0.5, 1, 1, 2, 5, 10, 20, 100, 500],
  );
});

test("ticks are round, lie in the range, reach its ends, and say their places", () => {
  assert.deepEqual(ticks([-8, 8], 6), { values: [-8, -6, -4, -2, 0, 2, 4, 6, 8], places: 0 });
  assert.deepEqual(ticks([0, 0.5], 3), { values: [0, 0.2, 0.4], places: 1 });
  assert.deepEqual(ticks([0, 30], 4).values, [0, 10, 20, 30]);
  for (const range of [
    [-0.06, 13.3],
    [150.1, 202.7],
    [-7, 0.47],
  ]) {
    const { values } = ticks(range, 5);
    assert.ok(values.length >= 3 && values.length <= 9, `${range}: ${values}`);
    assert.ok(values[0] >= range[0] - 1e-9 && values[values.length - 1] <= range[1] + 1e-9, `${range}: ${values}`);
  }
});
