// Two latent pads: what each decoder draws at the point and on the way there, and how far that is from real images.

import { bind } from "./js/bind.js";
import { paintCodes, unpackCodes } from "./js/codes.js";
import { makeNormal } from "./js/dice.js";
import { brushOf, element, makeButton, put, write } from "./js/dom.js";
import { readBetween } from "./js/geometry.js";
import { box, columns, heading, makeSaid, note } from "./js/layout.js";
import { dotsThrough, makeEllipses, makeRulers, overlay } from "./js/lines.js";
import { number, pair, ticks } from "./js/numbers.js";
import { prolong, straight } from "./js/path.js";
import { digitCanvas, paintDigit, paintInStrip, stripCanvas } from "./js/pictures.js";
import { addHandle, makePlane, paintGrid } from "./js/plane.js";
import { channels, colour, PALETTE } from "./js/theme.js";
import { bytes, decode, loadWeights } from "./js/weights.js";

/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/geometry.js").Point} Point */
/** @typedef {import("./js/plane.js").Plane} Plane */

/**
 * As `Pad` of latent_pads.py stores it; `distances`: side x side bytes, the first row highest; `ends`: the codes between
 * which the button walks.
 * @typedef {object} Pad
 * @property {string} name
 * @property {Point} low
 * @property {Point} high
 * @property {unknown} codes
 * @property {unknown} distances
 * @property {number} side
 * @property {[Point, Point]} ends
 */
/** @typedef {Awaited<ReturnType<typeof makePad>>} Made */
/** @typedef {(point: Point) => number} Far */

const STRIP = 10; // pictures of a strip, and draws
const SPACING = 1 / 16; // of a plane's side, between two pictures of a path
const RADIUS = 2; // of the circle, which holds 86 % of N(0, I)
const LINES = 5; // of a plane each way, about
const STRONGEST = 0.6; // how opaque the tint gets
const BESIDE = 30; // pixels from the middle of its codes to a label, so that the point hides none
const HELP =
  "Drag the large points, press anywhere in a plane, or use the arrow keys (with Shift for larger steps). " +
  "Dashed circle: radius 2, holds 86\u00a0% of N(0,\u00a0I). Below each picture stands its distance, as on the scale; " +
  "dots and crosses mark where in the plane it is.";

/**
 * What the bytes of both planes stand for: from the least to the largest distance in even steps of the logarithm.
 * @param {[least: number, most: number]} scale
 */
function makeScale([least, most]) {
  const end = Math.max(2, most); // where the tint is strongest; there is none up to 1
  return {
    end,
    /** @param {number} level */
    distance: (level) => least * (most / least) ** (level / 255),
    /** @param {number} distance */
    share: (distance) => Math.max(0, Math.log(distance) / Math.log(end)),
  };
}
/** @typedef {ReturnType<typeof makeScale>} Scale */

/**
 * Tint a plane by distance.
 * @param {CanvasRenderingContext2D} brush
 * @param {Plane} plane
 * @param {Pad} pad
 * @param {Scale} scale
 */
function tint(brush, plane, { distances, side }, scale) {
  const ink = channels(colour(plane.root, "violet"));
  const picture = new ImageData(side, side);
  bytes(distances).forEach((level, i) => {
    picture.data.set([...ink, 255 * STRONGEST * scale.share(scale.distance(level))], 4 * i);
  });
  const small = element("canvas", { width: side, height: side });
  brushOf(small).putImageData(picture, 0, 0);
  const margin = plane.pixels / (side - 1) / 2; // a grid point stands in the middle of its pixel
  brush.drawImage(small, -margin, -margin, plane.pixels + 2 * margin, plane.pixels + 2 * margin);
}

/**
 * The tints with their numbers.
 * @param {Scale} scale
 */
function makeLegend(scale) {
  const powers = [1, 2, 4, 8, 16, 32, 64].filter((power) => power <= scale.end);
  const names = powers.map((power) =>
    element("span", { style: `left: ${(100 * scale.share(power)).toFixed(1)}%` }, `${power}`),
  );
  const strongest = `${100 * STRONGEST}%`;
  return box(
    "explorable-tints",
    note("Distance to the nearest training image, in units of that image's own distance to its nearest:"),
    element("div", { class: "explorable-tint", style: `--strongest: ${strongest}`, "aria-hidden": "true" }),
    box("explorable-tint-numbers", ...names),
  );
}

/** The ten colours with their digits. */
function makeKey() {
  const items = PALETTE.map((paint, digit) =>
    element("span", {}, element("i", { style: `background: ${paint}` }), digit),
  );
  return element("div", { class: "explorable-digits", "aria-label": "Colours of the digits", role: "group" }, ...items);
}

/**
 * What moves over a plane: the path with a dot for each picture of its strip, and the draws; `place(path, point, draws)`.
 * @param {Plane} plane
 */
function makeMarks(plane) {
  const back = element("path", { class: "explorable-path-back" });
  const line = element("path", { class: "explorable-path" });
  const dots = element("path", { class: "explorable-path-dots" });
  const halo = element("path", { class: "explorable-crosses-back" });
  const crosses = element("path", { class: "explorable-crosses" });
  const at = (/** @type {Point} */ point) => {
    const [x, y] = plane.pixel(point);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  };
  const arm = 5.5 * plane.scale;
  return {
    root: element("g", {}, back, line, dots, halo, crosses),
    /** @type {(path: Point[], point: Point, draws: Point[]) => void} */
    place(path, point, draws) {
      const d = `M${[...path, point].map(at).join("L")}`;
      put(back, { d });
      put(line, { d });
      put(dots, { d: dotsThrough(path.map(plane.pixel)) });
      const cross = `m${-arm} ${-arm}l${2 * arm} ${2 * arm}m0 ${-2 * arm}l${-2 * arm} ${2 * arm}`;
      const all = { d: draws.map((each) => `M${at(each)}${cross}`).join("") };
      put(halo, all);
      put(crosses, all);
    },
  };
}

/**
 * Ten pictures side by side, each with its distance: `place(points)` shows what these codes decode to, and nothing in the
 * places that are over.
 * @param {string} name
 * @param {string} label
 * @param {(point: Point) => Float64Array} picture
 * @param {Far} far
 */
function makeStrip(name, label, picture, far) {
  const canvas = stripCanvas(STRIP);
  const numbers = Array.from({ length: STRIP }, () => element("span"));
  /** @type {string[]} */
  let shown = [];
  /** @type {Map<string, Float64Array>} */
  let known = new Map();
  return {
    root: [
      element("span", { class: "explorable-strip-name", "aria-hidden": "true" }, name),
      box("explorable-strip-row", canvas, element("div", { "aria-hidden": "true" }, ...numbers)),
    ],
    /** @param {Point[]} points */
    place(points) {
      const keys = Array.from({ length: STRIP }, (_, i) => (points[i] ?? []).join(" "));
      const pictures = new Map(points.map((point, i) => [keys[i], known.get(keys[i]) ?? picture(point)]));
      known = pictures;
      keys.forEach((key, i) => {
        if (key === shown[i]) return;
        paintInStrip(canvas, i, pictures.get(key) ?? null);
        write(numbers[i], key ? number(far(points[i]), 1) : "");
      });
      if (keys.join() === shown.join()) return;
      shown = keys;
      const read = points.map((point) => number(far(point), 1)).join(", ");
      put(canvas, { "aria-label": `${label}, ${name}: ${read ? `pictures with the distances ${read}` : "none yet"}` });
    },
  };
}

/** The numbers beside a picture: `place(point, distance)`. */
function makeReading() {
  const names = ["z₁", "z₂", "distance"];
  const cells = names.map((name) => element("dd", { class: name === "distance" ? "explorable-distance" : null }));
  const root = element("dl", {}, ...names.flatMap((name, i) => [element("dt", {}, name), cells[i]]));
  return {
    root,
    /** @type {(point: Point, distance: number) => void} */
    place(point, distance) {
      point.forEach((value, i) => {
        write(cells[i], number(value));
      });
      write(cells[2], number(distance, 1));
    },
  };
}

/**
 * A plane with what does not move on it, and its two labels of the walk.
 * @param {Pad} pad
 * @param {number[]} walk
 * @param {Uint8Array} labels
 * @param {Scale} scale
 */
function makeGround(pad, walk, labels, scale) {
  const { name, low, high } = pad;
  const plane = makePlane({ low: low[0], high: high[0], rise: low[1] - low[0], label: `Latent plane of the ${name}` });
  const codes = unpackCodes(pad.codes, low[0], high[0]);
  for (const code of codes) code[1] += plane.rise;
  const { values } = ticks([low[0], high[0]], LINES);
  const every = values[1] - values[0];
  const circle = makeEllipses(plane, [RADIUS]);
  circle.place([0, 0, 1, 1]);
  const names = walk.map((label, i) => {
    const [x, y] = plane.pixel(pad.ends[i]);
    return element("text", { x: x + BESIDE * plane.scale, y, class: "explorable-end" }, label);
  });
  const marks = makeMarks(plane);
  overlay(plane, ...makeRulers(plane, every, ["z₁", "z₂"]), circle.root, ...names, marks.root);
  const paint = () =>
    plane.paint((brush) => {
      tint(brush, plane, pad, scale);
      paintGrid(brush, plane, every);
      paintCodes(brush, plane, codes, labels, { names: false });
    });
  return { plane, marks, paint };
}

/**
 * @param {View} view
 * @param {number} index
 * @param {Uint8Array} labels
 * @param {Scale} scale
 */
async function makePad(view, index, labels, scale) {
  /** @type {Pad} */
  const pad = view.get("pads")[index];
  const { name, low, high } = pad;
  const layers = await loadWeights(view.model, view.get("decoders")[index]);
  const drawn = (/** @type {Point} */ point) => decode(layers, point);
  const { plane, marks, paint } = makeGround(pad, view.get("walk"), labels, scale);
  const grid = { low: low[0], high: high[0], side: pad.side };
  const levels = bytes(pad.distances);
  const far = (/** @type {Point} */ [a, b]) => scale.distance(readBetween(levels, grid, [a, b - plane.rise]));
  const picture = digitCanvas(`What the ${name} decodes`);
  const reading = makeReading();
  const spacing = SPACING * (high[0] - low[0]);
  let pressed = false; // since the last move
  const handle = addHandle(plane, {
    label: `Code of the ${name}`,
    value: view.get("points")[index],
    anywhere: true,
    describe: (point) => `z = ${pair(point)}, distance ${number(far(point), 1)}`,
    taken() {
      pressed = true;
    },
    moved(point) {
      /** @type {Point[]} */
      const points = view.get("points").slice();
      /** @type {Point[][]} */
      const paths = view.get("paths").slice();
      const before = paths[index];
      const [a, b] = points[index];
      const leapt = pressed && Math.hypot(point[0] - a, point[1] - b) >= spacing;
      pressed = false;
      points[index] = point;
      paths[index] = leapt ? [point] : prolong(before, point, spacing, STRIP);
      view.save(paths[index] === before ? { points } : { points, paths });
    },
  });
  const strips = {
    path: makeStrip(name, "On the path", drawn, far),
    draws: makeStrip(name, "Draws", drawn, far),
  };
  /** @type {unknown[]} */
  let shown = [];
  return {
    name,
    root: box("", heading(name), plane.root, box("explorable-reading", picture, reading.root)),
    strips,
    paint,
    /** @param {Point[]} draws */
    update(draws) {
      /** @type {[Point, Point[]]} */
      const [point, path] = [view.get("points")[index], view.get("paths")[index]];
      if (point === shown[0] && path === shown[1] && draws === shown[2]) return; // it was the other one that moved
      shown = [point, path, draws];
      handle.place(point);
      marks.place(path, point, draws);
      paintDigit(picture, drawn(point));
      reading.place(point, far(point));
      strips.path.place(path);
      strips.draws.place(draws);
    },
  };
}

/**
 * The ten draws of the last roll, from left to right; none before the first. The same list until the next roll.
 * @param {View} view
 */
function makeDraws(view) {
  /** @type {Point[]} */
  let draws = [];
  let made = "";
  return () => {
    const [seed, rolls] = [view.get("seed"), view.get("rolls")];
    if (made === `${seed} ${rolls}`) return draws;
    made = `${seed} ${rolls}`;
    const normal = makeNormal(seed);
    for (let roll = 0; roll < rolls; roll++) draws = Array.from({ length: STRIP }, () => [normal(), normal()]);
    draws = rolls > 0 ? draws.sort(([a], [b]) => a - b) : [];
    return draws;
  };
}

/**
 * Two strips with a heading and buttons.
 * @param {string} title
 * @param {Element[]} buttons
 * @param {{ root: Element[] }[]} strips
 */
function makeStrips(title, buttons, strips) {
  return box(
    "",
    box("explorable-controls explorable-between", heading(title), box("explorable-buttons", ...buttons)),
    box("explorable-strips", ...strips.flatMap((strip) => strip.root)),
  );
}

/**
 * The buttons of the path: from the one label to the other in both planes, and away with it.
 * @param {View} view
 * @param {(text: string) => void} say
 */
function makePathButtons(view, say) {
  const [from, to] = view.get("walk");
  const walk = () => {
    /** @type {Pad[]} */
    const pads = view.get("pads");
    const paths = pads.map(({ ends }) => straight(ends[0], ends[1], STRIP));
    view.save({ points: pads.map(({ ends }) => ends[1]), paths });
    say(`Straight from ${from} to ${to} in both planes.`);
  };
  const clear = () => {
    view.save({ paths: view.get("points").map((/** @type {Point} */ point) => [point]) });
    say("The paths begin anew at the points.");
  };
  return [makeButton(`From ${from} to ${to}`, walk), makeButton("Clear", clear, { "aria-label": "Clear the paths" })];
}

/**
 * @param {View} view
 * @param {HTMLElement} el
 */
async function draw(view, el) {
  const labels = bytes(view.get("labels"));
  const scale = makeScale(view.get("scale"));
  const pads = await Promise.all([0, 1].map((index) => makePad(view, index, labels, scale)));
  const drawsNow = makeDraws(view);
  const said = makeSaid("explorable-unseen");
  const say = (/** @type {string} */ text) => write(said, text);
  const paint = () => {
    for (const pad of pads) pad.paint();
  };
  const update = () => {
    const draws = drawsNow();
    for (const pad of pads) pad.update(draws);
  };
  const roll = makeButton("Draw ten", () => {
    view.save({ rolls: view.get("rolls") + 1 });
    say(`Roll ${view.get("rolls")}: the same ten draws in both planes.`);
  });
  const strips = (/** @type {"path" | "draws"} */ kind) => pads.map((pad) => pad.strips[kind]);
  el.append(
    box(
      "explorable explorable-pads",
      columns(...pads.map((pad) => pad.root)),
      makeKey(),
      makeLegend(scale),
      makeStrips("On the path", makePathButtons(view, say), strips("path")),
      makeStrips("Draws from N(0, I), by z₁", [roll], strips("draws")),
      said,
      note(HELP),
    ),
  );
  paint();
  update();
  view.listen(["points", "paths", "rolls"], view.oncePerFrame(update));
  view.watchTheme(paint);
}

/** @param {Host} host */
const render = ({ model, el }) => bind(model, (view) => draw(view, el));

export default { render };
