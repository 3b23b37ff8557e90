// The map of one's own pictures: a point on the plane of codes, and the picture that the decoder drew at the nearest code
// of a grid, or at the very code of an image that is in. There is no decoder here.

import { bind } from "./js/bind.js";
import { makeCodeMap, send, testImages } from "./js/code_map.js";
import { brushOf, element, write } from "./js/dom.js";
import { box, heading, makeDescriptions, makeSaid, note } from "./js/layout.js";
import { number, pair } from "./js/numbers.js";
import { PALETTE } from "./js/theme.js";
import { capital, makePictureButtons } from "./js/thumbs.js";
import { bytes } from "./js/weights.js";

/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/geometry.js").Point} Point */
/** @typedef {[rows: number, columns: number]} Size of a picture */
/** @typedef {{ low: number, high: number, side: number }} Grid */

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
  /** @type {string[]} */
  const titles = view.get("titles");
  const pictures = titles.map((title, i) => {
    const picture = pictureCanvas(size, title);
    paintLevels(picture, levels, i);
    return picture;
  });
  return makePictureButtons(pictures, titles, send, chosen);
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
  const map = makeCodeMap(view, {
    low: [grid.low, grid.low],
    high: [grid.high, grid.high],
    value: codeOf(view),
    moved: (point) => view.save({ point, image: null }),
  });
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
        map.plane.root,
        box(
          "explorable-beside",
          shown.root,
          element("dl", {}, element("dt", {}, "drawn at"), code, element("dt", {}, "to the nearest dot"), distance),
          makeKey(view),
        ),
        box("explorable-images", heading("Test images"), testImages(choices.buttons)),
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
