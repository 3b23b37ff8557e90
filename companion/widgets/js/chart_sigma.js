// A handle on a chart that pulls the sigma of a bell, on a stalk from the bell at one sigma.

import { addChartHandle } from "./chart.js";
import { element, put } from "./dom.js";
import { clamp } from "./numbers.js";
import { FACTOR, makeReach, sideOf } from "./sigma_reach.js";

/** @typedef {import("./chart.js").Chart} Chart */
/** @typedef {import("./numbers.js").Range} Range */

/**
 * @typedef {object} ChartSigmaOptions
 * @property {string} label
 * @property {Range} sigmas what a sigma may be
 * @property {Range} reach how far from the mean the handle stands for these two
 * @property {number} room a mean beyond this has its handle on the other side
 * @property {(sigma: number) => string} describe
 * @property {(sigma: number) => void} pulled
 */

/**
 * A handle for the sigma of a bell over x: `place(mu, sigma, height)` with the height of the bell at one sigma.
 * @param {Chart} chart
 * @param {ChartSigmaOptions} options
 */
export function addChartSigma(chart, { label, sigmas, reach, room, describe, pulled }) {
  let mean = 0;
  const law = makeReach(sigmas, reach);
  const side = () => sideOf(mean, room);
  const stalk = element("path", { class: "explorable-stalk" });
  chart.area.append(stalk);
  const handle = addChartHandle(chart, {
    label,
    min: sigmas[0],
    max: sigmas[1],
    factor: FACTOR,
    kind: "stretch",
    fromX: (x) => law.sigmaAt(side() * (x - mean)),
    moved: (sigma) => pulled(clamp(sigma, sigmas)),
    describe,
  });
  return {
    handle,
    /** @type {(mu: number, sigma: number, height: number) => void} */
    place(mu, sigma, height) {
      mean = mu;
      const end = mu + side() * law.of(sigma);
      put(stalk, {
        d: chart.path([
          [mu + side() * sigma, height],
          [end, height],
        ]),
      });
      handle.place(sigma, end, height);
    },
  };
}
