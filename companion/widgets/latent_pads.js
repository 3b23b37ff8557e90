// Two latent pads: what each decoder draws at the pointer, and how far that is from the nearest training image.

import { bind } from "./js/bind.js";
import { paintCodes, unpackCodes } from "./js/codes.js";
import { brushOf, element, write } from "./js/dom.js";
import { readBetween } from "./js/geometry.js";
import { box, columns, heading, note } from "./js/layout.js";
import { number, pair } from "./js/numbers.js";
import { digitCanvas, paintDigit } from "./js/pictures.js";
import { addHandle, makePlane } from "./js/plane.js";
import { colour } from "./js/theme.js";
import { bytes, decode, loadWeights } from "./js/weights.js";

/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/geometry.js").Point} Point */
/** @typedef {import("./js/plane.js").Plane} Plane */

/**
 * As `Pad` of latent_pads.py stores it; `distances`: side x side bytes, the first row highest, 255 for `farthest`.
 * @typedef {object} Pad
 * @property {string} name
 * @property {number} low
 * @property {number} high
 * @property {unknown} codes
 * @property {unknown} distances
 * @property {number} side
 * @property {number} farthest
 */

const HELP =
  "Drag the large point, press anywhere in a plane, or use the arrow keys (with Shift for larger steps). " +
  "The more grey the ground, the farther from every training image.";
const STRONGEST = 110; // of 255, how opaque the grey gets

/**
 * Lay grey over the plane by distance: the more, the farther from every training image.
 * @param {CanvasRenderingContext2D} brush
 * @param {Plane} plane
 * @param {Pad} pad
 */
function shadeDistance(brush, plane, { distances, side }) {
  const levels = bytes(distances);
  const nearest = Math.min(...levels);
  const range = Math.max(1, Math.max(...levels) - nearest);
  const ink = colour(plane.root, "far").split(",").map(Number);
  const picture = new ImageData(side, side);
  levels.forEach((level, i) => {
    picture.data.set([...ink, STRONGEST * ((level - nearest) / range)], 4 * i);
  });
  const small = element("canvas", { width: side, height: side });
  brushOf(small).putImageData(picture, 0, 0);
  const margin = plane.pixels / (side - 1) / 2; // a grid point stands in the middle of its pixel
  brush.drawImage(small, -margin, -margin, plane.pixels + 2 * margin, plane.pixels + 2 * margin);
}

/**
 * @param {View} view
 * @param {number} index
 * @param {Uint8Array} labels
 */
async function makePad(view, index, labels) {
  /** @type {Pad} */
  const pad = view.get("pads")[index];
  const layers = await loadWeights(view.model, view.get("decoders")[index]);
  const codes = unpackCodes(pad.codes, pad.low, pad.high);
  const plane = makePlane({ low: pad.low, high: pad.high, label: `Latent plane of the ${pad.name}` });
  const picture = digitCanvas(`What the ${pad.name} decodes`);
  const where = element("dd");
  const far = element("dd", { class: "explorable-distance" });
  const levels = bytes(pad.distances);
  const distance = (/** @type {Point} */ point) => number((readBetween(levels, pad, point) / 255) * pad.farthest, 1);
  const handle = addHandle(plane, {
    label: `Code of the ${pad.name}`,
    value: view.get("points")[index],
    anywhere: true,
    describe: (point) => `z = ${pair(point)}, distance to the nearest training image ${distance(point)}`,
    moved(point) {
      const points = view.get("points").slice();
      points[index] = point;
      view.save({ points });
    },
  });
  const paint = () =>
    plane.paint((brush) => {
      shadeDistance(brush, plane, pad);
      paintCodes(brush, plane, codes, labels);
    });
  /** @type {Point | null} */
  let shown = null;
  const update = () => {
    const point = view.get("points")[index];
    if (point === shown) return; // it was the other one that moved
    shown = point;
    handle.place(point);
    paintDigit(picture, decode(layers, point));
    write(where, `z = ${pair(point)}`);
    write(far, distance(point));
  };
  const term = (/** @type {string} */ text) => element("dt", {}, text);
  const readings = element("dl", {}, term("code"), where, term("distance to the nearest training image"), far);
  const root = box("", heading(pad.name), plane.root, box("explorable-reading", picture, readings));
  return { root, paint, update };
}

/**
 * @param {View} view
 * @param {HTMLElement} el
 */
async function draw(view, el) {
  const labels = bytes(view.get("labels"));
  const pads = await Promise.all([0, 1].map((index) => makePad(view, index, labels)));
  const paint = () => {
    for (const pad of pads) pad.paint();
  };
  const update = () => {
    for (const pad of pads) pad.update();
  };
  el.append(box("explorable", columns(...pads.map((pad) => pad.root)), note(HELP)));
  paint();
  update();
  view.listen(["points"], view.oncePerFrame(update));
  view.watchTheme(paint);
}

/** @param {Host} host */
const render = ({ model, el }) => bind(model, (view) => draw(view, el));

export default { render };
