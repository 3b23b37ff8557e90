// The map: a point on the plane of codes, and the hourglass that it stands in the middle of: an image, the encoder, two
// numbers, the decoder, its output.

import { bind } from "./js/bind.js";
import { makeCodeMap, send, testImages } from "./js/code_map.js";
import { element, put, write } from "./js/dom.js";
import { box, heading, makeDescriptions, makeSaid, note } from "./js/layout.js";
import { number } from "./js/numbers.js";
import { digitCanvas, paintDigit, SIDE } from "./js/pictures.js";
import { capital, makeThumbs } from "./js/thumbs.js";
import { bytes, decode, loadWeights } from "./js/weights.js";

/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/geometry.js").Point} Point */

const NO_IMAGE = "No image: the decoder needs only the two numbers.";
const HELP = "Drag the point, press on the map, or use the arrow keys (with Shift for larger steps).";

// The hourglass.

/**
 * A trapezoid with a name, from the height of an image to that of the numbers' box, or back.
 * @param {"encoder" | "decoder"} name
 */
function makeFunnel(name) {
  const [from, to] = name === "encoder" ? [0, 100] : [100, 0];
  const shape = element("polygon", { points: `${from},0 ${to},28 ${to},72 ${from},100` });
  const svg = element("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" }, shape);
  return box(`explorable-funnel explorable-${name}`, svg, element("span", {}, name));
}

/**
 * A number of the code, with its name.
 * @param {string} name
 */
function makeNumber(name) {
  const text = element("span", { class: "explorable-value" });
  return { root: element("p", {}, element("i", {}, name), element("span", {}, "="), text), text };
}

/**
 * What stands below a part of the hourglass.
 * @param {string} name
 * @param {string} what
 * @param {string} names of its class
 */
const caption = (name, what, names) =>
  element("p", { class: `explorable-below-part ${names}` }, element("span", {}, element("i", {}, name), ": "), what);

/** Image, encoder, numbers, decoder, output: `place(image, z, drawn)`, with null for no image. */
function makeHourglass() {
  const input = digitCanvas("The image that goes in");
  const output = digitCanvas("What the decoder draws");
  const numbers = ["z₁", "z₂"].map(makeNumber);
  const root = element(
    "div",
    { class: "explorable-hourglass", role: "group", "aria-label": "Hourglass: image, encoder, code, decoder, output" },
    box("explorable-slot", input),
    makeFunnel("encoder"),
    box("explorable-waist", ...numbers.map((each) => each.root)),
    makeFunnel("decoder"),
    box("explorable-slot", output),
    caption("x", `${SIDE * SIDE} pixels`, "explorable-of-input"),
    caption("z", "2 numbers", "explorable-of-code"),
    caption("x̂", `${SIDE * SIDE} pixels`, "explorable-of-output"),
  );
  /** @type {ArrayLike<number> | null} */
  let shown = null;
  return {
    root,
    /** @type {(image: ArrayLike<number> | null, z: Point, drawn: ArrayLike<number>) => void} */
    place(image, z, drawn) {
      root.classList.toggle("explorable-generating", image === null);
      if (image && image !== shown) paintDigit(input, image);
      shown = image;
      numbers.forEach(({ text }, i) => {
        write(text, number(z[i]));
      });
      paintDigit(output, drawn);
    },
  };
}

// The map.

/**
 * The map of codes, and a ring about the point while an image is in: `place(z, image)`.
 * @param {View} view
 * @param {(point: Point) => void} moved
 */
function makeMap(view, moved) {
  /** @type {[number, Point][]} */
  const names = view.get("names").map((/** @type {number[]} */ [name, a, b]) => [name, [a, b]]);
  const ring = element("circle", { class: "explorable-ring" });
  const [low, high] = [view.get("low"), view.get("high")];
  const { plane, paint, place } = makeCodeMap(view, { low, high, value: codeOf(view), names, marks: [ring], moved });
  put(ring, { r: 15 * plane.scale });
  return {
    root: plane.root,
    paint,
    /** @type {(z: Point, image: boolean) => number} the distance to the nearest code */
    place(z, image) {
      const [cx, cy] = plane.pixel(z);
      put(ring, { cx, cy, visibility: image ? "visible" : "hidden" });
      return place(z);
    },
  };
}

/**
 * The code that is decoded: that of the image that is in, or the point.
 * @param {View} view
 * @returns {Point}
 */
function codeOf(view) {
  const digit = view.get("digit");
  return digit === null ? view.get("point") : view.get("at")[digit];
}

/**
 * The images as shares of ink.
 * @param {View} view
 * @returns {Float64Array[]}
 */
function unpackImages(view) {
  const levels = bytes(view.get("images"));
  const size = SIDE * SIDE;
  return Array.from({ length: levels.length / size }, (_, i) =>
    Float64Array.from(levels.subarray(i * size, (i + 1) * size), (level) => level / 255),
  );
}

/**
 * @param {View} view
 * @param {HTMLElement} el
 */
async function draw(view, el) {
  const decoder = await loadWeights(view.model, view.get("decoder"));
  const images = unpackImages(view);
  const hourglass = makeHourglass();
  const map = makeMap(view, (point) => view.save({ point, digit: null }));
  /** @type {string[]} */
  const titles = view.get("titles");
  const choices = makeThumbs(images, titles, send, (digit) => view.save({ digit, point: view.get("at")[digit] }));
  const said = makeSaid();
  const { distance } = makeDescriptions(["distance"]);

  const update = () => {
    const digit = view.get("digit");
    const z = codeOf(view);
    hourglass.place(digit === null ? null : images[digit], z, decode(decoder, z));
    choices.place(digit);
    write(said, digit === null ? NO_IMAGE : `${capital(titles[digit])} goes through both halves.`);
    write(distance, number(map.place(z, digit !== null)));
  };

  el.append(
    box(
      "explorable explorable-map",
      hourglass.root,
      said,
      box(
        "explorable-places",
        map.root,
        element("dl", {}, element("dt", {}, "distance to the nearest dot"), distance),
        box("explorable-images", heading("Test images"), testImages(choices.buttons)),
        note(HELP),
      ),
    ),
  );
  map.paint();
  update();
  view.listen(["point", "digit"], view.oncePerFrame(update));
  view.watchTheme(map.paint);
}

/** @param {Host} host */
const render = ({ model, el }) => bind(model, (view) => draw(view, el));

export default { render };
