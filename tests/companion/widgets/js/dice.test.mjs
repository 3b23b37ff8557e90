// Dice and ink.

import assert from "node:assert/strict";
import test from "node:test";
import { makeNormal, makeUniform } from "../../../../companion/widgets/js/dice.js";
import { inkOf } from "../../../../companion/widgets/js/ink.js";

test("a seed gives the numbers that mulberry32 gives", () => {
  const uniform = makeUniform(1);
  assert.deepEqual(
    Array.from({ length: 3 }, uniform).map((value) => value * 2 ** 32),
    [2693262067, 11749833, 2265367787],
  );
});

test("another seed gives other numbers, the same seed the same", () => {
  assert.equal(makeNormal(3)(), makeNormal(3)());
  assert.notEqual(makeNormal(3)(), makeNormal(4)());
});

test("normal numbers have mean 0 and variance 1", () => {
  const normal = makeNormal(5);
  const values = Array.from({ length: 20000 }, normal);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  assert.ok(Math.abs(mean) < 0.03, `${mean}`);
  assert.ok(Math.abs(variance - 1) < 0.04, `${variance}`);
});

/** Column and row of the centre of mass, and the box that the ink fills. */
function measure(ink) {
  const inked = [...ink.keys()].filter((i) => ink[i] > 0);
  const total = ink.reduce((sum, level) => sum + level, 0);
  const columns = inked.map((i) => i % 28);
  const rows = inked.map((i) => Math.floor(i / 28));
  return {
    column: ink.reduce((sum, level, i) => sum + level * (i % 28), 0) / total,
    row: ink.reduce((sum, level, i) => sum + level * Math.floor(i / 28), 0) / total,
    wide: Math.max(...columns) - Math.min(...columns) + 1,
    tall: Math.max(...rows) - Math.min(...rows) + 1,
  };
}

test("a drawing is centred and fits in 20 pixels, wherever and however large it was drawn", () => {
  const corner = [
    [0.1, 0.1],
    [0.1, 0.5],
    [0.3, 0.5],
  ];
  for (const [shift, size] of [
    [0, 1],
    [0.4, 1],
    [0, 0.5],
  ]) {
    const ink = inkOf([corner.map(([x, y]) => [shift + size * x, shift + size * y])]);
    const { column, row, wide, tall } = measure(ink);
    assert.equal(ink.length, 784);
    assert.ok(Math.abs(column - 14) < 0.3 && Math.abs(row - 14) < 0.3, `${column} ${row}`);
    assert.ok(tall >= 19 && tall <= 21 && wide < tall, `${wide} ${tall}`);
    assert.equal(Math.max(...ink), 255);
  }
});

test("a dot stays a dot", () => {
  const { wide, tall } = measure(inkOf([[[0.5, 0.5]]]));
  assert.ok(wide <= 5 && tall <= 5, `${wide} ${tall}`);
});
