// Regions in the plane: drag a centre, pull sigmas, tilt, weigh; the mixture's density, the count of the numbers and ten
// decoded draws follow.

import { bind } from "./js/bind.js";
import { makeDots, makeLabels, unpackFineCodes } from "./js/codes.js";
import { brushOf, element, makeButton, put, write } from "./js/dom.js";
import { box, controls, heading, headRow, makeSaid, makeTwoCells, note, numberTable, row } from "./js/layout.js";
import { makeEllipses, overlay, ruled } from "./js/lines.js";
import {
  addDensity,
  COUNTS,
  density,
  KINDS,
  land,
  pickRegion,
  reweigh,
  rollDice,
  shaped,
  withOneMore,
  withoutOne,
} from "./js/mixture.js";
import { hundredths, number, significant } from "./js/numbers.js";
import { digitCanvas, paintDigit } from "./js/pictures.js";
import { addHandle, makePlane } from "./js/plane.js";
import { addSigma } from "./js/sigma_handles.js";
import { sideOf } from "./js/sigma_reach.js";
import { makeSlider } from "./js/slider.js";
import { channels, colour } from "./js/theme.js";
import { bytes, decode, loadWeights } from "./js/weights.js";

/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/geometry.js").Point} Point */
/** @typedef {import("./js/geometry.js").Five} Five */
/** @typedef {import("./js/mixture.js").Kind} Kind */
/** @typedef {import("./js/plane.js").Plane} Plane */
/** @typedef {[name: string, mu1: number, mu2: number, sigma1: number, sigma2: number]} Encoded */

/**
 * What is shown: `stored` are the regions as they were set, `regions` the same as their kind has them.
 * @typedef {object} State
 * @property {Five[]} stored
 * @property {Five[]} regions
 * @property {number[]} weights
 * @property {Kind} kind
 * @property {number} chosen
 * @property {"region" | "mixture"} source
 */

const LIMIT = 4;
const MOST = 5;
const DRAWS = 10;
const PICTURE = { side: 240, low: -LIMIT, high: LIMIT }; // of the density
const STEPS = [0.001, 0.01, 0.1, 1, 10, 100]; // densities at which the shade gets one step stronger
const OPACITY = [0, 26, 52, 80, 108, 138, 170]; // of 255: lines must stay visible on the strongest
const TILT = 0.95; // the largest correlation, either way
const NEW_SIGMA = 0.6;
/** @type {import("./js/numbers.js").Range} */
const SIGMAS = [0.02, 2];
/** @type {import("./js/numbers.js").Range} */
const STALKS = [0.8, 2.83]; // how far from the centre the handles of these two stand
const ROOM = 1; // a centre beyond this has its handles on the other side
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
  "Drag a number, or an orange square, or use the arrow keys (with Shift for larger steps). Ellipses: 1, 2 and 3 sigma, " +
  "and what each holds of its region's draws. Dashed: the same of the standard normal distribution. Dots: codes of " +
  "training images, in their digits' colours. Violet: the ten draws.";

/** @type {(view: View) => State} */
function stateOf(view) {
  /** @type {Five[]} */
  const stored = view.get("regions");
  const kind = view.get("kind");
  return {
    stored,
    regions: stored.map((region) => shaped(region, kind)),
    weights: view.get("weights"),
    kind,
    chosen: Math.min(view.get("selected"), stored.length - 1),
    source: view.get("source"),
  };
}

/**
 * Save the selected region changed.
 * @param {View} view
 * @param {(region: Five, kind: Kind) => Five} change
 */
function changeChosen(view, change) {
  const { stored, kind, chosen } = stateOf(view);
  view.save({ regions: stored.map((region, i) => (i === chosen ? change(region, kind) : region)) });
}

// The plane.

/** The picture of the density: a step of the shade for each factor of ten. */
function makeShade() {
  const { side } = PICTURE;
  const canvas = element("canvas", { class: "explorable-shade", width: side, height: side, "aria-hidden": "true" });
  const brush = brushOf(canvas);
  const picture = brush.createImageData(side, side);
  const pixels = new Uint32Array(picture.data.buffer); // a pixel at a time: opacity, blue, green, red from the highest byte
  const heights = new Float64Array(side * side);
  let shades = OPACITY.map(() => 0);
  return {
    canvas,
    /** @param {string} hex "#rrggbb" */
    tint(hex) {
      const [red, green, blue] = channels(hex);
      shades = OPACITY.map((opacity) => (opacity << 24) | (blue << 16) | (green << 8) | red);
    },
    /** @param {State} state */
    paint({ regions, weights }) {
      heights.fill(0);
      regions.forEach((region, i) => {
        addDensity(heights, PICTURE, region, weights[i]);
      });
      for (let k = 0; k < pixels.length; k++) {
        let step = 0;
        while (heights[k] >= STEPS[step]) step += 1;
        pixels[k] = shades[step];
      }
      brush.putImageData(picture, 0, 0);
    },
  };
}

/**
 * What share each ellipse of the selected region holds, written on its line on the side that its handles leave free;
 * nothing where there is no room.
 * @param {Plane} plane
 */
function makeShares(plane) {
  const texts = HOLDS.map((share) => element("text", { class: "explorable-share" }, share));
  return {
    root: element("g", {}, ...texts),
    /** @param {Five} region */
    place([a, b, , t, rho]) {
      const [x, y] = plane.pixel([a, b]);
      const tall = t * Math.sqrt(1 - rho * rho) * plane.unit; // where the line straight through the centre meets it
      texts.forEach((text, i) => {
        const at = y + sideOf(b, ROOM) * (i + 1) * tall;
        put(text, { x, y: at });
        text.toggleAttribute("hidden", tall < 30 || Math.min(at, plane.pixels - at) < 14); // 14: half of its height
      });
    },
  };
}

/**
 * The dots of the ten draws.
 */
function makeMarks() {
  const dots = Array.from({ length: DRAWS }, () => element("circle", { class: "explorable-drawn", r: 6 }));
  return {
    root: element("g", {}, ...dots),
    /** @type {(plane: Plane, codes: Point[]) => void} */
    place(plane, codes) {
      codes.forEach((code, i) => {
        const [cx, cy] = plane.pixel(code);
        put(dots[i], { cx, cy });
      });
    },
  };
}

/**
 * What belongs to one region: the handle of its centre, its ellipses, and the button that selects it.
 * @param {View} view
 * @param {Plane} plane
 * @param {number} i
 */
function makePart(view, plane, i) {
  const select = () => view.save({ selected: i });
  const centre = addHandle(plane, {
    label: `Centre of region ${i + 1}`,
    value: [0, 0],
    describe: (point) => `mu ${point.map((value) => number(value)).join(", ")}`,
    moved: ([a, b]) => {
      const regions = view
        .get("regions")
        .map((/** @type {Five} */ other, /** @type {number} */ j) =>
          j === i ? [hundredths(a), hundredths(b), ...other.slice(2)] : other,
        );
      view.save({ selected: i, regions });
    },
    taken: select,
  });
  const { knob } = centre;
  knob.dataset.number = String(i + 1);
  knob.classList.add("explorable-pin");
  knob.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    select();
  });
  const ellipses = makeEllipses(plane);
  const share = element("span", { class: "explorable-percent" });
  const button = makeButton(element("span", { class: "explorable-unseen" }, "Region "), select);
  button.append(`${i + 1} `, share);
  let drawn = "";
  /** @param {State} state */
  const update = ({ regions, weights, chosen }) => {
    const region = regions[i];
    const now = region ? [...region, weights[i], i === chosen].join() : "none";
    if (now === drawn) return; // as it stands
    drawn = now;
    knob.hidden = !region;
    button.hidden = !region;
    ellipses.root.toggleAttribute("hidden", !region);
    if (!region) return;
    const [a, b] = region;
    const own = i === chosen;
    const percent = `${number(100 * weights[i], 0)} %`;
    centre.place([a, b]);
    ellipses.place(region);
    write(share, percent);
    put(ellipses.root, { class: own ? "explorable-own" : "explorable-other" });
    put(button, { "aria-pressed": own });
    put(knob, { "aria-current": own, "data-side": -sideOf(a, ROOM) });
    if (own) put(knob, { "aria-valuetext": `${knob.getAttribute("aria-valuetext")}, selected` });
  };
  return { button, ellipses, update };
}

/**
 * The two handles for the sigmas of the selected region; one for both where it is isotropic.
 * @param {View} view
 * @param {Plane} plane
 */
function makeSigmas(view, plane) {
  const handles = [0, 1].map((axis) =>
    addSigma(plane, {
      axis,
      sigmas: SIGMAS,
      reach: STALKS,
      room: ROOM,
      round: (sigma) => Number(significant(sigma)),
      describe: (sigma) => significant(sigma),
      pulled: (sigma) =>
        changeChosen(view, ([a, b, s, t, rho], kind) => {
          if (kind === "isotropic") return [a, b, sigma, sigma, rho];
          return axis === 0 ? [a, b, sigma, t, rho] : [a, b, s, sigma, rho];
        }),
    }),
  );
  return {
    root: element("g", {}, ...handles.map((handle) => handle.root)),
    /** @param {State} state */
    place({ regions, kind, chosen }) {
      const one = kind === "isotropic";
      handles[1].hide(one);
      handles.forEach((handle, axis) => {
        const name = one ? "Sigma" : `Sigma ${axis + 1}`;
        handle.place(regions[chosen], `${name} of region ${chosen + 1}`, one ? "σ" : ["σ₁", "σ₂"][axis]);
      });
    },
  };
}

/**
 * The plane with everything that lies on it.
 * @param {View} view
 */
function makeScene(view) {
  const shade = makeShade();
  const plane = makePlane({ low: -LIMIT, high: LIMIT, label: "Plane of codes with regions", canvas: shade.canvas });
  plane.root.classList.add("explorable-handles-only");
  const prior = makeEllipses(plane);
  prior.root.classList.add("explorable-prior");
  prior.place([0, 0, 1, 1]);
  const codes = unpackFineCodes(view.get("codes"), [-LIMIT, -LIMIT], [LIMIT, LIMIT]);
  const names = view.get("names").map((/** @type {number[]} */ [name, a, b]) => [name, [a, b]]);
  const labels = bytes(view.get("labels"));
  ruled(plane, 2, ["z₁", "z₂"], makeDots(plane, codes, labels), makeLabels(plane, names), prior.root);
  const parts = Array.from({ length: MOST }, (_, i) => makePart(view, plane, i));
  const sigmas = makeSigmas(view, plane);
  const shares = makeShares(plane);
  const marks = makeMarks();
  overlay(plane, ...parts.map((part) => part.ellipses.root), shares.root, marks.root, sigmas.root);
  return {
    root: plane.root,
    buttons: parts.map((part) => part.button),
    paint: () => shade.tint(colour(plane.root, "blue")),
    /** @type {(state: State, drawn: Point[]) => void} */
    place(state, drawn) {
      for (const part of parts) part.update(state);
      sigmas.place(state);
      shares.place(state.regions[state.chosen]);
      marks.place(plane, drawn);
      shade.paint(state);
    },
  };
}

/** What the shades stand for. */
function makeLegend() {
  const steps = STEPS.map((step, i) => {
    const swatch = element("span", { class: "explorable-step", style: `--step: ${OPACITY[i + 1] / 255}` });
    return element("li", {}, swatch, element("span", {}, step));
  });
  const name = "Blue: mixture density of at least";
  return box("explorable-shades", note(name), element("ul", { class: "explorable-steps" }, ...steps));
}

// What is decoded.

/**
 * Ten pictures in a row, the buttons that roll the dice, and what is drawn from.
 * @param {View} view
 * @param {(text: string) => void} say
 */
function makeStrip(view, say) {
  const canvases = Array.from({ length: DRAWS }, (_, i) => digitCanvas(`draw ${i + 1} of ${DRAWS}, decoded`));
  const roll = makeButton("Draw ten", () => {
    view.save({ seed: view.get("seed") + 1 });
    say("Ten new draws.");
  });
  const region = makeButton("", () => view.save({ source: "region" }));
  const mixture = makeButton("mixture", () => view.save({ source: "mixture" }), {
    "aria-label": "Draw from the mixture",
  });
  const row = element("div", { class: "explorable-ten", role: "group" }, ...canvases);
  const buttons = controls("Draws", roll, element("span", {}, "from"), region, mixture);
  return {
    root: box("explorable-draws-of", buttons, row),
    /** @type {(state: State, pictures: Float64Array[]) => void} */
    place({ source, chosen }, pictures) {
      const whose = source === "region" ? `region ${chosen + 1}` : "the mixture";
      write(region, `region ${chosen + 1}`);
      put(region, { "aria-pressed": source === "region", "aria-label": `Draw from region ${chosen + 1}` });
      put(mixture, { "aria-pressed": source === "mixture" });
      put(row, { "aria-label": `Ten draws from ${whose}, decoded` });
      pictures.forEach((picture, i) => {
        paintDigit(canvases[i], picture);
      });
    },
  };
}

// Beside the plane.

/** The table of counts: rows of what is counted, a column for each kind of region; that of the chosen one stands out. */
function makeCounts() {
  const caption = element("caption");
  const head = KINDS.map((kind) => element("th", { scope: "col" }, kind));
  const cells = Object.keys(COUNTS).map(() => KINDS.map(() => element("td")));
  const rows = Object.keys(COUNTS).map((name, i) =>
    row(name, cells[i], { class: name === "together" ? "explorable-sum" : null }),
  );
  return {
    root: box("explorable-region-counts", numberTable("explorable-counts", headRow(...head), rows, caption)),
    /** @param {State} state */
    place({ regions: { length: m }, kind }) {
      write(caption, m === 1 ? "Numbers for one region" : `Numbers for ${m} regions`);
      const own = KINDS.indexOf(kind);
      Object.values(COUNTS).forEach((count, i) => {
        count(m).forEach((value, k) => {
          write(cells[i][k], value);
        });
      });
      for (const line of [head, ...cells]) {
        line.forEach((cell, k) => {
          put(cell, { class: k === own ? "explorable-own" : "" });
        });
      }
    },
  };
}

/** The selected region's numbers and the mixture's density at its centre. */
function makeReading() {
  const title = heading("");
  const mu = makeTwoCells();
  const sigma = makeTwoCells();
  const height = element("output", { class: "explorable-number explorable-density", "aria-live": "off" });
  const cellsOf = (/** @type {{ root: Element }[]} */ cells) => cells.map((cell) => cell.root);
  const table = numberTable("explorable-four", headRow("z₁", "z₂"), [row("μ", cellsOf(mu)), row("σ", cellsOf(sigma))]);
  return {
    root: box("explorable-region-reading", title, table, note("mixture density at μ ", height)),
    /** @param {State} state */
    place({ regions, weights, chosen }) {
      const [a, b, s, t] = regions[chosen];
      write(title, `Region ${chosen + 1} of ${regions.length}`);
      [a, b].forEach((value, i) => {
        write(mu[i].text, number(value));
      });
      [s, t].forEach((value, i) => {
        write(sigma[i].text, significant(value));
      });
      write(height, significant(density(regions, weights, [a, b]), 3));
    },
  };
}

/**
 * The sliders of the selected region: its weight, and its tilt where it may have one.
 * @param {View} view
 */
function makeSliders(view) {
  const weight = makeSlider({
    label: "weight",
    min: 1,
    max: 99,
    step: 1,
    value: 50,
    text: (percent) => `${number(percent, 0)} %`,
    moved(percent) {
      const { weights, chosen } = stateOf(view);
      view.save({ weights: reweigh(weights, chosen, percent / 100) });
    },
  });
  const tilt = makeSlider({
    label: "tilt ρ",
    min: -TILT,
    max: TILT,
    step: 0.05,
    value: 0,
    moved: (rho) => changeChosen(view, ([a, b, s, t]) => [a, b, s, t, hundredths(rho)]),
  });
  return {
    root: box("explorable-region-sliders", weight.root, tilt.root),
    /** @param {State} state */
    place({ regions, weights, kind, chosen }) {
      weight.input.max = weights.length === 1 ? "100" : "99";
      weight.input.disabled = weights.length === 1;
      weight.place(100 * weights[chosen]);
      tilt.input.disabled = kind !== "full";
      tilt.place(regions[chosen][4]);
    },
  };
}

// What is above and below.

/**
 * Of the spare places, the one with most room around it.
 * @param {Five[]} regions
 */
function freePlace(regions) {
  const room = (/** @type {Point} */ [x, y]) => Math.min(...regions.map(([a, b]) => Math.hypot(a - x, b - y)));
  return SPARE.reduce((best, other) => (room(other) > room(best) ? other : best));
}

/**
 * The buttons that add and remove a region.
 * @param {View} view
 * @param {(text: string) => void} say
 */
function makeChanges(view, say) {
  const tell = (/** @type {string} */ what) => {
    const { regions, kind } = stateOf(view);
    const m = regions.length;
    say(`${what}: ${m === 1 ? "1 region" : `${m} regions`}, ${COUNTS.together(m)[KINDS.indexOf(kind)]} numbers.`);
  };
  const add = makeButton("Add", () => {
    const { stored, weights } = stateOf(view);
    const regions = [...stored, [...freePlace(stored), NEW_SIGMA, NEW_SIGMA, 0]];
    view.save({ regions, weights: withOneMore(weights), selected: stored.length });
    tell(`Region ${regions.length} added`);
  });
  const remove = makeButton("Remove", () => {
    const { stored, weights, chosen } = stateOf(view);
    const regions = stored.filter((_, i) => i !== chosen);
    view.save({ regions, weights: withoutOne(weights, chosen), selected: Math.min(chosen, regions.length - 1) });
    tell(`Region ${chosen + 1} removed`);
  });
  return {
    buttons: [add, remove],
    /** @param {State} state */
    place({ regions, chosen }) {
      add.disabled = regions.length === MOST;
      remove.disabled = regions.length === 1;
      put(remove, { "aria-label": `Remove region ${chosen + 1}` });
    },
  };
}

/**
 * A button for each kind of region.
 * @param {View} view
 * @param {(text: string) => void} say
 */
function makeKinds(view, say) {
  const buttons = KINDS.map((kind, i) =>
    makeButton(kind, () => {
      view.save({ kind });
      say(`Regions are ${kind}: ${COUNTS.together(view.get("regions").length)[i]} numbers.`);
    }),
  );
  return {
    root: controls("Kind of region", ...buttons),
    /** @param {State} state */
    place({ kind }) {
      buttons.forEach((button, i) => {
        put(button, { "aria-pressed": KINDS[i] === kind });
      });
    },
  };
}

/**
 * Buttons that set the selected region to what an encoder says of an image.
 * @param {View} view
 * @param {(text: string) => void} say
 */
function makeEncoded(view, say) {
  /** @type {Encoded[]} */
  const encoded = view.get("encoded");
  if (encoded.length === 0) return null;
  const buttons = encoded.map(([name, a, b, s, t]) => {
    const set = () => {
      changeChosen(view, () => [a, b, s, t, 0]);
      say(`Region ${stateOf(view).chosen + 1} was set to the encoder's region of a ${name}.`);
    };
    return makeButton(name, set, { "aria-label": `The encoder's region of a ${name}` });
  });
  const root = controls("The encoder's regions", element("span", {}, "The encoder's region of a"), ...buttons);
  root.classList.add("explorable-encoders");
  return root;
}

/**
 * @param {View} view
 * @param {HTMLElement} el
 */
async function draw(view, el) {
  const decoder = await loadWeights(view.model, view.get("decoder"));
  const said = makeSaid();
  const say = (/** @type {string} */ text) => write(said, text);
  const scene = makeScene(view);
  const kinds = makeKinds(view, say);
  const changes = makeChanges(view, say);
  const reading = makeReading();
  const sliders = makeSliders(view);
  const counts = makeCounts();
  const strip = makeStrip(view, say);

  let dice = rollDice(view.get("seed"), DRAWS);
  const update = () => {
    const state = stateOf(view);
    const whose = (/** @type {number} */ i) =>
      state.source === "region" ? state.chosen : pickRegion(state.weights, dice.picks[i]);
    const codes = dice.eps.map((eps, i) => land(state.regions[whose(i)], eps));
    scene.place(state, codes);
    strip.place(
      state,
      codes.map((code) => decode(decoder, code)),
    );
    for (const part of [kinds, changes, reading, sliders, counts]) part.place(state);
  };

  const names = controls("Regions", element("span", {}, "Region"), ...scene.buttons, ...changes.buttons);
  el.append(
    box(
      "explorable explorable-regions",
      kinds.root,
      names,
      makeEncoded(view, say),
      box("explorable-region-parts", scene.root, strip.root, sliders.root, reading.root, makeLegend(), counts.root),
      said,
      note(HELP),
    ),
  );
  scene.paint();
  update();
  const redraw = view.oncePerFrame(update);
  view.listen(["regions", "weights", "kind", "selected", "source"], redraw);
  view.listen(["seed"], () => {
    dice = rollDice(view.get("seed"), DRAWS);
    redraw();
  });
  view.watchTheme(() => {
    scene.paint();
    update();
  });
}

/** @param {Host} host */
const render = ({ model, el }) => bind(model, (view) => draw(view, el));

export default { render };
