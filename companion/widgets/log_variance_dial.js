// One spread, written down as its variance and as the logarithm of it: the same loss, the same gradient steps, and one
// axis of sigma on which both are seen.

import { bind, requireNumbers } from "./js/bind.js";
import { disc, makeChart, square } from "./js/chart.js";
import { element, makeButton, makeCell, put, write } from "./js/dom.js";
import { box, controls, headRow, makeSaid, note, numberTable, row } from "./js/layout.js";
import { clamp, number } from "./js/numbers.js";
import { makeSlider } from "./js/slider.js";

/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/chart.js").Chart} Chart */
/** @typedef {import("./js/geometry.js").Point} Point */

const LEFT = -5.95; // of the charts, in log2 sigma
const WALL = -5.15; // left of it no sigma is meant: a variance below 0 has none
/** @type {import("./js/numbers.js").Range} */
const AXIS = [-5, 1.1]; // log2 of the sigmas that are shown
const LEAST_HEIGHT = 3.6; // nats that the loss chart shows at least
const LEAST_STEPS = 20; // that the other one shows at least
const MOST = 200; // steps
const NEAR = 0.005; // of log sigma from the minimum: settled
const HELP =
  "L″ is the curvature of the loss at its minimum, in the dial's own number. " +
  "On its way: the rate can settle, and has not yet. Survives: a σ still, but the rate is too large to settle.";

/**
 * A number that tells sigma, and the loss in it.
 * @typedef {object} Dial
 * @property {string} name
 * @property {string} title
 * @property {string} means
 * @property {number} start where sigma is 1
 * @property {(value: number) => number} sigma
 * @property {(value: number, cost: number) => number} slope of the loss
 * @property {(cost: number) => number} curvature of the loss at its minimum
 * @property {(x: number, y: number, r: number) => string} mark
 */
/** @type {Dial[]} */
const DIALS = [
  {
    name: "variance",
    title: "raw variance",
    means: "a = σ²",
    start: 1,
    sigma: Math.sqrt,
    slope: (a, cost) => (a > 0 ? (cost + 1 - 1 / a) / 2 : Number.NaN),
    curvature: (cost) => (1 + cost) ** 2 / 2,
    mark: (x, y, r) => square(x, y, 1.25 * r), // seen where the disc lies on it
  },
  {
    name: "logvar",
    title: "log-variance",
    means: "v = log σ²",
    start: 0,
    sigma: (v) => Math.exp(v / 2),
    slope: (v, cost) => ((cost + 1) * Math.exp(v) - 1) / 2,
    curvature: () => 1 / 2,
    mark: disc,
  },
];

/** @typedef {{ cost: number, rate: number, steps: number }} State */
/**
 * Where a dial has come.
 * @typedef {object} Walk
 * @property {number[]} path its number at the start and after each step
 * @property {number[]} sigmas
 * @property {number} broken the first step without a finite loss, −1 for none
 * @property {string} status
 */

/** @type {(cost: number) => number} */
const bestSigma = (cost) => 1 / Math.sqrt(1 + cost);

/** Nats: cost/2 sigma², and the KL of N(0, sigma²) to N(0, 1). @type {(sigma: number, cost: number) => number} */
const lossOf = (sigma, cost) => (cost / 2) * sigma ** 2 + (sigma ** 2 - 1) / 2 - Math.log(sigma);

/** @type {(dial: Dial, state: State) => Walk} */
function walk(dial, { cost, rate, steps }) {
  const path = [dial.start];
  for (let k = 0; k < steps; k++) path.push(path[k] - rate * dial.slope(path[k], cost));
  const sigmas = path.map(dial.sigma);
  const broken = sigmas.findIndex((sigma) => !Number.isFinite(lossOf(sigma, cost)));
  const status = () => {
    if (broken >= 0) return `${number(lossOf(sigmas[broken], cost))} at step ${broken}`;
    if (steps === 0) return "starts";
    if (rate * dial.curvature(cost) >= 2) return "survives";
    return Math.abs(Math.log(sigmas[steps] / bestSigma(cost))) < NEAR ? "settles" : "on its way";
  };
  return { path, sigmas, broken, status: status() };
}

/**
 * "0.283", and for very small or large ones "1.3e−7".
 * @param {number} value
 */
function figure(value) {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || value === 0 || (size >= 0.001 && size < 1e5)) return number(value, 3);
  return value.toExponential(1).replaceAll("-", "−").replace("+", "");
}

/** Where a sigma stands along the axis; without one, behind the wall. @type {(sigma: number) => number} */
const along = (sigma) => (Number.isNaN(sigma) ? (LEFT + WALL) / 2 : clamp(Math.log2(sigma), AXIS));

/** @type {(tag: import("./js/dom.js").SvgTag, kind: string) => SVGElement} */
const part = (tag, kind) => element(tag, { class: `explorable-${kind}` });

/**
 * A chart over sigma, with what stands below every other thing on it: the wall, and a line at the minimum.
 * @param {View} view
 * @param {Omit<import("./js/chart.js").ChartOptions, "x" | "titleAt">} options
 */
function makeSigmaChart(view, options) {
  const nameX = (/** @type {number} */ power) => (power < 0 ? `1/${2 ** -power}` : `${2 ** power}`);
  const chart = makeChart(view, { x: [LEFT, AXIS[1]], titleAt: AXIS[0], nameX, ...options });
  const wall = part("rect", "wall");
  const best = part("path", "dashes");
  chart.area.append(wall, best);
  /** @param {number} cost */
  const ground = (cost) => {
    const [x, floor] = [chart.at(LEFT), chart.height - chart.bottom];
    put(wall, { x, y: chart.top, width: chart.at(WALL) - x, height: floor - chart.top });
    put(best, { d: `M${chart.at(along(bestSigma(cost)))} ${chart.top}V${floor}` });
  };
  return { chart, ground };
}

/**
 * The loss, one curve for both dials, and where each of them stands on it.
 * @param {View} view
 * @param {() => void} draw
 */
function makeLoss(view, draw) {
  const label = "Loss against sigma, the same curve for both dials";
  const { chart, ground } = makeSigmaChart(view, {
    y: [0, 1],
    height: 164,
    bottom: 18,
    label,
    title: "loss, nats",
    draw,
  });
  const curve = part("path", "curve");
  const behind = element("text", { class: "explorable-behind", "text-anchor": "middle" }, "variance below 0: NaN");
  const best = element("text", { "text-anchor": "middle" });
  const marks = DIALS.map(({ name }) => part("path", `mark explorable-${name}`));
  const far = DIALS.map(() => part("text", "far"));
  chart.area.append(curve, behind);
  chart.svg.append(best, ...marks, ...far);

  /** @type {(walk: Walk, i: number, cost: number) => void} */
  const placeMark = ({ sigmas, broken }, i, cost) => {
    const sigma = sigmas[sigmas.length - 1];
    const [x, y] = [chart.at(along(sigma)), chart.up(Math.min(lossOf(sigma, cost), chart.y[1]))];
    const beyond = Math.sign(Math.log2(sigma) - along(sigma)) || 0;
    put(marks[i], { d: broken < 0 ? DIALS[i].mark(x, y, 6) : "" }); // a NaN stands nowhere
    const text = `σ = ${figure(sigma)}`;
    write(far[i], broken >= 0 || beyond === 0 ? "" : beyond < 0 ? `◂ ${text}` : `${text} ▸`);
    if (beyond !== 0) {
      put(far[i], { x: x - 12 * beyond, y: Math.max(y, 20) + 4, "text-anchor": beyond > 0 ? "end" : "start" });
    }
  };
  return {
    root: chart.root,
    /** @type {(state: State, walks: Walk[]) => void} */
    place({ cost }, walks) {
      chart.y = [0, Math.max(LEAST_HEIGHT, 1.15 * lossOf(1, cost))];
      chart.frame();
      ground(cost);
      const powers = Array.from({ length: 130 }, (_, i) => WALL + i / 20);
      put(curve, { d: chart.path(powers.map((power) => [power, lossOf(2 ** power, cost)])) });
      const [x, y] = [chart.at((LEFT + WALL) / 2) + 4, (chart.top + chart.height - chart.bottom) / 2];
      put(behind, { x, y, transform: `rotate(-90 ${x} ${y})` });
      const middle = Math.min(chart.at(along(bestSigma(cost))), chart.width - 66);
      write(best, `minimum: σ = ${number(bestSigma(cost), 3)}`);
      put(best, { x: middle, y: chart.height - 4 });
      walks.forEach((walk, i) => {
        placeMark(walk, i, cost);
      });
    },
  };
}

/**
 * The way of both dials, a step below the other.
 * @param {View} view
 * @param {() => void} draw
 */
function makeWays(view, draw) {
  const label = "Sigma of both dials after each step";
  const nameY = (/** @type {number} */ y) => number(-y, 0);
  const { chart, ground } = makeSigmaChart(view, { y: [0, 1], height: 196, label, title: "", draw, nameY });
  const lines = DIALS.map(({ name }) => part("path", `trail explorable-${name}`));
  const dots = DIALS.map(({ name }) => part("path", `dots explorable-${name}`));
  const cross = part("path", "cross");
  chart.area.append(...lines, ...dots, cross);
  /** @param {Walk} walk */
  const points = ({ sigmas, broken }) =>
    sigmas
      .slice(0, broken < 0 ? sigmas.length : broken + 1)
      .map((sigma, k) => [along(k === broken ? Number.NaN : sigma), -k]);
  return {
    root: chart.root,
    /** @type {(state: State, walks: Walk[]) => void} */
    place({ cost, steps }, walks) {
      const last = Math.max(LEAST_STEPS, steps);
      chart.y = [-1.03 * last, 0.04 * last];
      chart.frame();
      ground(cost);
      const ways = walks.map(points);
      ways.forEach((way, i) => {
        put(lines[i], { d: chart.path(way) });
        put(dots[i], { d: way.map(([x, y]) => DIALS[i].mark(chart.at(x), chart.up(y), steps > 50 ? 2 : 3)).join("") });
      });
      const fallen = walks.findIndex(({ broken }) => broken >= 0);
      const [x, y] = fallen < 0 ? [0, 0] : (ways[fallen].at(-1) ?? [0, 0]);
      put(cross, { d: fallen < 0 ? "" : `M${chart.at(x) - 7} ${chart.up(y) - 7}l14 14m0 -14l-14 14` });
    },
  };
}

const ROWS = { sigma: "σ now", number: "its number", next: "its next step", product: "rate × L″", verdict: "status" };

/** A column a dial: what it shows now. */
function makeReadings() {
  const cells = DIALS.map(() => Object.keys(ROWS).map((name) => makeCell({ class: `explorable-${name}` })));
  const heads = DIALS.map(({ name, title, means, mark }) => {
    const attributes = { viewBox: "0 0 12 12", class: `explorable-${name}`, "aria-hidden": "true" };
    const key = element("svg", attributes, element("path", { d: mark(6, 6, 4.5) }));
    return element("th", { scope: "col" }, title, element("span", {}, key, means));
  });
  const rows = Object.values(ROWS).map((text, i) =>
    row(
      text,
      cells.map((column) => column[i].root),
    ),
  );
  return {
    root: numberTable("explorable-two-dials", headRow(...heads), rows),
    /** @type {(state: State, walks: Walk[]) => void} */
    place({ cost, rate, steps }, walks) {
      walks.forEach(({ path, sigmas, broken, status }, i) => {
        const { slope, curvature } = DIALS[i];
        const step = -rate * slope(path[steps], cost);
        const texts = [
          figure(sigmas[steps]),
          figure(path[steps]),
          figure(step),
          figure(rate * curvature(cost)),
          status,
        ];
        texts.forEach((text, k) => {
          write(cells[i][k].text, text);
        });
        cells[i][texts.length - 1].root.classList.toggle("explorable-broken", broken >= 0);
      });
    },
  };
}

/** @type {(walks: Walk[]) => string} */
const sayWalks = (walks) => walks.map(({ status }, i) => `${DIALS[i].title}: ${status}`).join("; ");

/**
 * The two sliders, for the learning rate and for the noise cost.
 * @param {View} view
 * @param {() => string} say
 */
function makeSliders(view, say) {
  const rateOf = (/** @type {number} */ power) => Number((10 ** power).toPrecision(2));
  const rateText = (/** @type {number} */ power) => String(rateOf(power));
  const costText = (/** @type {number} */ cost) => number(cost, 0);
  const rate = makeSlider({
    label: "learning rate",
    min: -3,
    max: 1,
    step: 0.05, // so wide that no two steps are the same rate
    value: Math.log10(view.get("rate")),
    text: rateText,
    say: (power) => `${rateText(power)}; ${say()}`,
    moved: (power) => view.save({ rate: rateOf(power) }),
  });
  const cost = makeSlider({
    label: "noise cost c",
    min: 0,
    max: 50,
    step: 1,
    value: view.get("cost"),
    text: costText,
    say: (value) => `${costText(value)}; ${say()}`,
    moved: (value) => view.save({ cost: value }),
  });
  return {
    nodes: [rate.root, cost.root],
    /** @param {State} state */
    place(state) {
      rate.place(Math.log10(state.rate));
      cost.place(state.cost);
    },
  };
}

/**
 * @param {View} view
 * @param {HTMLElement} el
 */
function draw(view, el) {
  requireNumbers(view.model, "cost", "rate", "steps");
  const stateNow = () => ({ cost: view.get("cost"), rate: view.get("rate"), steps: view.get("steps") });
  const walksNow = () => DIALS.map((dial) => walk(dial, stateNow()));
  const said = makeSaid("explorable-unseen");
  const count = element("output", { class: "explorable-number", "aria-live": "off" });
  const go = (/** @type {number} */ steps) => {
    view.save({ steps: Math.min(MOST, steps) });
    const last = view.get("steps") === MOST ? ", the last" : "";
    write(said, `Step ${view.get("steps")}${last}. ${sayWalks(walksNow())}.`);
  };
  const buttons = controls(
    "Gradient steps",
    makeButton("one step", () => go(view.get("steps") + 1)),
    makeButton("20 steps", () => go(view.get("steps") + 20)),
    makeButton("restart", () => go(0)),
    count,
  );
  const update = () => {
    const state = stateNow();
    const walks = walksNow();
    for (const each of [sliders, loss, ways, readings]) each.place(state, walks);
    write(count, `step ${state.steps}`);
  };
  const sliders = makeSliders(view, () => sayWalks(walksNow()));
  const loss = makeLoss(view, () => update());
  const ways = makeWays(view, () => update());
  const readings = makeReadings();
  const under = element(
    "p",
    { class: "explorable-quiet explorable-under" },
    "steps go down; σ doubles from line to line",
  );
  el.append(
    box(
      "explorable explorable-dials",
      ...sliders.nodes,
      buttons,
      loss.root,
      ways.root,
      under,
      readings.root,
      said,
      note(HELP),
    ),
  );
  update();
  view.listen(["cost", "rate", "steps"], view.oncePerFrame(update));
}

/** @param {Host} host */
const render = ({ model, el }) => bind(model, (view) => draw(view, el));

export default { render };
