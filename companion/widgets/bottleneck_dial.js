// The bottleneck dial: numbers of a code and bits of each; reconstruction, residual, code and error move together.

import { bind } from "./js/bind.js";
import { disc, makeChart } from "./js/chart.js";
import { element, put, write } from "./js/dom.js";
import { box, heading, makeDescriptions, makeSaid, note } from "./js/layout.js";
import { clamp, number } from "./js/numbers.js";
import { digitCanvas, paintDigit, paintSigned, SIDE, storedInk } from "./js/pictures.js";
import { roundCode, roundShare, shares, UNROUNDED } from "./js/rounding.js";
import { makeSlider, makeStops } from "./js/slider.js";
import { capital, makeThumbs } from "./js/thumbs.js";
import { bytes, decode, weightsOnDemand } from "./js/weights.js";

/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/geometry.js").Point} Point */

/**
 * One model of the family, as bottleneck_dial.py stores it.
 * @typedef {object} Stage
 * @property {number} latent_dim
 * @property {number[]} errors mean over many images, with each of BITS
 * @property {number[][]} codes of the images
 * @property {number[]} low
 * @property {number[]} high
 */
/** @typedef {{ stage: number, bits: number, image: number }} State */

const BITS = [1, 2, 3, 4, 5, 6, 7, 8, UNROUNDED];
const FINEST = 4; // bits of a number whose levels are drawn
const REACH = 30; // pixels from a point of the curve that still press it
const SLOTS = 8; // numbers of a code that its picture has room for at least
const HELP =
  "Move the dials, also with the arrow keys, or press a point of the curve. 64 bits: a number as it is, not rounded. " +
  "Residual: reconstruction minus original, violet where ink is too much, orange where it is missing. " +
  "Code: each number in its own range, a bar to its level, a line at the number before rounding.";

/** @type {(n: number, one: string) => string} */
const plural = (n, one) => `${n} ${n === 1 ? one : `${one}s`}`;

/** @type {(dim: number, bits: number) => string} */
const total = (dim, bits) => `${plural(dim, "number")} × ${plural(bits, "bit")}`;

/** @type {(stage: Stage, bits: number) => number} */
const errorAt = ({ errors }, bits) => errors[BITS.indexOf(bits)];

/**
 * The squared error of an image, summed over its pixels.
 * @param {Float64Array} x
 * @param {Float64Array} other
 */
function squaredError(x, other) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (other[i] - x[i]) ** 2;
  return sum;
}

/**
 * The two dials, with the names of their stops below.
 * @param {View} view
 * @param {Stage[]} stages
 */
function makeDials(view, stages) {
  const cost = (/** @type {number} */ stage, /** @type {number} */ bits) => {
    const kind = bits === UNROUNDED ? ", unrounded" : "";
    return `${stages[stage].latent_dim * bits} bits${kind}, mean squared error ${number(errorAt(stages[stage], bits), 1)}`;
  };
  const sayNumbers = (/** @type {number} */ stage, /** @type {number} */ bits) =>
    `${plural(stages[stage].latent_dim, "number")}, of ${plural(bits, "bit")} each: ${cost(stage, bits)}`;
  const sayBits = (/** @type {number} */ stage, /** @type {number} */ bits) =>
    `${plural(bits, "bit")}, for each of ${plural(stages[stage].latent_dim, "number")}: ${cost(stage, bits)}`;
  const numbers = makeSlider({
    label: "numbers",
    min: 0,
    max: stages.length - 1,
    step: 1,
    value: view.get("stage"),
    text: (i) => `${stages[i].latent_dim}`,
    say: (i) => sayNumbers(i, view.get("bits")),
    moved: (stage) => view.save({ stage }),
  });
  const bits = makeSlider({
    label: "bits each",
    min: 0,
    max: BITS.length - 1,
    step: 1,
    value: BITS.indexOf(view.get("bits")),
    text: (i) => `${BITS[i]}`,
    say: (i) => sayBits(view.get("stage"), BITS[i]),
    moved: (i) => view.save({ bits: BITS[i] }),
  });
  return {
    root: box(
      "explorable-bottleneck-dials",
      numbers.root,
      makeStops(stages.map((stage) => stage.latent_dim)),
      bits.root,
      makeStops(BITS),
    ),
    /** @param {State} state */
    place(state) {
      numbers.place(state.stage);
      bits.place(BITS.indexOf(state.bits));
    },
  };
}

/**
 * The images to choose from.
 * @param {Float64Array[]} images
 * @param {string[]} titles
 * @param {(i: number) => void} choose
 */
function makeChoices(images, titles, choose) {
  const thumbs = makeThumbs(images, titles, capital, choose);
  const attributes = { class: "explorable-choices", role: "group", "aria-label": "Test image" };
  return { root: element("div", attributes, ...thumbs.buttons), place: thumbs.place };
}

/**
 * Original, reconstruction and residual, beside them the code.
 * @param {Element} code
 */
function makePictures(code) {
  const original = digitCanvas("original");
  const reconstruction = digitCanvas("reconstruction");
  const residual = digitCanvas("residual: reconstruction minus original");
  residual.classList.add("explorable-signed");
  const named = (/** @type {string} */ name, /** @type {Element} */ node) =>
    box("", element("p", { class: "explorable-quiet", "aria-hidden": "true" }, name), node);
  const root = box(
    "explorable-views",
    named("original", original),
    named("reconstruction", reconstruction),
    named("residual", residual),
    code,
  );
  return {
    root,
    /**
     * What was decoded stays, pale, while the decoder of another one is on its way.
     * @type {(x: Float64Array, decoded: Float64Array | null) => void}
     */
    place(x, decoded) {
      root.classList.toggle("explorable-waiting", !decoded);
      put(root, { "aria-busy": !decoded });
      paintDigit(original, x);
      if (!decoded) return;
      paintDigit(reconstruction, decoded);
      paintSigned(
        residual,
        decoded.map((value, i) => value - x[i]),
      );
    },
  };
}

/**
 * The code: a bar for each number from the lower end of its range to its level, a line at the number before rounding.
 */
function makeCode() {
  const levels = element("path", { class: "explorable-grid" });
  const bars = element("path", { class: "explorable-bars" });
  const exact = element("path", { class: "explorable-exact" });
  const svg = element("svg", { preserveAspectRatio: "none", "aria-hidden": "true" }, levels, bars, exact);
  return {
    root: box(
      "explorable-code",
      element("p", { class: "explorable-quiet" }, "code"),
      element("div", { class: "explorable-code-box", role: "img", "aria-label": "The code" }, svg),
    ),
    /** @type {(stage: Stage, bits: number, image: number) => void} */
    place({ latent_dim: dim, codes, low, high }, bits, image) {
      const before = shares(codes[image], low, high);
      const clipped = before.map((share) => clamp(share, [0, 1]));
      const kept = clipped.map((share) => roundShare(share, bits));
      const steps = bits <= FINEST ? 2 ** bits : 1;
      const edges = Array.from({ length: steps + 1 }, (_, k) => `M0 ${k / steps}H${dim}`);
      put(svg, { viewBox: `0 0 ${Math.max(dim, SLOTS)} 1` });
      put(levels, { d: edges.join("") });
      put(bars, { d: kept.map((share, i) => `M${i + 0.15} 1h.7v${-share}h-.7z`).join("") });
      put(exact, { d: clipped.map((share, i) => `M${i + 0.05} ${1 - share}h.9`).join("") });
    },
  };
}

const TERMS = {
  bits: "size of the code",
  own: "error of this image",
  mean: "mean of test images",
};

/** What the code takes, and the two errors. */
function makeReadings() {
  const cells = makeDescriptions(["bits", "own", "mean"]);
  const terms = Object.values(TERMS).map((text) => element("dt", {}, text));
  const pairs = Object.values(cells).map((cell, i) => box("", terms[i], cell));
  return {
    root: element("dl", { class: "explorable-figures explorable-three" }, ...pairs),
    /** @type {(stage: Stage, bits: number) => void} */
    place(stage, bits) {
      write(cells.bits, `${stage.latent_dim} × ${plural(bits, "bit")} = ${plural(stage.latent_dim * bits, "bit")}`);
      write(cells.mean, number(errorAt(stage, bits), 1));
    },
    /** @param {number | null} error */
    placeOwn: (error) => write(cells.own, error === null ? "…" : number(error, 1)),
  };
}

/**
 * Where a stage stands with each of BITS: the bits of the code, in doublings, and the mean error.
 * @param {Stage} stage
 * @returns {Point[]}
 */
const pointsOf = (stage) => BITS.map((bits) => [Math.log2(stage.latent_dim * bits), errorAt(stage, bits)]);

/**
 * The lines of error against bits, one a stage; the current one stands out, and its point is marked. Pressing a point
 * gives it to `chosen`.
 * @param {View} view
 * @param {Stage[]} stages
 * @param {(stage: number, bits: number) => void} chosen
 */
function makeCurve(view, stages, chosen) {
  const all = stages.map(pointsOf);
  const widest = Math.log2(UNROUNDED * stages[stages.length - 1].latent_dim);
  const highest = 1.06 * Math.max(...stages.flatMap((stage) => stage.errors));
  const lines = stages.map(() => element("path", { class: "explorable-line" }));
  const dots = stages.map(() => element("path", { class: "explorable-stop" }));
  const names = stages.map((stage) =>
    element("text", { class: "explorable-name", "text-anchor": "middle" }, stage.latent_dim),
  );
  const mark = element("circle", { class: "explorable-mark", r: 7 });
  const chart = makeChart(view, {
    x: [-0.4, widest + 0.6],
    y: [0, highest],
    height: 240,
    label: "Squared error and bits",
    title: "",
    draw: () => draw(),
    nameX: (value) => `${2 ** value}`,
  });
  chart.area.append(...lines, ...dots, ...names, mark);
  chart.root.setAttribute("role", "img");
  chart.root.classList.add("explorable-pressed");

  /** @type {(point: Point) => Point} */
  const pixel = ([x, y]) => [chart.at(x), chart.up(y)];
  chart.root.addEventListener("click", (event) => {
    const { left, top } = chart.root.getBoundingClientRect();
    let nearest = REACH;
    let found = null;
    all.forEach((points, stage) => {
      points.forEach((point, k) => {
        const [x, y] = pixel(point);
        const distance = Math.hypot(event.clientX - left - x, event.clientY - top - y);
        if (distance < nearest) {
          nearest = distance;
          found = [stage, BITS[k]];
        }
      });
    });
    if (found) chosen(found[0], found[1]);
  });

  /** @type {State} */
  let current = { stage: 0, bits: 1, image: 0 };
  const placeMark = () => {
    const { stage, bits } = current;
    const [cx, cy] = pixel(all[stage][BITS.indexOf(bits)]);
    put(mark, { cx, cy });
    stages.forEach((_, i) => {
      const own = i === stage;
      lines[i].classList.toggle("explorable-own", own);
      dots[i].classList.toggle("explorable-own", own);
      names[i].classList.toggle("explorable-own", own);
    });
    const { latent_dim: dim } = stages[stage];
    const error = number(errorAt(stages[stage], bits), 1);
    const label = `Squared error against bits: ${total(dim, bits)} stand at ${dim * bits} bits and error ${error}`;
    put(chart.root, { "aria-label": label });
  };
  const draw = () => {
    chart.frame();
    all.forEach((points, i) => {
      const [x, y] = pixel(points[points.length - 1]);
      put(lines[i], { d: chart.path(points) });
      put(dots[i], { d: points.map((point) => disc(...pixel(point), 3.5)).join("") });
      put(names[i], { x, y: y - 9 });
    });
    placeMark();
  };
  return {
    root: chart.root,
    /** @param {State} state */
    place(state) {
      current = state;
      placeMark();
    },
  };
}

/**
 * @param {View} view
 * @param {HTMLElement} el
 */
function draw(view, el) {
  /** @type {Stage[]} */
  const stages = view.get("stages");
  const levels = bytes(view.get("pictures"));
  const count = levels.length / (SIDE * SIDE) - 1;
  const images = Array.from({ length: count }, (_, i) => storedInk(levels, i));
  const stored = storedInk(levels, count);
  /** @type {number[]} */
  const start = view.get("start");
  const status = makeSaid();
  const dials = makeDials(view, stages);
  const choices = makeChoices(images, view.get("titles"), (image) => view.save({ image }));
  const code = makeCode();
  const pictures = makePictures(code.root);
  const readings = makeReadings();
  const curve = makeCurve(view, stages, (stage, bits) => view.save({ stage, bits }));
  const stateNow = () => ({ stage: view.get("stage"), bits: view.get("bits"), image: view.get("image") });

  /** @type {(state: State) => Float64Array | null} */
  const reconstruct = ({ stage, bits, image }) => {
    if (start[0] === stage && start[1] === bits && start[2] === image) return stored;
    const layers = decoders.get(stage);
    if (!layers) return null;
    const { codes, low, high } = stages[stage];
    const shown = decode(layers, roundCode(codes[image], bits, low, high));
    return shown.map((value) => Math.round(255 * value) / 255); // what is painted, as in the stored one
  };
  const update = () => {
    const state = stateNow();
    const stage = stages[state.stage];
    const x = images[state.image];
    dials.place(state);
    choices.place(state.image);
    code.place(stage, state.bits, state.image);
    readings.place(stage, state.bits);
    curve.place(state);
    const decoded = reconstruct(state);
    pictures.place(x, decoded);
    readings.placeOwn(decoded && squaredError(x, decoded));
    if (!decoded) decoders.want(state.stage);
  };
  const redraw = view.oncePerFrame(update);
  const decoders = weightsOnDemand(view.model, view.get("decoders"), {
    came(stage) {
      if (status.firstChild) write(status, ""); // an earlier one had failed
      if (stage === view.get("stage")) redraw();
    },
    failed(stage) {
      const { latent_dim: dim } = stages[stage];
      write(status, `The decoder of ${dim} numbers could not be loaded: its pictures are missing.`);
    },
  });
  const under = element("p", { class: "explorable-quiet explorable-under" }, "bits of the code; a line for each size");
  el.append(
    box(
      "explorable explorable-bottleneck",
      choices.root,
      dials.root,
      pictures.root,
      readings.root,
      heading("Squared error against bits"),
      curve.root,
      under,
      status,
      note(HELP),
    ),
  );
  update();
  view.listen(["stage", "bits", "image"], redraw);
}

/** @param {Host} host */
const render = ({ model, el }) => bind(model, (view) => draw(view, el));

export default { render };
