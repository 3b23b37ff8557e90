// The beta slider: one knob moves the latent map, the reconstructions, the samples and the point on the curve together.

import { bind } from "./js/bind.js";
import { makeChart } from "./js/chart.js";
import { paintCodes, unpackCodes } from "./js/codes.js";
import { makeNormal } from "./js/dice.js";
import { element, makeButton, put, write } from "./js/dom.js";
import { whenIdle } from "./js/frames.js";
import { box, columns, heading, makeDescriptions, note } from "./js/layout.js";
import { makeEllipses, overlay } from "./js/lines.js";
import { number } from "./js/numbers.js";
import { digitCanvas, paintDigit, storedInk } from "./js/pictures.js";
import { makePlane, paintGrid, paintTicks } from "./js/plane.js";
import { makeSlider, makeStops } from "./js/slider.js";
import { bytes, decode, weightsOnDemand } from "./js/weights.js";

/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/geometry.js").Point} Point */
/** @typedef {ReturnType<typeof weightsOnDemand>} Decoders */

/**
 * One model of the family, as beta_slider.py stores it: codes across [-reach, reach], means of the shown digits.
 * @typedef {object} Stage
 * @property {number} beta
 * @property {number} rate nats
 * @property {number} distortion nats
 * @property {number} reach
 * @property {unknown} codes
 * @property {Point[]} means
 */

const SHOWN = 6;
const LETTERS = 11; // of a map of 300 pixels
const SMALLEST = 9.5; // pixels of the page
const NARROW = 240; // pixels of the curve's width, as on a phone
const COLLAPSED = 0.5; // codes all as near as this to the origin would write ten labels in one place
const HELP =
  "Move the slider, also with the arrow keys. Dashed: the prior at one and two sigma. Orange: the six draws. " +
  "Each β has a map of its own scale. A number stands at the middle of its digit's codes, or beside it where several meet.";

/**
 * What stands still on the map of a stage: painted when it is first asked for, and after `forget`.
 * @param {Stage} stage
 * @param {Uint8Array} labels
 */
function makeGround({ reach, codes }, labels) {
  const every = reach < 8 ? 1 : 5;
  const points = unpackCodes(codes, -reach, reach);
  const spread = Math.max(...points.map((point) => Math.hypot(...point)));
  /** @type {HTMLCanvasElement | null} */
  let painted = null;
  return {
    has: () => painted !== null,
    forget() {
      painted = null;
    },
    /**
     * The picture, in the colours that `root`, an element of the page, has now, and with letters of a size.
     * @param {Element} root
     * @param {number} letters of a plane of 300
     */
    get(root, letters) {
      if (painted) return painted;
      const plane = makePlane({ low: -reach, high: reach, label: "", coloured: root });
      plane.paint((brush) => {
        paintGrid(brush, plane, every);
        paintTicks(brush, plane, 2 * every, ["z₁", "z₂"], 0, letters);
        paintCodes(brush, plane, points, labels, { names: spread > COLLAPSED, letters });
      });
      painted = plane.canvas;
      return painted;
    },
  };
}

/**
 * The map: the codes of a stage in its own scale, the prior's circles of one and two sigma around the origin, the draws.
 * @param {View} view
 * @param {Stage[]} stages
 * @param {Uint8Array} labels
 * @param {() => void} resized what places it again, when its letters are to be larger or smaller
 */
function makeMap(view, stages, labels, resized) {
  const plane = makePlane({ low: -1, high: 1, label: "Latent map" }); // its unit is the stage's reach
  const prior = makeEllipses(plane, [1, 2]);
  const dots = Array.from({ length: SHOWN }, () => element("circle", { class: "explorable-dot", r: 9 }));
  const grounds = stages.map((stage) => makeGround(stage, labels));
  plane.root.classList.add("explorable-fixed");
  prior.root.setAttribute("class", "explorable-prior");
  overlay(plane, prior.root, ...dots);
  /** @type {HTMLCanvasElement | null} */
  let painted = null;
  let letters = LETTERS;
  const forget = () => {
    for (const ground of grounds) ground.forget();
  };
  view.watchSize(plane.root, ({ contentRect: { width } }) => {
    const wanted = Math.round(Math.max(LETTERS, (300 * SMALLEST) / Math.max(1, width)));
    if (wanted === letters) return;
    letters = wanted;
    forget();
    resized();
  });
  return {
    root: plane.root,
    /** @type {(i: number, samples: Point[]) => void} */
    place(i, samples) {
      const { reach, beta } = stages[i];
      const ground = grounds[i].get(plane.root, letters);
      if (ground !== painted) plane.paint((brush) => brush.drawImage(ground, 0, 0));
      painted = ground;
      const label = `Latent map for beta ${beta}, from ${number(-reach, 1)} to ${number(reach, 1)}`;
      put(plane.root, { "aria-label": label });
      prior.place([0, 0, 1 / reach, 1 / reach]);
      samples.forEach(([a, b], k) => {
        const [cx, cy] = plane.pixel([a / reach, b / reach]);
        put(dots[k], { cx, cy });
      });
    },
    has: (/** @type {number} */ i) => grounds[i].has(),
    prepare: (/** @type {number} */ i) => grounds[i].get(plane.root, letters),
    forget,
  };
}

/**
 * All models in the plane of rate and distortion; the current one marked, with the line of slope -beta through it.
 * @param {View} view
 * @param {Stage[]} stages
 */
function makeCurve(view, stages) {
  const widest = 1.2 * Math.max(...stages.map((stage) => (stage.beta > 0 ? stage.rate : 0)), 0.1);
  const heights = stages.map((stage) => stage.distortion);
  const lowest = Math.min(...heights);
  const highest = Math.max(...heights);
  const room = 0.14 * (highest - lowest || 1);
  const line = element("path", { class: "explorable-tangent" });
  const mark = element("circle", { class: "explorable-mark", r: 7 });
  const dots = stages.map(() => element("circle", { class: "explorable-stop", r: 4 }));
  const names = stages.map(({ beta }) => element("text", {}, `${beta}`));
  const chart = makeChart(view, {
    x: [-0.06 * widest, widest],
    y: [lowest - 1.9 * room, highest + room],
    height: (width) => (width < NARROW ? 172 : 270),
    label: "Rate and distortion",
    title: "distortion, nats",
    draw: () => draw(),
    titleAt: 0.19 * widest,
    left: 36,
  });
  chart.area.append(line, ...dots, mark, ...names);
  chart.root.setAttribute("role", "img");

  let current = 0;
  const beyond = (/** @type {Stage} */ stage) => stage.rate > widest;
  /** @type {(stage: Stage) => Point} where a stage stands; one beyond the picture at its right edge */
  const placeOf = (stage) => [
    chart.at(Math.min(stage.rate, widest)) - (beyond(stage) ? 8 : 0),
    chart.up(stage.distortion),
  ];
  /** @type {(stage: Stage, i: number) => void} */
  const placeName = (stage, i) => {
    const [x, y] = placeOf(stage);
    const own = i === current;
    put(names[i], { class: own ? "explorable-title" : "" });
    if (beyond(stage)) {
      put(names[i], { x: x + 4, y: y + 18, "text-anchor": "end" });
      write(names[i], `β ${stage.beta}, rate ${number(stage.rate, 1)} →`);
    } else {
      const high = y - 21 < chart.top; // no room above it
      const far = x + 28 > chart.width; // nor beside it
      put(names[i], { x: x + (far ? 5 : 9), y: y + (high ? 5 : -9), "text-anchor": far ? "end" : "start" });
      const roomy = chart.width >= NARROW; // else the name of the next may begin right behind it
      write(names[i], `${i === 0 || (own && roomy) ? "β " : ""}${stage.beta}`);
    }
  };
  const draw = () => {
    chart.frame();
    stages.forEach((stage, i) => {
      const [cx, cy] = placeOf(stage);
      put(dots[i], { cx, cy });
      placeName(stage, i);
    });
    const now = stages[current];
    const [cx, cy] = placeOf(now);
    const tangent = chart.x.map((rate) => [rate, now.distortion - now.beta * (rate - now.rate)]);
    put(mark, { cx, cy });
    put(line, { d: chart.path(tangent) });
    line.toggleAttribute("hidden", beyond(now));
  };
  /** @param {number} index */
  const place = (index) => {
    current = index;
    const { beta, rate, distortion } = stages[index];
    const where = `beta ${beta} stands at rate ${number(rate)}, distortion ${number(distortion)}`;
    put(chart.root, { "aria-label": `Rate-distortion curve of ${stages.length} models; ${where}` });
    draw();
  };
  return { root: chart.root, place };
}

/**
 * Rows of pictures: the test digits, their reconstructions, samples of the prior.
 * @param {Uint8Array} levels of the test digits
 * @param {HTMLElement} roll
 */
function makeRows(levels, roll) {
  const makeRow = (/** @type {string} */ name) =>
    Array.from({ length: SHOWN }, (_, i) => digitCanvas(`${name} ${i + 1} of ${SHOWN}`));
  const digits = makeRow("test digit");
  const reconstructions = makeRow("reconstruction");
  const samples = makeRow("sample from the prior");
  digits.forEach((canvas, i) => {
    paintDigit(canvas, storedInk(levels, i));
  });
  const aboutSamples = element("span", { class: "explorable-quiet" }, "Samples: six draws from the prior, decoded");
  const live = box(
    "explorable-live-rows",
    note("The same, encoded and decoded: reconstructions"),
    box("explorable-six", ...reconstructions),
    box("explorable-controls explorable-between", aboutSamples, roll),
    box("explorable-six", ...samples),
  );
  const root = box("", note("Six test digits"), box("explorable-six", ...digits), live);
  return { root, live, canvases: [...reconstructions, ...samples] };
}

const TERMS = {
  rate: "rate (KL), nats",
  distortion: "distortion (reconstruction), nats",
  sum: "their sum (−ELBO), nats",
};

/** Rate, distortion and their sum. */
function makeFigures() {
  const cells = makeDescriptions(["rate", "distortion", "sum"]);
  const terms = Object.values(TERMS).map((text) => element("dt", {}, text));
  const pairs = Object.values(cells).map((cell, i) => box("", terms[i], cell));
  return {
    root: element("dl", { class: "explorable-figures" }, ...pairs),
    /** @param {Stage} stage */
    place({ rate, distortion }) {
      write(cells.rate, number(rate));
      write(cells.distortion, number(distortion));
      write(cells.sum, number(rate + distortion));
    },
  };
}

/**
 * The draws from the prior that belong to a seed, the same for every stage.
 * @param {number} seed
 * @returns {Point[]}
 */
function samplesOf(seed) {
  const normal = makeNormal(seed);
  return Array.from({ length: SHOWN }, () => [normal(), normal()]);
}

/**
 * The pictures of each stage, decoded once for a seed: means of the test digits, then samples.
 * @param {Stage[]} stages
 * @param {Decoders} decoders
 */
function makePictures(stages, decoders) {
  /** @type {{ seed: number | null, pictures: Float64Array[] }[]} */
  const kept = stages.map(() => ({ seed: null, pictures: [] }));
  return {
    /** @type {(i: number, seed: number) => boolean} */
    has: (i, seed) => kept[i].seed === seed,
    /** @type {(i: number, seed: number) => Float64Array[]} */
    get(i, seed) {
      const layers = decoders.get(i);
      if (kept[i].seed !== seed && layers) {
        const codes = [...stages[i].means, ...samplesOf(seed)];
        kept[i] = { seed, pictures: codes.map((z) => decode(layers, z)) };
      }
      return kept[i].pictures;
    },
  };
}

/**
 * The slider over the stages, with their betas below it.
 * @param {View} view
 * @param {Stage[]} stages
 */
function makeBetaSlider(view, stages) {
  const slider = makeSlider({
    label: "β",
    min: 0,
    max: stages.length - 1,
    step: 1,
    value: view.get("index"),
    text: (i) => `${stages[i].beta}`,
    say: (i) => {
      const { beta, rate, distortion } = stages[i];
      return `beta ${beta}: rate ${number(rate)}, distortion ${number(distortion)} nats`;
    },
    moved: (i) => view.save({ index: i }),
  });
  const stops = makeStops(stages.map(({ beta }) => beta));
  return { root: box("explorable-knob", slider.root, stops), place: slider.place };
}

/**
 * @param {View} view
 * @param {HTMLElement} el
 */
function draw(view, el) {
  /** @type {Stage[]} */
  const stages = view.get("stages");
  const stored = bytes(view.get("pictures")); // of stage `start` and seed 0
  const placeMap = () => map.place(view.get("index"), samplesOf(view.get("seed")));
  const map = makeMap(view, stages, bytes(view.get("labels")), placeMap);
  const figures = makeFigures();
  const curve = makeCurve(view, stages);
  const knob = makeBetaSlider(view, stages);
  const status = element("p", { class: "explorable-quiet", role: "status" });
  const rolled = () => {
    view.save({ seed: view.get("seed") + 1 });
    status.textContent = `Roll ${view.get("seed")}: six new draws, the same for every β.`;
  };
  const rows = makeRows(bytes(view.get("digits")), makeButton("Roll", rolled, { class: "explorable-roll" }));

  const paintPictures = (/** @type {number} */ i) => {
    const seed = view.get("seed");
    const isStored = i === view.get("start") && seed === 0;
    const ready = isStored || decoders.has(i);
    rows.live.classList.toggle("explorable-waiting", !ready);
    put(rows.live, { "aria-busy": !ready });
    if (!ready) {
      fetchAll();
      return;
    }
    const pictures = isStored ? [] : decoded.get(i, seed);
    rows.canvases.forEach((canvas, k) => {
      paintDigit(canvas, isStored ? storedInk(stored, k) : pictures[k]);
    });
  };
  const update = () => {
    const i = view.get("index");
    knob.place(i);
    figures.place(stages[i]);
    placeMap();
    curve.place(i);
    paintPictures(i);
    if (decoders.has(i)) prepare();
  };
  const redraw = view.oncePerFrame(update);
  const decoders = weightsOnDemand(view.model, view.get("decoders"), {
    came(i) {
      if (i === view.get("index")) redraw();
    },
    failed() {
      status.textContent = "The decoders could not be loaded: the pictures of this β are missing.";
    },
  });
  /** All of the family, the one that is on show first. */
  const fetchAll = () => {
    const now = view.get("index");
    const nearestFirst = [...stages.keys()].sort((a, b) => Math.abs(a - now) - Math.abs(b - now));
    for (const i of nearestFirst) decoders.want(i);
  };
  const decoded = makePictures(stages, decoders);
  /** What the slider may show next, so that it need not wait for it. */
  const prepare = whenIdle(() => {
    const seed = view.get("seed");
    const isReady = (/** @type {number} */ i) => decoded.has(i, seed) && map.has(i);
    const next = stages.findIndex((_, i) => decoders.has(i) && !isReady(i));
    if (next < 0 || view.hasEnded()) return null;
    return () => {
      map.prepare(next);
      decoded.get(next, seed);
    };
  });

  const underCurve = element("p", { class: "explorable-quiet explorable-under" }, "rate, nats; the line has slope −β");
  const fetching = { onpointerdown: fetchAll, oninput: fetchAll };
  el.append(
    element(
      "div",
      { class: "explorable explorable-beta-slider", ...fetching },
      knob.root,
      figures.root,
      columns(
        box("", heading("Latent map"), map.root),
        box("", heading("Rate and distortion"), curve.root, underCurve),
      ),
      rows.root,
      status,
      note(HELP),
    ),
  );
  update();
  view.listen(["index", "seed"], redraw);
  view.watchTheme(() => {
    map.forget();
    placeMap();
  });
}

/** @param {Host} host */
const render = ({ model, el }) => bind(model, (view) => draw(view, el));

export default { render };
