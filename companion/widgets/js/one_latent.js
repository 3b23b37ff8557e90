// A model with one latent and two pixels: z ~ N(0, 1), and x = d(z) with noise of deviation s, where the decoder d bends
// the line of z into a ring. Its log p(x), its posterior, and the evidence lower bound of a Gaussian q. All in nats.

import { clamp } from "./numbers.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {{ x: Point, noise: number }} Seen the observed point, and the noise's standard deviation */
/** @typedef {{ mu: number, sigma: number }} Gaussian of z */
/** @typedef {{ logP: number, reconstruction: number, kl: number, elbo: number, gap: number }} Terms */

export const RADIUS = 1.5; // of the ring
export const TURN = 1.5; // radians of it for a z of 1
/** @type {[number, number]} */
export const MEANS = [-3.5, 3.5]; // of q
/** @type {[number, number]} */
export const SIGMAS = [0.05, 2]; // of q

const REACH = 8; // the sums over z go this far each way: beyond it the prior holds 1e-15
const STEP = 0.02; // between their points
const SPAN = 9; // sigmas each way of a sum over q
const POINTS = 361; // of that sum
const LONGEST = 0.1; // a step downhill, of mu and of log sigma
const STEPS = 2000; // of them, at most
const LOG_TAU = Math.log(2 * Math.PI);

/**
 * The decoder: the bottom of the ring for 0, its top for 2.09 and for −2.09.
 * @param {number} z
 * @returns {Point}
 */
export const decodeLatent = (z) => [RADIUS * Math.sin(TURN * z), -RADIUS * Math.cos(TURN * z)];

/** @type {(z: number) => number} */
export const logPrior = (z) => -0.5 * (z * z + LOG_TAU);

/** @type {(z: number, q: Gaussian) => number} */
export const logDensity = (z, { mu, sigma }) => -0.5 * (((z - mu) / sigma) ** 2 + LOG_TAU) - Math.log(sigma);

/**
 * log p(z) + log p(x|z).
 * @type {(z: number, seen: Seen) => number}
 */
export function logJoint(z, { x, noise }) {
  const [a, b] = decodeLatent(z);
  const square = (x[0] - a) ** 2 + (x[1] - b) ** 2;
  return logPrior(z) - square / (2 * noise * noise) - LOG_TAU - 2 * Math.log(noise);
}

/**
 * log p(x), a sum over z: the largest term is taken out, so that none is lost below the smallest number.
 * @param {Seen} seen
 */
export function logEvidence(seen) {
  const count = Math.round((2 * REACH) / STEP) + 1;
  const logs = Array.from({ length: count }, (_, i) => logJoint(-REACH + i * STEP, seen));
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0) * STEP);
}

/**
 * The KL from q to the posterior: the mean under q of log q(z) − log p(z|x), a sum over z of its own.
 * @param {Gaussian} q
 * @param {Seen} seen
 * @param {number} logP
 */
function gapOf(q, seen, logP) {
  const step = (2 * SPAN) / (POINTS - 1);
  let sum = 0;
  for (let i = 0; i < POINTS; i++) {
    const e = -SPAN + i * step;
    const z = q.mu + q.sigma * e;
    sum += Math.exp(logPrior(e)) * (logDensity(z, q) - logJoint(z, seen) + logP);
  }
  return sum * step;
}

/**
 * The two terms of the loss, exactly: under q the means of sin and cos of a multiple of z shrink by the same factor.
 * @param {Gaussian} q
 * @param {Seen} seen
 */
function costs({ mu, sigma }, { x, noise }) {
  const [a, b] = decodeLatent(mu);
  const shrink = Math.exp(-0.5 * (TURN * sigma) ** 2);
  const square = x[0] ** 2 + x[1] ** 2 + RADIUS ** 2 - 2 * shrink * (x[0] * a + x[1] * b);
  return {
    reconstruction: square / (2 * noise * noise) + LOG_TAU + 2 * Math.log(noise),
    kl: 0.5 * (sigma * sigma + mu * mu - 1) - Math.log(sigma),
  };
}

/**
 * All that the page shows of a q: ELBO + gap is log p(x) for each, and neither is worked out from the others.
 * @param {Gaussian} q
 * @param {Seen} seen
 * @param {number} logP
 * @returns {Terms}
 */
export function termsOf(q, seen, logP) {
  const { reconstruction, kl } = costs(q, seen);
  return { logP, reconstruction, kl, elbo: -reconstruction - kl, gap: gapOf(q, seen, logP) };
}

/**
 * The slope of −ELBO in mu and in log sigma.
 * @param {Gaussian} q
 * @param {Seen} seen
 */
export function slopesOf({ mu, sigma }, { x, noise }) {
  const [a, b] = decodeLatent(mu);
  const force = (TURN * Math.exp(-0.5 * (TURN * sigma) ** 2)) / (noise * noise);
  return {
    mu: mu + force * (x[0] * b - x[1] * a),
    log: sigma * sigma - 1 + force * TURN * sigma * sigma * (x[0] * a + x[1] * b),
  };
}

/**
 * The way downhill from q to where −ELBO is least around it. Slopes are divided by the curvature that the KL of two such
 * Gaussians has (1 / sigma² in mu, 2 in log sigma), and a step is halved until it leads down.
 * @param {Gaussian} start
 * @param {Seen} seen
 * @returns {Gaussian[]} from start on
 */
export function descend(start, seen) {
  const way = [start];
  const height = (/** @type {Gaussian} */ q) => {
    const { reconstruction, kl } = costs(q, seen);
    return reconstruction + kl;
  };
  for (let k = 0; k < STEPS; k++) {
    const q = way[k];
    const slope = slopesOf(q, seen);
    const across = -q.sigma * q.sigma * slope.mu;
    const wider = -0.5 * slope.log;
    const here = height(q);
    let share = Math.min(1, LONGEST / Math.max(Math.abs(across), Math.abs(wider), 1e-12));
    let next = q;
    do {
      next = {
        mu: clamp(q.mu + share * across, MEANS),
        sigma: clamp(q.sigma * Math.exp(share * wider), SIGMAS),
      };
      share /= 2;
    } while (height(next) > here && share > 1e-9);
    if (here - height(next) < 1e-12) break;
    way.push(next);
  }
  return way;
}

/**
 * The importance-weighted bound of k draws of q (Burda et al. 2016): the mean of log of the mean of k weights
 * p(z, x) / q(z), over groups of k draws, and its standard error.
 * @param {Gaussian} q
 * @param {Seen} seen
 * @param {number} k
 * @param {number[]} eps standard normal, two groups at least
 */
export function drawnBound(q, seen, k, eps) {
  const groups = Math.floor(eps.length / k);
  let sum = 0;
  let squares = 0;
  const logs = new Float64Array(k);
  for (let group = 0; group < groups; group++) {
    for (let i = 0; i < k; i++) {
      const z = q.mu + q.sigma * eps[group * k + i];
      logs[i] = logJoint(z, seen) - logDensity(z, q);
    }
    const most = logs.reduce((a, b) => Math.max(a, b));
    const one = most + Math.log(logs.reduce((total, log) => total + Math.exp(log - most), 0) / k);
    sum += one;
    squares += one * one;
  }
  const mean = sum / groups;
  return { mean, error: Math.sqrt(Math.max(0, squares / groups - mean * mean) / (groups - 1)) };
}
