// The map of one's own pictures: a point on the plane of codes, and the picture that the decoder drew at the nearest code
// of a grid, or at the very code of an image that is in. There is no decoder here.

import { bind } from "./js/bind.js";
import { paintCodes, unpackFineCodes } from "./js/codes.js";
import { brushOf, element, makeButton, put, write } from "./js/dom.js";
import { nearestTo } from "./js/geometry.js";
import { box, heading, makeDescriptions, makeSaid, note } from "./js/layout.js";
import { overlay } from "./js/lines.js";
import { number, pair, ticks } from "./js/numbers.js";
import { addHandle, makePlane, paintGrid, paintTicks } from "./js/plane.js";
import { PALETTE } from "./js/theme.js";
import { capital } from "./js/thumbs.js";
import { bytes } from "./js/weights.js";

/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/geometry.js").Point} Point */
/** @typedef {[rows: number, columns: number]} Size of a picture */
/** @typedef {{ low: number, high: number, side: number }} Grid */

const LINES = 5; // of the plane each way, about
const HELP = "Drag the point, press on the map, or use the arrow keys (with Shift for larger steps).";

// Pictures.

/**
 * A canvas for a picture, enlarged by the style sheet.
 * @param {Size} size
 * @param {string} label
 */
function pictureCanvas([rows, columns], label) {
  const style = `aspect-ratio: ${columns} / ${rows}`;
  const attributes = {
    class: "explorable-photo",
    width: columns,
    height: rows,
    role: "img",
    "aria-label": label,
    style,
  };
  return element("canvas", attributes);
}

/**
 * Paint picture `i` of stored levels, of which 255 is black.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} levels
 * @param {number} i
 */
function paintLevels(canvas, levels, i) {
  const picture = new ImageData(canvas.width, canvas.height);
  const size = canvas.width * canvas.height;
  for (let place = 0; place < size; place++) {
    picture.data.fill(255 - levels[i * size + place], 4 * place, 4 * place + 3);
    picture.data[4 * place + 3] = 255;
  }
  brushOf(canvas).putImageData(picture, 0, 0);
}

/**
 * The code of the grid that is nearest to a point, and the place of its picture.
 * @param {Grid} grid
 * @param {Point} point
 * @returns {{ code: Point, place: number }}
 */
function nearestOfGrid({ low, high, side }, [a, b]) {
  const step = (high - low) / (side - 1);
  const [across, up] = [a, b].map((value) => Math.floor((value - low) / step + 0.5));
  return { code: [low + across * step, low + up * step], place: (side - 1 - up) * side + across };
}

// The map.

/**
 * The plane with the codes, the point, and the way from it to the nearest code: `place(z)`.
 * @param {View} view
 * @param {(point: Point) => void} moved
 */
function makeMap(view, moved) {
  /** @type {number[]} */
  const [low, high] = [view.get("low"), view.get("high")];
  const codes = unpackFineCodes(view.get("codes"), [low, low], [high, high]);
  const labels = bytes(view.get("labels"));
  const plane = makePlane({ low, high, label: "Map: the plane of codes, with those of training images" });
  const lines = ticks([low, high], LINES);
  const reach = element("circle", { class: "explorable-reach" });
  const way = element("line", { class: "explorable-way" });
  overlay(plane, reach, way);
  const far = (/** @type {Point} */ point) => nearestTo(codes, point).distance;
  const handle = addHandle(plane, {
    label: "Code",
    value: codeOf(view),
    anywhere: true,
    describe: (point) => `z = ${pair(point)}, distance to the nearest dot ${number(far(point))}`,
    moved,
  });
  return {
    root: plane.root,
    paint: () =>
      plane.paint((brush) => {
        const every = lines.values[1] - lines.values[0];
        paintGrid(brush, plane, every);
        paintCodes(brush, plane, codes, labels, { names: false });
        paintTicks(brush, plane, every, ["z₁", "z₂"], lines.places);
      }),
    /** @type {(z: Point) => number} the distance to the nearest code */
    place(z) {
      const { nearest, distance } = nearestTo(codes, z);
      const [cx, cy] = plane.pixel(z);
      const [x2, y2] = plane.pixel(nearest);
      handle.place(z);
      put(reach, { cx, cy, r: distance * plane.unit });
      put(way, { x1: cx, y1: cy, x2, y2 });
      return distance;
    },
  };
}

/**
 * The code of the point: that of the image that is in, or its own.
 * @param {View} view
 * @returns {Point}
 */
function codeOf(view) {
  const image = view.get("image");
  return image === null ? view.get("point") : view.get("at")[image];
}

/**
 * What the colours of the dots mean; nothing where they have no names.
 * @param {View} view
 */
function makeKey(view) {
  const names = view.get("names").map((/** @type {[number, string]} */ [label, name]) => {
    const dot = element("i", { style: `background: ${PALETTE[label]}` });
    return element("span", {}, dot, name);
  });
  return element("p", { class: "explorable-key", hidden: names.length ? null : "" }, ...names);
}

/**
 * The image that is in beside what is drawn, its copy or the picture of a place of the grid: `place(image, picture)`.
 * @param {View} view
 * @param {Size} size
 */
function makePair(view, size) {
  const [images, copies, pictures] = ["images", "copies", "pictures"].map((name) => bytes(view.get(name)));
  const input = pictureCanvas(size, "The image that is in");
  const output = pictureCanvas(size, "What the decoder draws");
  const figure = (/** @type {HTMLCanvasElement} */ canvas, /** @type {string} */ name) =>
    element("figure", {}, canvas, element("figcaption", {}, name));
  const root = box("explorable-pair", figure(input, "image"), figure(output, "drawn"));
  return {
    root,
    /** @type {(image: number | null, picture: number) => void} */
    place(image, picture) {
      root.classList.toggle("explorable-alone", image === null);
      if (image === null) return paintLevels(output, pictures, picture);
      paintLevels(input, images, image);
      paintLevels(output, copies, image);
    },
  };
}

/**
 * A button for each image: `place(image)` says which one is in.
 * @param {View} view
 * @param {Size} size
 * @param {(image: number) => void} chosen
 */
function makeChoices(view, size, chosen) {
  const levels = bytes(view.get("images"));
  const buttons = view.get("titles").map((/** @type {string} */ title, /** @type {number} */ i) => {
    const picture = pictureCanvas(size, title);
    paintLevels(picture, levels, i);
    return makeButton(picture, () => chosen(i), { class: "explorable-thumb", "aria-label": `Send ${title} through` });
  });
  const attributes = { class: "explorable-thumbs", role: "group", "aria-label": "Test images" };
  return {
    root: element("div", attributes, ...buttons),
    /** @param {number | null} image */
    place(image) {
      buttons.forEach((/** @type {HTMLElement} */ button, /** @type {number} */ i) => {
        put(button, { "aria-pressed": i === image });
      });
    },
  };
}

/**
 * @param {View} view
 * @param {HTMLElement} el
 */
function draw(view, el) {
  const size = view.get("size");
  /** @type {string[]} */
  const titles = view.get("titles");
  const grid = { low: view.get("low"), high: view.get("high"), side: view.get("side") };
  const map = makeMap(view, (point) => view.save({ point, image: null }));
  const shown = makePair(view, size);
  const choices = makeChoices(view, size, (image) => view.save({ image, point: view.get("at")[image] }));
  const said = makeSaid();
  const { code, distance } = makeDescriptions(["code", "distance"]);

  const update = () => {
    const image = view.get("image");
    const z = codeOf(view);
    const nearest = nearestOfGrid(grid, z);
    shown.place(image, nearest.place);
    choices.place(image);
    write(code, pair(image === null ? nearest.code : z));
    write(distance, number(map.place(z)));
    write(
      said,
      image === null ? "No image: the decoder needs only the two numbers." : `${capital(titles[image])} is in.`,
    );
  };

  el.append(
    box(
      "explorable explorable-picture-map",
      said,
      box(
        "explorable-places",
        map.root,
        box(
          "explorable-beside",
          shown.root,
          element("dl", {}, element("dt", {}, "drawn at"), code, element("dt", {}, "to the nearest dot"), distance),
          makeKey(view),
        ),
        box("explorable-images", heading("Test images"), choices.root),
        note(HELP),
      ),
    ),
  );
  map.paint();
  update();
  view.listen(["point", "image"], view.oncePerFrame(update));
  view.watchTheme(map.paint);
}

/** @param {Host} host */
const render = ({ model, el }) => bind(model, (view) => draw(view, el));

export default { render };
