// The plane in numbers and in pixels, codes, and maps read between their points.

import assert from "node:assert/strict";
import test from "node:test";
import { parted, unpackCodes, unpackFineCodes } from "../../../../companion/widgets/js/codes.js";
import { ellipseAxes, makeSquare, nearestTo, readBetween } from "../../../../companion/widgets/js/geometry.js";
import { dotsThrough } from "../../../../companion/widgets/js/lines.js";
import { makeReach, sideOf } from "../../../../companion/widgets/js/sigma_reach.js";
import { fineShares } from "../../../../companion/widgets/js/weights.js";

const square = makeSquare(-4, 4, 600);

test("corners and middle lie where a picture has them, rows from above", () => {
  assert.deepEqual(square.pixel([-4, 4]), [0, 0]);
  assert.deepEqual(square.pixel([4, -4]), [600, 600]);
  assert.deepEqual(square.pixel([0, 2]), [300, 150]);
  assert.equal(square.unit, 75);
  assert.equal(square.scale, 2);
});

test("a share of the sides is the point of that pixel, and what lies beside counts as the edge", () => {
  for (const point of [
    [-4, 4],
    [1.5, -3],
    [4, 0],
  ]) {
    const [x, y] = square.pixel(point);
    assert.deepEqual(square.pointAtShare(x / 600, y / 600), point);
  }
  assert.deepEqual(square.pointAtShare(-1, 2), [-4, -4]);
  assert.deepEqual(square.inside([-5, 9]), [-4, 4]);
});

test("the range of the second direction may lie higher", () => {
  const raised = makeSquare(-4, 4, 600, 10);
  assert.deepEqual(raised.pixel([-4, 14]), [0, 0]);
  assert.deepEqual(raised.pixel([4, 6]), [600, 600]);
  assert.deepEqual(raised.pointAtShare(0.25, 0.25), [-2, 12]);
  assert.deepEqual(raised.inside([9, 5]), [4, 6]);
  assert.deepEqual(raised.inside([-9, 15]), [-4, 14]);
  assert.deepEqual(raised.multiples(4, 1), [8, 12]);
  assert.deepEqual(raised.multiples(4), [-4, 0, 4]);
});

test("the nearest of points, and its distance", () => {
  /** @type {[number, number][]} */
  const points = [
    [0, 0],
    [3, 4],
    [-1, 2],
  ];
  assert.deepEqual(nearestTo(points, [3, 0]), { nearest: points[0], distance: 3 });
  assert.deepEqual(nearestTo(points, [6, 8]), { nearest: points[1], distance: 5 });
});

test("multiples are those from low to high", () => {
  assert.deepEqual(square.multiples(2), [-4, -2, 0, 2, 4]);
  assert.deepEqual(
    makeSquare(-4.2, 4.2, 300)
      .multiples(3)
      .map((value) => value + 0),
    [-3, 0, 3],
  );
});

test("codes are two bytes each, 0 to 255 across the plane", () => {
  assert.deepEqual(unpackCodes(Uint8Array.of(0, 255, 51, 102), -5, 5), [
    [-5, 5],
    [-3, -1],
  ]);
  assert.deepEqual(unpackCodes(new ArrayBuffer(0), -5, 5), []);
});

test("a map is exact at its points and linear between them, on its edge too", () => {
  const grid = { low: 0, high: 2, side: 3 };
  const levels = Uint8Array.of(0, 10, 20, 30, 40, 50, 60, 70, 80); // the first row is z2 = 2
  assert.equal(readBetween(levels, grid, [0, 2]), 0);
  assert.equal(readBetween(levels, grid, [2, 2]), 20);
  assert.equal(readBetween(levels, grid, [2, 0]), 80);
  assert.equal(readBetween(levels, grid, [1, 1]), 40);
  assert.equal(readBetween(levels, grid, [0.5, 1.25]), 27.5);
});

test("fine codes have two bytes a number, the low one first, and each direction its range", () => {
  const levels = Uint8Array.from([0, 0, 255, 255, 255, 255, 0, 0, 0x33, 0x33, 0x99, 0x99]);
  const [a, b, c] = unpackFineCodes(levels, [-1, 10], [1, 20]);
  assert.deepEqual(
    [a, b],
    [
      [-1, 20],
      [1, 10],
    ],
  );
  assert.ok(Math.abs(c[0] + 0.6) < 1e-9 && Math.abs(c[1] - 16) < 1e-9);
});

test("the axes of an ellipse are those of its covariance", () => {
  const close = (found, expected) => assert.ok(Math.abs(found - expected) < 1e-12, `${found}, not ${expected}`);
  assert.deepEqual(ellipseAxes(0.5, 2, 0), { first: 0.5, second: 2, degrees: 0 });
  const even = ellipseAxes(2, 2, 0.5); // variances 4 (1 + rho) and 4 (1 - rho), along the diagonals
  close(even.first, Math.sqrt(6));
  close(even.second, Math.sqrt(2));
  close(even.degrees, 45);
  close(ellipseAxes(2, 2, -0.5).degrees, -45);
  const { first, second, degrees } = ellipseAxes(0.3, 1.2, -0.7);
  const [c, d] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  close((first * c) ** 2 + (second * d) ** 2, 0.09);
  close((first * d) ** 2 + (second * c) ** 2, 1.44);
  close((first ** 2 - second ** 2) * c * d, -0.7 * 0.3 * 1.2);
});

test("shares of two bytes are little-endian, from 0 to 1", () => {
  assert.deepEqual([...fineShares(new Uint8Array([0, 0, 255, 255, 1, 0, 0, 1]))], [0, 1, 1 / 65535, 256 / 65535]);
});

test("dots are strokes without length, to so many places", () => {
  assert.equal(
    dotsThrough([
      [1, 2.25],
      [0.123, -4],
    ]),
    "M1.0 2.3h0M0.1 -4.0h0",
  );
  assert.equal(dotsThrough([[0.12345, 1]], 4), "M0.1235 1.0000h0");
});

test("a sigma's handle goes equally far for each factor, and back, and no farther than its ends", () => {
  const reach = makeReach([0.02, 2], [0.8, 2.8]);
  const near = (value, expected) => assert.ok(Math.abs(value - expected) < 1e-12, `${value}, expected ${expected}`);
  near(reach.of(0.02), 0.8);
  near(reach.of(2), 2.8);
  near(reach.of(0.2), 1.8); // in the middle by factors
  for (const sigma of [0.02, 0.3, 1.7]) near(reach.sigmaAt(reach.of(sigma)), sigma);
  assert.equal(reach.sigmaAt(0), 0.02);
  assert.equal(reach.sigmaAt(9), 2);
  assert.deepEqual([sideOf(1, 1), sideOf(1.01, 1)], [1, -1]);
});

test("labels part until each has room, and those that have it stay", () => {
  const line = Array.from({ length: 10 }, (_, i) => [i, [0.05 * i, 0]]);
  const far = [10, [5, 5]];
  const placed = parted([...line, far], 0.3);
  placed.forEach(([, [a, b]], i) => {
    for (const [, [c, d]] of placed.slice(0, i)) assert.ok(Math.hypot(a - c, b - d) > 0.29);
  });
  assert.deepEqual(
    placed.map(([label]) => label),
    [...Array(11).keys()],
  );
  const middle = [0, 1].map((axis) => line.reduce((sum, _, i) => sum + placed[i][1][axis], 0) / 10);
  assert.ok(Math.hypot(middle[0] - 0.225, middle[1]) < 1e-4); // pushes balance
  assert.ok(Math.hypot(placed[10][1][0] - 5, placed[10][1][1] - 5) < 1e-4);
});
