// Regions in the plane: drag a centre, pull two sigmas; the mixture's density and the count of the numbers follow.

import { bind } from "./js/bind.js";
import { brushOf, element, makeButton, put, write } from "./js/dom.js";
import { box, controls, headRow, makeSaid, makeTwoCells, note, numberTable, row } from "./js/layout.js";
import { makeEllipses, overlay, ruled } from "./js/lines.js";
import { number } from "./js/numbers.js";
import { makePlane } from "./js/plane.js";
import { addRegion } from "./js/region_handles.js";
import { colour } from "./js/theme.js";

/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/geometry.js").Point} Point */
/** @typedef {import("./js/geometry.js").Four} Four */
/** @typedef {import("./js/plane.js").Plane} Plane */

const LIMIT = 4;
const MOST = 5;
const FINE = 200; // pixels of the density's picture each way
const NONE = 1e-9; // a row this low has no shade, however narrow the region
const FULL = 170; // its strongest shade, of 255, from a density of 0.5 up: lines must stay visible on it
const NEW_SIGMA = 0.6;
/** @type {Point[]} */
const SPARE = [
  [0, 2.5],
  [2.4, -2.2],
  [-2.6, 2.2],
  [2.6, 2.4],
  [0, 0],
  [-2.6, -2.6],
]; // where an added region may go
const HOLDS = [1, 2, 3].map((r) => `${Math.round(100 * (1 - Math.exp((-r * r) / 2)))} %`);
const HELP =
  "Drag a centre, or the orange squares of the selected region, which stand one sigma from its centre; or use the " +
  "arrow keys (with Shift for larger steps). The stronger the blue, the higher the density of the mixture. " +
  "Per cent: what an ellipse holds of its region's draws.";

/**
 * Density of a mixture in equal shares at one point.
 * @param {Four[]} regions
 * @param {Point} point
 */
function density(regions, [a, b]) {
  const each = regions.map(([m, n, s, t]) => {
    const squares = ((a - m) / s) ** 2 + ((b - n) / t) ** 2;
    return Math.exp(-0.5 * squares) / (2 * Math.PI * s * t);
  });
  return each.reduce((sum, value) => sum + value, 0) / regions.length;
}

const MIDDLES = Float64Array.from({ length: FINE }, (_, i) => ((i + 0.5) / FINE) * 2 * LIMIT - LIMIT);

/**
 * The density of N(mean, sigma²) at the middle of each pixel of a row.
 * @param {number} mean
 * @param {number} sigma
 */
const bell = (mean, sigma) =>
  MIDDLES.map((at) => Math.exp(-0.5 * ((at - mean) / sigma) ** 2) / (Math.sqrt(2 * Math.PI) * sigma));

/**
 * Twice the mixture's density at the middle of each pixel. A diagonal Gaussian is a product of two curves, so a region
 * costs two short ones and a multiplication a pixel.
 * @param {Float64Array} heights FINE x FINE, the first row highest; overwritten
 * @param {Four[]} regions
 */
function addUp(heights, regions) {
  heights.fill(0);
  for (const [m, n, s, t] of regions) {
    const across = bell(m, s);
    const up = bell(n, t);
    for (let fromAbove = 0; fromAbove < FINE; fromAbove++) {
      const height = (2 * up[FINE - 1 - fromAbove]) / regions.length;
      if (height < NONE) continue;
      const first = fromAbove * FINE;
      for (let column = 0; column < FINE; column++) heights[first + column] += height * across[column];
    }
  }
}

/** The picture of the density: its square root is the shade. */
function makeShade() {
  const canvas = element("canvas", { class: "explorable-shade", width: FINE, height: FINE, "aria-hidden": "true" });
  const brush = brushOf(canvas);
  const picture = brush.createImageData(FINE, FINE);
  const heights = new Float64Array(FINE * FINE);
  return {
    canvas,
    /** @param {string} hex "#rrggbb" */
    tint(hex) {
      const channels = [1, 3, 5].map((place) => Number.parseInt(hex.slice(place, place + 2), 16));
      for (let k = 0; k < heights.length; k++) picture.data.set(channels, 4 * k);
    },
    /** @param {Four[]} regions */
    paint(regions) {
      addUp(heights, regions);
      const { data } = picture;
      // Is rounded as it is stored.
      for (let k = 0; k < heights.length; k++) data[4 * k + 3] = Math.min(FULL, FULL * Math.sqrt(heights[k]));
      brush.putImageData(picture, 0, 0);
    },
  };
}

/**
 * What share each ellipse of the selected region holds, written on its line: below the centre, or beside it when the
 * region is flat.
 * @param {Plane} plane
 */
function makeShares(plane) {
  const texts = HOLDS.map((share) => element("text", { class: "explorable-share" }, share));
  return {
    root: element("g", {}, ...texts),
    /** @param {Four} four */
    place([a, b, s, t]) {
      const [x, y] = plane.pixel([a, b]);
      const wide = s * plane.unit;
      const tall = t * plane.unit;
      const flat = tall < 26;
      texts.forEach((text, i) => {
        put(text, flat ? { x: x - (i + 1) * wide, y } : { x, y: y + (i + 1) * tall });
        text.toggleAttribute("hidden", flat && wide < 55); // they would lie on each other
      });
    },
  };
}

/**
 * How many numbers m regions take, for each kind of region.
 * @type {Record<string, (m: number) => number[]>}
 */
const COUNTS = {
  centres: (m) => [2 * m, 2 * m, 2 * m],
  shapes: (m) => [m, 2 * m, 3 * m],
  weights: (m) => [m - 1, m - 1, m - 1],
  together: (m) => [4 * m - 1, 5 * m - 1, 6 * m - 1],
};
const KINDS = ["isotropic", "diagonal", "full"];

/** The table of counts: rows of what is counted, a column for each kind of region; those here are diagonal. */
function makeCounts() {
  const caption = element("caption");
  const own = (/** @type {string} */ kind) => (kind === "diagonal" ? "explorable-own" : null);
  const head = KINDS.map((kind) => element("th", { scope: "col", class: own(kind) }, kind));
  const cells = Object.keys(COUNTS).map(() => KINDS.map((kind) => element("td", { class: own(kind) })));
  const rows = Object.keys(COUNTS).map((name, i) =>
    row(name, cells[i], { class: name === "together" ? "explorable-sum" : null }),
  );
  return {
    root: numberTable("explorable-counts", headRow(...head), rows, caption),
    /** @param {number} m */
    place(m) {
      write(caption, m === 1 ? "Numbers for one region" : `Numbers for ${m} regions`);
      Object.values(COUNTS).forEach((count, i) => {
        count(m).forEach((value, kind) => {
          write(cells[i][kind], value);
        });
      });
    },
  };
}

/** The selected region's four numbers and the density at its centre. */
function makeReading() {
  const title = element("p", { class: "explorable-heading" });
  const mu = makeTwoCells();
  const sigma = makeTwoCells();
  const height = element("output", { class: "explorable-number explorable-density", "aria-live": "off" });
  const rows = [
    row(
      "μ",
      mu.map((cell) => cell.root),
    ),
    row(
      "σ",
      sigma.map((cell) => cell.root),
    ),
  ];
  const table = numberTable("explorable-four", headRow("z₁", "z₂"), rows);
  return {
    root: box("", title, table, note("mixture density at μ ", height)),
    /** @type {(regions: Four[], chosen: number) => void} */
    place(regions, chosen) {
      const [a, b, ...sigmas] = regions[chosen];
      write(title, `Region ${chosen + 1} of ${regions.length}`);
      [...mu, ...sigma].forEach(({ text }, i) => {
        write(text, number([a, b, ...sigmas][i]));
      });
      write(height, number(density(regions, [a, b]), 3));
    },
  };
}

/**
 * What belongs to one region: its handles, its ellipses, and the button that selects it.
 * @param {View} view
 * @param {Plane} plane
 * @param {number} i
 */
function makePart(view, plane, i) {
  const select = () => view.save({ selected: i });
  const region = addRegion(plane, {
    value: [0, 0, 1, 1],
    name: ` of region ${i + 1}`,
    moved(four) {
      const regions = view
        .get("regions")
        .map((/** @type {Four} */ other, /** @type {number} */ j) => (j === i ? four : other));
      view.save({ selected: i, regions });
    },
    taken: select,
  });
  const [{ knob }] = region.handles;
  knob.dataset.number = String(i + 1);
  knob.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    select();
  });
  const ellipses = makeEllipses(plane);
  const button = makeButton(`${i + 1}`, select, { "aria-label": `Region ${i + 1}` });
  /** @type {Four | null} */
  let drawn = null;
  /**
   * @param {Four | undefined} four undefined where there is no such region
   * @param {boolean} chosen
   */
  const update = (four, chosen) => {
    region.handles.forEach((handle, j) => {
      handle.knob.hidden = !four || (j > 0 && !chosen);
    });
    put(ellipses.root, { class: chosen ? "explorable-own" : "explorable-other" });
    ellipses.root.toggleAttribute("hidden", !four);
    button.hidden = !four;
    put(button, { "aria-pressed": chosen });
    if (!four || (drawn === four && knob.getAttribute("aria-current") === String(chosen))) return; // as it stood
    drawn = four;
    region.place(four);
    put(knob, { "aria-current": chosen });
    if (chosen) put(knob, { "aria-valuetext": `${knob.getAttribute("aria-valuetext")}, selected` });
    ellipses.place(four);
  };
  return { button, ellipses, update };
}

/**
 * Of the spare places, the one with most room around it.
 * @param {Four[]} regions
 */
function freePlace(regions) {
  const room = (/** @type {Point} */ [x, y]) => Math.min(...regions.map(([a, b]) => Math.hypot(a - x, b - y)));
  return SPARE.reduce((best, other) => (room(other) > room(best) ? other : best));
}

/**
 * The buttons that add and remove a region, and what they say.
 * @param {View} view
 * @param {() => number} chosenNow
 */
function makeChanges(view, chosenNow) {
  const said = makeSaid();
  const tell = (/** @type {string} */ what) => {
    const m = view.get("regions").length;
    said.textContent = `${what}: ${m === 1 ? "1 region" : `${m} regions`}, ${5 * m - 1} numbers.`;
  };
  const add = makeButton("Add", () => {
    const regions = view.get("regions");
    const added = [...freePlace(regions), NEW_SIGMA, NEW_SIGMA];
    view.save({ regions: [...regions, added], selected: regions.length });
    tell(`Region ${regions.length + 1} added`);
  });
  const remove = makeButton("Remove", () => {
    const gone = chosenNow();
    const regions = view.get("regions").filter((/** @type {Four} */ _, /** @type {number} */ i) => i !== gone);
    view.save({ selected: Math.min(gone, regions.length - 1), regions });
    tell(`Region ${gone + 1} removed`);
  });
  /** @type {(count: number, chosen: number) => void} */
  const place = (count, chosen) => {
    add.disabled = count === MOST;
    remove.disabled = count === 1;
    put(remove, { "aria-label": `Remove region ${chosen + 1}` });
  };
  return { add, remove, said, place };
}

/**
 * @param {View} view
 * @param {HTMLElement} el
 */
function draw(view, el) {
  const chosenNow = () => Math.min(view.get("selected"), view.get("regions").length - 1);
  const shade = makeShade();
  const plane = makePlane({ low: -LIMIT, high: LIMIT, label: "Plane of codes with regions", canvas: shade.canvas });
  plane.root.classList.add("explorable-handles-only");
  ruled(plane, 2, ["z₁", "z₂"]);
  const shares = makeShares(plane);
  const counts = makeCounts();
  const reading = makeReading();
  const parts = Array.from({ length: MOST }, (_, i) => makePart(view, plane, i));
  overlay(plane, ...parts.map((part) => part.ellipses.root), shares.root);
  const changes = makeChanges(view, chosenNow);

  const paint = () => shade.tint(colour(plane.root, "blue"));
  const update = () => {
    /** @type {Four[]} */
    const regions = view.get("regions");
    const chosen = chosenNow();
    parts.forEach((part, i) => {
      part.update(regions[i], i === chosen);
    });
    shares.place(regions[chosen]);
    shade.paint(regions);
    counts.place(regions.length);
    reading.place(regions, chosen);
    changes.place(regions.length, chosen);
  };

  const buttons = parts.map((part) => part.button);
  const beside = box("", reading.root, counts.root, changes.said);
  el.append(
    box(
      "explorable explorable-regions",
      controls("Regions", element("span", {}, "Regions"), ...buttons, changes.add, changes.remove),
      box("explorable-columns explorable-uneven", plane.root, beside),
      note(HELP),
    ),
  );
  paint();
  update();
  view.listen(["regions", "selected"], view.oncePerFrame(update));
  view.watchTheme(() => {
    paint();
    update();
  });
}

/** @param {Host} host */
const render = ({ model, el }) => bind(model, (view) => draw(view, el));

export default { render };
