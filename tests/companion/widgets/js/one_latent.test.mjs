// The model with one latent: its densities, the identity of the bound, slopes and the way downhill.

import assert from "node:assert/strict";
import test from "node:test";
import { makeNormal } from "../../../../companion/widgets/js/dice.js";
import {
  decodeLatent,
  descend,
  drawnBound,
  logDensity,
  logEvidence,
  logJoint,
  slopesOf,
  termsOf,
} from "../../../../companion/widgets/js/one_latent.js";

const close = (value, expected, most) =>
  assert.ok(Math.abs(value - expected) <= most, `${value}, expected ${expected}`);

const SEEN = [
  { x: [0.2, 1.5], noise: 0.5 },
  { x: [0, 0], noise: 0.4 },
  { x: [-2.5, 2.5], noise: 0.4 },
  { x: [1, -2], noise: 1.5 },
];
const QS = [
  { mu: -1, sigma: 1 },
  { mu: 1.9, sigma: 0.22 },
  { mu: 3.5, sigma: 0.05 },
  { mu: 0, sigma: 2 },
];
const PAIRS = SEEN.flatMap((seen) => QS.map((q) => [seen, q]));

/** The mean under q of what a z counts, by the midpoint rule. */
function meanUnder(q, count) {
  const step = 0.001;
  let sum = 0;
  for (let e = -9 + step / 2; e < 9; e += step) {
    const z = q.mu + q.sigma * e;
    sum += Math.exp(logDensity(z, q)) * count(z) * q.sigma * step;
  }
  return sum;
}

test("the ring starts at its bottom and closes at its top", () => {
  close(decodeLatent(0)[1], -1.5, 1e-12);
  const [left, right] = [-Math.PI / 1.5, Math.PI / 1.5].map(decodeLatent);
  close(left[0], right[0], 1e-12);
  close(left[1], 1.5, 1e-12);
});

test("ELBO and gap sum to log p(x) for every q, and each is its mean under q", () => {
  for (const [seen, q] of PAIRS) {
    const logP = logEvidence(seen);
    const { elbo, gap, reconstruction, kl } = termsOf(q, seen, logP);
    close(elbo + gap, logP, 1e-9);
    assert.ok(gap >= -1e-12 && kl >= -1e-12);
    close(
      elbo,
      meanUnder(q, (z) => logJoint(z, seen) - logDensity(z, q)),
      1e-6 * Math.max(1, -elbo),
    );
    const logPrior = (z) => logDensity(z, { mu: 0, sigma: 1 });
    close(
      reconstruction,
      meanUnder(q, (z) => logPrior(z) - logJoint(z, seen)),
      1e-6 * Math.max(1, reconstruction),
    );
  }
});

test("where all of the ring is equally far, the posterior is the prior", () => {
  const seen = { x: [0, 0], noise: 0.5 };
  const { gap, kl } = termsOf({ mu: 0, sigma: 1 }, seen, logEvidence(seen));
  close(gap, 0, 1e-12);
  close(kl, 0, 1e-12);
});

test("slopes are finite differences of -ELBO", () => {
  const step = 1e-5;
  for (const [seen, q] of PAIRS) {
    const lossAt = (mu, log) => -termsOf({ mu, sigma: Math.exp(log) }, seen, 0).elbo;
    const log = Math.log(q.sigma);
    const slope = slopesOf(q, seen);
    close(slope.mu, (lossAt(q.mu + step, log) - lossAt(q.mu - step, log)) / (2 * step), 1e-4);
    close(slope.log, (lossAt(q.mu, log + step) - lossAt(q.mu, log - step)) / (2 * step), 1e-4);
  }
});

test("the way downhill never rises, and ends where the slopes are nothing or at an edge", () => {
  for (const [seen, q] of PAIRS) {
    const way = descend(q, seen);
    const losses = way.map((each) => -termsOf(each, seen, 0).elbo);
    assert.ok(losses.every((loss, i) => i === 0 || loss <= losses[i - 1]));
    const end = way[way.length - 1];
    const slope = slopesOf(end, seen);
    if (Math.abs(end.mu) < 3.5) close(end.sigma * slope.mu, 0, 1e-4);
    if (end.sigma > 0.05 && end.sigma < 2) close(slope.log, 0, 1e-4);
  }
});

test("two starts end at two optima, and each misses the other hump", () => {
  const [seen] = SEEN;
  const logP = logEvidence(seen);
  const gaps = [-1, 1].map((mu) => {
    const way = descend({ mu, sigma: 1 }, seen);
    return termsOf(way[way.length - 1], seen, logP).gap;
  });
  let left = 0;
  for (let z = -8; z < 0; z += 0.001) left += 0.001 * Math.exp(logJoint(z, seen) - logP);
  close(gaps[0], -Math.log(left), 0.005);
  close(gaps[1], -Math.log(1 - left), 0.005);
});

test("one draw estimates the ELBO, and draws of one hump never see the other", () => {
  const eps = Array.from({ length: 10000 }, makeNormal(0));
  for (const [seen, q] of PAIRS) {
    const { mean, error } = drawnBound(q, seen, 1, eps);
    close(mean, termsOf(q, seen, 0).elbo, 4 * error);
  }
  const [seen] = SEEN;
  const logP = logEvidence(seen);
  const narrow = drawnBound({ mu: 1.907, sigma: 0.223 }, seen, 1000, eps);
  close(narrow.mean, logP - 0.5327, 0.002);
  assert.ok(narrow.error < 0.001);
  const wide = drawnBound({ mu: 0, sigma: 2 }, seen, 1000, eps);
  close(wide.mean, logP, 0.03); // ten groups of a thousand
});
