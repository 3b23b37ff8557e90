// The log-variance dial beside the variance dial: one loss, one Gaussian, two rulers for it, plain gradient steps on
// each.

import { bind, requireNumbers } from "./js/bind.js";
import { addChartHandle, makeChart } from "./js/chart.js";
import { element, makeButton, put, write } from "./js/dom.js";
import { box, columns, heading, makeDescriptions, makeSaid, note } from "./js/layout.js";
import { clamp, number, thousandths } from "./js/numbers.js";
import { makeSlider } from "./js/slider.js";

/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/chart.js").Chart} Chart */
/** @typedef {import("./js/geometry.js").Point} Point */
/** @typedef {import("./js/numbers.js").Range} Range */

const WIDEST = 1.6; // the largest variance that a hand can set on either dial
const SHOWN = 200; // steps of the trail
const LONGEST = 70; // pixels that half a tangent may rise by
const LEAST_HEIGHT = 3.6; // nats that the picture shows at least
const HELP =
  "Both dials have the same loss, ½ c σ² + KL, and take the same gradient step. The ring on the ruler shows where the " +
  "next one lands. Drag a dot along its curve, or use the arrow keys.";

/**
 * What a dial's number means, and how fast sigma and log sigma squared move with it.
 * @typedef {object} Dial
 * @property {string} name the trait that holds the numbers it has stood at
 * @property {string} title
 * @property {string} symbol
 * @property {string} means
 * @property {Range} x
 * @property {number} titleAt
 * @property {(value: number) => number} sigma
 * @property {(value: number) => number} logvar
 * @property {(value: number) => number} sigmaSlope
 * @property {(value: number) => number} logvarSlope
 * @property {(v: number) => number} fromLogvar
 */

/** @type {Dial} */
const VARIANCE = {
  name: "variance",
  title: "variance dial",
  symbol: "a",
  means: "a = σ²",
  x: [-0.5, WIDEST],
  titleAt: 0,
  sigma: Math.sqrt,
  logvar: Math.log,
  sigmaSlope: (a) => 0.5 / Math.sqrt(a),
  logvarSlope: (a) => 1 / a,
  fromLogvar: Math.exp,
};
/** @type {Dial} */
const LOGVAR = {
  name: "logvar",
  title: "log-variance dial",
  symbol: "v",
  means: "v = log σ²",
  x: [-7, Math.log(WIDEST)],
  titleAt: -7,
  sigma: (v) => Math.exp(0.5 * v),
  logvar: (v) => v,
  sigmaSlope: (v) => 0.5 * Math.exp(0.5 * v),
  logvarSlope: () => 1,
  fromLogvar: (v) => v,
};

/**
 * Noise cost c/2 sigma² plus the KL of N(0, sigma²) to N(0, 1), in nats, and its slope in the dial's own number by the
 * chain rule.
 * @param {Dial} dial
 * @param {number} value
 * @param {number} cost
 */
function objective(dial, value, cost) {
  const sigma = dial.sigma(value);
  const logvar = dial.logvar(value);
  return {
    sigma,
    loss: (cost / 2) * sigma ** 2 + 0.5 * (Math.exp(logvar) - 1 - logvar),
    slope: cost * sigma * dial.sigmaSlope(value) + 0.5 * (Math.exp(logvar) - 1) * dial.logvarSlope(value),
  };
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

/**
 * Points of the loss curve, close together at the wall.
 * @param {Dial} dial
 * @param {number} cost
 * @returns {Point[]}
 */
function lossCurve(dial, cost) {
  /** @type {Point[]} */
  const points = [];
  for (let v = -90; v < LOGVAR.x[1] + 0.02; v += v < -8 ? 1 : 0.04) {
    const value = dial.fromLogvar(v);
    points.push([value, objective(dial, value, cost).loss]);
  }
  return points;
}

/**
 * The bell of N(0, sigma²) from z = −2.5 to 2.5; one that is too high for its box is drawn as high as the box.
 * @param {number} sigma
 */
function bellPath(sigma) {
  if (!(sigma > 0) || sigma === Infinity) return "";
  const reach = Math.min(1, Math.max(sigma * 1.6, 0.02));
  const height = Math.min(58, 26 / sigma);
  const points = Array.from({ length: 161 }, (_, i) => {
    const z = ((i - 80) / 32) * reach;
    return [56 + 22.4 * z, 62 - height * Math.exp(-0.5 * (z / sigma) ** 2)];
  });
  return `M0 62L${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}L112 62Z`;
}

/** @param {Dial} dial */
function makeBell({ name, title }) {
  const bell = element("path", { class: `explorable-bell explorable-${name}` });
  const floor = element("path", { class: "explorable-grid", d: "M0 62.5H112" });
  const none = element("text", { x: 56, y: 42, "text-anchor": "middle" });
  const attributes = {
    class: "explorable-bell-box",
    viewBox: "0 0 112 64",
    role: "img",
    "aria-label": `Bell of the Gaussian on the ${title}`,
  };
  return {
    root: element("svg", attributes, bell, floor, none),
    /** @param {number} sigma */
    place(sigma) {
      put(bell, { d: bellPath(sigma) });
      write(none, Number.isNaN(sigma) ? "no Gaussian" : "");
    },
  };
}

/**
 * The bell that a dial describes, and its numbers.
 * @param {Dial} dial
 */
function makeReadings(dial) {
  const terms = { value: dial.means, sigma: "σ", loss: "loss", slope: `slope in ${dial.symbol}`, steps: "steps" };
  const cells = makeDescriptions(Object.keys(terms));
  const bell = makeBell(dial);
  const pairs = Object.entries(terms).flatMap(([name, text]) => [element("dt", {}, text), cells[name]]);
  return {
    root: box("explorable-reading", bell.root, element("dl", { class: "explorable-pairs" }, ...pairs)),
    /** @type {(numbers: Record<string, number>, steps: number) => void} */
    place(numbers, steps) {
      for (const [name, value] of Object.entries(numbers)) write(cells[name], figure(value));
      write(cells.steps, steps);
      bell.place(numbers.sigma);
    },
  };
}

/**
 * Part of a picture.
 * @param {import("./js/dom.js").SvgTag} tag
 * @param {string} kind
 */
const part = (tag, kind) => element(tag, { class: `explorable-${kind}` });

/**
 * Where the next step lands: the tangent at the dial, and on the ruler a line that ends in a ring.
 * @param {Chart} chart
 * @param {Dial} dial
 */
function makeNext(chart, dial) {
  const tangent = part("path", "dashes");
  const step = part("path", "arrow");
  const floor = chart.height - chart.bottom;

  /** @type {(value: number, next: number) => string} */
  const ruler = (value, next) => {
    const from = chart.at(clamp(value, dial.x));
    const to = chart.at(clamp(next, dial.x));
    const edge = Math.abs(to - from) > 4 ? to - 4 * Math.sign(to - from) : from;
    return `M${from} ${floor}H${edge}M${to - 4} ${floor}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0`;
  };
  /** @type {(value: number, loss: number, slope: number) => string} */
  const slopeLine = (value, loss, slope) => {
    const reach = 0.22 * (dial.x[1] - dial.x[0]);
    const rise = (chart.up(0) - chart.up(1)) * Math.abs(slope) * reach;
    const half = reach * Math.min(1, LONGEST / Math.max(1e-9, rise)); // a steep one is as long as a flat one
    return chart.path([
      [value - half, loss - half * slope],
      [value + half, loss + half * slope],
    ]);
  };
  /** @type {(value: number, numbers: { loss: number, slope: number }, rate: number) => void} */
  const place = (value, { loss, slope }, rate) => {
    const next = value - rate * slope;
    const shown = Number.isFinite(next) && Number.isFinite(loss) && value >= dial.x[0];
    step.setAttribute("d", shown ? ruler(value, next) : "");
    step.classList.toggle("explorable-fatal", dial === VARIANCE && next <= 0);
    tangent.setAttribute("d", shown ? slopeLine(value, loss, slope) : "");
  };
  return { tangent, step, place };
}

/**
 * What tells that the dial has left the picture: behind the wall a cross and "NaN", to the left its number.
 * @param {Chart} chart
 * @param {Dial} dial
 */
function makeMarks(chart, dial) {
  const cross = part("path", "cross");
  const nan = element("text", { class: "explorable-nan", "text-anchor": "middle" });
  const far = element("text", { class: "explorable-far" });
  /** @type {(broken: boolean, value: number, height: number) => void} */
  const place = (broken, value, height) => {
    const x = (chart.at(dial.x[0]) + chart.at(0)) / 2;
    const y = chart.height / 2;
    put(cross, { d: broken ? `M${x - 10} ${y - 10}l20 20m0 -20l-20 20` : "" });
    write(nan, broken ? "NaN" : "");
    write(far, !broken && value < dial.x[0] ? `◂ ${dial.symbol} = ${figure(value)}` : "");
    put(nan, { x, y: y + 32 });
    put(far, { x: chart.left + 16, y: Math.max(chart.top + 28, chart.up(height) - 12) });
  };
  return { nodes: [cross, nan, far], place };
}

/**
 * What stands still while the dial moves: the loss curve and, for a variance, the wall left of 0.
 * @param {Chart} chart
 * @param {Dial} dial
 */
function makeGround(chart, dial) {
  const wall = part("rect", "wall");
  const line = part("path", `curve explorable-${dial.name}`);
  /** @param {number} cost */
  const place = (cost) => {
    chart.y = [0, Math.max(LEAST_HEIGHT, objective(VARIANCE, WIDEST, cost).loss)];
    chart.frame();
    if (dial === VARIANCE) {
      const x = chart.at(dial.x[0]);
      put(wall, { x, y: chart.top, width: chart.at(0) - x, height: chart.height - chart.bottom - chart.top });
    }
    line.setAttribute("d", chart.path(lossCurve(dial, cost)));
  };
  return { nodes: [wall, line], place };
}

/**
 * The steps that were taken, joined by a line, a dot each.
 * @param {Chart} chart
 */
function makeTrail(chart) {
  const line = part("path", "trail");
  const dots = part("path", "dots");
  const dot = (/** @type {Point} */ [x, y]) =>
    `M${(chart.at(x) - 3).toFixed(1)} ${chart.up(y).toFixed(1)}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0`;
  /** @param {Point[]} visited the last one is where the dial stands */
  const place = (visited) => {
    put(line, { d: chart.path(visited) });
    put(dots, { d: visited.slice(0, -1).map(dot).join("") });
  };
  return { line, dots, place };
}

/**
 * One dial: its chart, its handle, its readings.
 * @param {View} view
 * @param {Dial} dial
 */
function makeDial(view, dial) {
  const { name } = dial;
  const costNow = () => view.get("cost");
  const objectiveAt = (/** @type {number} */ value) => objective(dial, value, costNow());
  /** @returns {number[]} */
  const read = () => view.get(name).map((/** @type {number | null} */ value) => value ?? Number.NaN); // no JSON has a NaN
  const chart = makeChart(view, {
    x: dial.x,
    y: [0, 8],
    height: 236,
    left: 30,
    bottom: 26,
    countX: 4,
    draw: () => redraw(),
    label: `Loss against ${dial.means}`,
    title: "loss, nats",
    titleAt: dial.titleAt,
  });
  const ground = makeGround(chart, dial);
  const trail = makeTrail(chart);
  const next = makeNext(chart, dial);
  const marks = makeMarks(chart, dial);
  chart.area.append(...ground.nodes, trail.line, next.tangent, trail.dots, ...marks.nodes);
  chart.svg.append(next.step);
  const handle = addChartHandle(chart, {
    label: `${dial.title}, ${dial.means}`,
    min: dial.x[0],
    max: dial.x[1],
    moved: (value) => view.save({ [name]: [thousandths(value)] }),
    describe(value) {
      const { sigma, loss } = objectiveAt(value);
      return `${dial.symbol} = ${figure(value)}, sigma ${figure(sigma)}, loss ${figure(loss)}`;
    },
  });
  const readings = makeReadings(dial);
  const root = box(`explorable-dial-${name}`, heading(dial.title), chart.root, readings.root);

  /**
   * Where a value of the dial stands on the picture; what has no loss stands on the ruler.
   * @param {number} value
   * @returns {Point}
   */
  const point = (value) => {
    const { loss } = objectiveAt(value);
    return [clamp(value, dial.x), Number.isNaN(loss) ? chart.y[0] : clamp(loss, chart.y)];
  };
  let shown = "";
  const update = () => {
    const state = JSON.stringify([view.get(name), costNow(), view.get("rate"), chart.framed]);
    if (state === shown) return; // it was the other dial that moved
    shown = state;
    const path = read();
    const value = path[path.length - 1];
    const numbers = objectiveAt(value);
    const broken = Number.isNaN(numbers.loss);
    /** @type {Point} */
    const stands = Number.isNaN(value) ? [clamp(path.at(-2) ?? 0, dial.x), chart.y[0]] : point(value);
    const valid = path.filter((a) => !Number.isNaN(a));
    trail.place(valid.slice(-SHOWN).map(point));
    handle.place(value, ...stands);
    root.classList.toggle("explorable-broken", broken);
    next.place(value, numbers, view.get("rate"));
    marks.place(broken, value, stands[1]);
    const { sigma, loss, slope } = numbers;
    readings.place({ value, sigma, loss, slope }, path.length - 1);
  };
  const redraw = () => {
    ground.place(costNow());
    update();
  };
  return {
    root,
    update,
    redraw,
    /** The numbers it has stood at after one more gradient step; a NaN, which JSON has not, is null and stays. */
    stepped() {
      const path = view.get(name);
      const value = path.at(-1) ?? Number.NaN;
      if (Number.isNaN(value)) return path;
      const after = value - view.get("rate") * objectiveAt(value).slope;
      return [...path, Number.isFinite(after) ? after : null];
    },
    /** What a screen reader is told. */
    say() {
      const value = read().at(-1) ?? Number.NaN;
      return `${dial.symbol} = ${figure(value)}, loss ${figure(objectiveAt(value).loss)}`;
    },
  };
}

/**
 * The two sliders, for the learning rate and for the noise cost.
 * @param {View} view
 */
function makeSliders(view) {
  const rateOf = (/** @type {number} */ power) => Number((10 ** power).toPrecision(2));
  const rate = makeSlider({
    label: "learning rate",
    min: -3,
    max: 0,
    step: 0.02,
    value: Math.log10(view.get("rate")),
    text: (power) => String(rateOf(power)),
    moved: (power) => view.save({ rate: rateOf(power) }),
  });
  const cost = makeSlider({
    label: "noise cost c",
    min: 0,
    max: 50,
    step: 1,
    value: view.get("cost"),
    text: (value) => number(value, 0),
    moved: (value) => view.save({ cost: value }),
  });
  return { rate, cost };
}

/**
 * The buttons, and what they say.
 * @param {View} view
 * @param {ReturnType<typeof makeDial>[]} dials
 */
function makeButtons(view, dials) {
  const said = makeSaid("explorable-status");
  const tell = () => {
    const wall = view.get("variance").findIndex((/** @type {number | null} */ value) => value === null || value <= 0);
    const over = ` The variance dial went over the wall at step ${wall}: square root and logarithm are NaN.`;
    said.textContent = `${dials.map((dial) => dial.say()).join("; ")}.${wall > 0 ? over : ""}`;
  };
  const go = (/** @type {number} */ steps) => {
    for (let i = 0; i < steps; i++) {
      const [variance, logvar] = dials.map((dial) => dial.stepped());
      view.model.set("variance", variance);
      view.model.set("logvar", logvar);
    }
    view.model.save_changes();
    tell();
  };
  const restart = () => {
    const start = view.get("start");
    view.save({ variance: [start], logvar: [Math.log(start)] });
    tell();
  };
  const root = box(
    "explorable-controls",
    makeButton("gradient step", () => go(1)),
    makeButton("10 steps", () => go(10)),
    makeButton("restart", restart),
  );
  return { root, said };
}

/**
 * @param {View} view
 * @param {HTMLElement} el
 */
function draw(view, el) {
  requireNumbers(view.model, "cost", "rate", "start");
  const dials = [makeDial(view, VARIANCE), makeDial(view, LOGVAR)];
  const { rate, cost } = makeSliders(view);
  const buttons = makeButtons(view, dials);
  el.append(
    box(
      "explorable explorable-dials",
      buttons.root,
      rate.root,
      cost.root,
      columns(...dials.map((dial) => dial.root)),
      buttons.said,
      note(HELP),
    ),
  );
  const redrawAll = () => {
    for (const dial of dials) dial.redraw();
  };
  const update = view.oncePerFrame(() => {
    for (const dial of dials) dial.update();
  });
  const whole = view.oncePerFrame(redrawAll);
  redrawAll();
  view.listen(["variance", "logvar"], update);
  view.listen(["rate"], () => {
    rate.place(Math.log10(view.get("rate")));
    update();
  });
  view.listen(["cost"], () => {
    cost.place(view.get("cost"));
    whole();
  });
}

/** @param {Host} host */
const render = ({ model, el }) => bind(model, (view) => draw(view, el));

export default { render };
