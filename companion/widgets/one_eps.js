// One eps, one z: the dice in one plane, z = mu + sigma * eps in the other, with the derivatives of z as arrows and
// 1,000 draws.

import { bind } from "./js/bind.js";
import { makeNormal } from "./js/dice.js";
import { element, makeButton, put, write } from "./js/dom.js";
import { box, columns, controls, heading, headRow, makeSaid, makeTwoCells, note, numberTable } from "./js/layout.js";
import { makeEllipses, overlay, ruled } from "./js/lines.js";
import { hundredths, number } from "./js/numbers.js";
import { makePlane } from "./js/plane.js";
import { addRegion } from "./js/region_handles.js";
import { colour } from "./js/theme.js";

/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/geometry.js").Point} Point */
/** @typedef {import("./js/geometry.js").Four} Four */
/** @typedef {import("./js/plane.js").Plane} Plane */

const LIMIT = 4;
const DRAWS = 1000;
const GAP = 15; // how far beside dz/dmu the arrow of dz/dsigma lies, so that neither hides the other
const HEAD = 17; // pixels of an arrow's head
const DOT = 11; // radius of the points that arrows lead to
/** @type {Four} */
const STANDARD = [0, 0, 1, 1];
const HELP =
  "Drag μ (blue) or the orange squares, one sigma from it, or use the arrow keys (with Shift for larger steps). " +
  "Grey: 1,000 draws; their ε were drawn once. Violet dots: your rolls.";

/**
 * The same for both directions.
 * @template T
 * @param {(axis: number) => T} what
 * @returns {[T, T]}
 */
const both = (what) => [what(0), what(1)];

/**
 * The eps of a seed, drawn once: DRAWS pairs.
 * @param {number} seed
 * @returns {Point[]}
 */
function drawAll(seed) {
  const normal = makeNormal(seed);
  return Array.from({ length: DRAWS }, () => [normal(), normal()]);
}

/**
 * Mean and standard deviation of the draws, each way.
 * @param {Point[]} draws
 */
function momentsOf(draws) {
  const mean = both((axis) => draws.reduce((sum, eps) => sum + eps[axis], 0) / DRAWS);
  const squares = both((axis) => draws.reduce((sum, eps) => sum + (eps[axis] - mean[axis]) ** 2, 0));
  return { mean, deviation: both((axis) => Math.sqrt(squares[axis] / (DRAWS - 1))) };
}

/**
 * The z of an eps.
 * @param {Four} four
 * @param {Point} eps
 */
const reparameterize = (four, eps) => both((axis) => four[axis] + four[2 + axis] * eps[axis]);

/**
 * A straight arrow of an svg; `place(from, to)` in its pixels.
 * @param {string} name
 * @param {string} colourOf
 * @param {number} short pixels that it ends before `to`, where a point stands
 */
function makeArrow(name, colourOf, short = 0) {
  const line = element("line");
  const head = element("polygon");
  return {
    root: element("g", { class: `explorable-vector explorable-${name} explorable-of-${colourOf}` }, line, head),
    /** @type {(from: Point, to: Point) => void} */
    place([x, y], [toX, toY]) {
      const whole = Math.hypot(toX - x, toY - y) || 1;
      const [u, v] = [(toX - x) / whole, (toY - y) / whole];
      const length = Math.max(0, whole - short);
      const size = Math.min(HEAD, length);
      const [tipX, tipY] = [x + length * u, y + length * v];
      const [backX, backY] = [tipX - size * u, tipY - size * v];
      const half = 0.45 * size; // of the head's width
      const corners = [
        [tipX, tipY],
        [backX - half * v, backY + half * u],
        [backX + half * v, backY - half * u],
      ];
      put(line, { x1: x, y1: y, x2: backX + u, y2: backY + v });
      put(head, { points: corners.map((corner) => corner.map((at) => at.toFixed(2)).join(",")).join(" ") });
    },
  };
}

/**
 * Paint the draws of a region: all of them faintly, those that have been rolled strongly.
 * @param {CanvasRenderingContext2D} brush
 * @param {Plane} plane
 * @param {Point[]} draws
 * @param {Four} four
 * @param {number} rolled
 */
function paintDraws(brush, plane, draws, [a, b, s, t], rolled) {
  /** @type {(count: number, size: number, fill: string) => void} */
  const paintDots = (count, size, fill) => {
    brush.fillStyle = fill;
    for (let i = 0; i < count; i++) {
      const [x, y] = plane.pixel([a + s * draws[i][0], b + t * draws[i][1]]);
      // Squares of whole pixels: round ones take seven times as long.
      brush.fillRect(Math.round(x - size / 2), Math.round(y - size / 2), size, size);
    }
  };
  paintDots(DRAWS, 2 * plane.scale, `rgba(${colour(plane.root, "far")}, .36)`);
  if (rolled) paintDots(Math.min(DRAWS, rolled + 1), 3.5 * plane.scale, colour(plane.root, "violet"));
}

/**
 * A plane whose lines stay and whose draws, ellipses and arrows move.
 * @param {string} label
 * @param {[across: string, up: string]} names
 * @param {Element[]} marks
 */
function makeStage(label, names, marks) {
  const plane = makePlane({ low: -LIMIT, high: LIMIT, label });
  plane.root.classList.add("explorable-handles-only");
  plane.canvas.classList.add("explorable-draws");
  ruled(plane, 2, names);
  const ellipses = makeEllipses(plane);
  overlay(plane, ellipses.root, ...marks);
  /** @type {(draws: Point[], four: Four, rolled: number) => void} */
  const paint = (draws, four, rolled) => plane.paint((brush) => paintDraws(brush, plane, draws, four, rolled));
  return { plane, ellipses, paint };
}

/** The plane of the dice: `place(draws, eps, rolls)`. */
function makeDice() {
  const vector = makeArrow("eps", "eps", DOT);
  const dot = element("circle", { class: "explorable-place explorable-of-eps", r: DOT });
  const { plane, ellipses, paint } = makeStage("Plane of the dice", ["ε₁", "ε₂"], [vector.root, dot]);
  plane.root.setAttribute("role", "img");
  ellipses.place(STANDARD);
  return {
    root: plane.root,
    /** @type {(draws: Point[], eps: Point, rolls: number) => void} */
    place(draws, eps, rolls) {
      const [cx, cy] = plane.pixel(eps);
      paint(draws, STANDARD, rolls);
      vector.place(plane.pixel([0, 0]), [cx, cy]);
      put(dot, { cx, cy });
      put(plane.root, { "aria-label": `Plane of the dice: eps is ${number(eps[0])}, ${number(eps[1])}` });
    },
  };
}

/**
 * The plane of codes: the region, its draws, and how z moves with mu and with sigma.
 * @param {View} view
 */
function makeCodes(view) {
  const step = makeArrow("step", "eps", DOT);
  const byMu = both((axis) => makeArrow(`dz-dmu-${axis + 1}`, "mu"));
  const bySigma = both((axis) => makeArrow(`dz-dsigma-${axis + 1}`, "sigma"));
  const dot = element("circle", { class: "explorable-place explorable-z", r: DOT });
  const arrows = [step, ...bySigma, ...byMu].map((arrow) => arrow.root);
  const { plane, ellipses, paint } = makeStage("Plane of codes", ["z₁", "z₂"], [...arrows, dot]);
  const region = addRegion(plane, { value: view.get("region"), moved: (four) => view.save({ region: four }) });

  /** @type {(mu: Point, eps: Point, z: Point) => void} */
  const placeArrows = (mu, eps, z) => {
    const { unit } = plane;
    const [x, y] = plane.pixel(z);
    step.place(plane.pixel(mu), [x, y]);
    put(dot, { cx: x, cy: y });
    byMu[0].place([x, y], [x + unit, y]);
    byMu[1].place([x, y], [x, y - unit]);
    bySigma[0].place([x, y + GAP], [x + unit * eps[0], y + GAP]);
    bySigma[1].place([x - GAP, y], [x - GAP, y - unit * eps[1]]);
  };
  return {
    root: plane.root,
    /** @type {(draws: Point[], four: Four, eps: Point, rolls: number) => void} */
    place(draws, four, eps, rolls) {
      region.place(four);
      for (const handle of region.handles) handle.hold(view.get("held") === "region");
      ellipses.place(four);
      paint(draws, four, rolls);
      placeArrows([four[0], four[1]], eps, reparameterize(four, eps));
    },
  };
}

/** @type {Record<string, string>} */
const ROWS = {
  mu: "μ",
  sigma: "σ",
  eps: "ε",
  z: "z = μ + σε",
  "dz-dmu": "∂z/∂μ",
  "dz-dsigma": "∂z/∂σ",
  mean: "draws, mean",
  deviation: "draws, deviation",
};

/** The numbers, a row each. */
function makeNumbers() {
  const rows = Object.entries(ROWS).map(([name, text]) => {
    const held = element("span", { class: "explorable-held" });
    const cells = makeTwoCells();
    const label = element("th", { scope: "row" }, text, held);
    const root = element("tr", { class: `explorable-row-${name}` }, label, ...cells.map((cell) => cell.root));
    return { name, held, cells, root };
  });
  const head = headRow("direction 1", "direction 2");
  return {
    root: numberTable(
      "",
      head,
      rows.map((each) => each.root),
    ),
    /** @type {(values: Record<string, Point>, holds: (name: string) => boolean) => void} */
    place(values, holds) {
      for (const { name, held, cells } of rows) {
        cells.forEach(({ text }, axis) => {
          write(text, number(values[name][axis]));
        });
        write(held, holds(name) ? " held" : "");
      }
    },
  };
}

/**
 * Which rows are held in a mode.
 * @type {Record<string, string[]>}
 */
const HELD = { eps: ["eps"], region: ["mu", "sigma"] };
const MODES = { eps: "Hold ε, move μ and σ", region: "Hold μ and σ, roll ε" };

/**
 * The buttons that say what is held, and the one that rolls.
 * @param {View} view
 * @param {() => string} tellRoll
 */
function makeButtons(view, tellRoll) {
  const said = makeSaid();
  const modes = Object.entries(MODES).map(([held, text]) => ({
    held,
    button: makeButton(text, () => view.save({ held })),
  }));
  const rolled = () => {
    view.save({ rolls: view.get("rolls") + 1 });
    said.textContent = tellRoll();
  };
  const roll = makeButton("Roll", rolled, { class: "explorable-roll" });
  return {
    root: controls("What is held", ...modes.map((mode) => mode.button), roll),
    said,
    /** @param {string} held */
    place(held) {
      for (const mode of modes) put(mode.button, { "aria-pressed": mode.held === held });
      roll.disabled = held === "eps";
    },
  };
}

/** What the colours of the arrows mean. */
function makeKey() {
  const swatch = (/** @type {string} */ name) =>
    element("span", { class: `explorable-swatch explorable-of-${name}`, "aria-hidden": "true" });
  /** @type {(name: string, text: string) => HTMLElement} */
  const item = (name, text) => element("li", {}, swatch(name), text);
  return element(
    "ul",
    { class: "explorable-key" },
    item("eps", "ε, and σε from μ to z"),
    item("mu", "∂z/∂μ: points to z for μ + 1"),
    item("sigma", "∂z/∂σ: points to z for σ + 1"),
  );
}

/**
 * @param {View} view
 * @param {HTMLElement} el
 */
function draw(view, el) {
  let draws = drawAll(view.get("seed"));
  let moments = momentsOf(draws);
  const epsNow = () => both((axis) => hundredths(draws[view.get("rolls") % DRAWS][axis]));
  const zNow = () => reparameterize(view.get("region"), epsNow());
  const dice = makeDice();
  const codes = makeCodes(view);
  const numbers = makeNumbers();
  const buttons = makeButtons(view, () => {
    const [eps, z] = [epsNow(), zNow()].map((point) => point.map((value) => number(value)).join(", "));
    return `Roll ${view.get("rolls")}: ε ${eps} gives z ${z}.`;
  });

  /** @type {(four: Four, eps: Point) => Record<string, Point>} */
  const valuesOf = (four, eps) => ({
    mu: [four[0], four[1]],
    sigma: [four[2], four[3]],
    eps,
    z: reparameterize(four, eps),
    "dz-dmu": [1, 1],
    "dz-dsigma": eps,
    mean: reparameterize(four, moments.mean), // of z = mu + sigma * eps, whose eps stay
    deviation: both((axis) => four[2 + axis] * moments.deviation[axis]),
  });
  const updateDice = () => dice.place(draws, epsNow(), view.get("rolls"));
  const update = () => {
    const held = view.get("held");
    const four = view.get("region");
    const eps = epsNow();
    codes.place(draws, four, eps, view.get("rolls"));
    numbers.place(valuesOf(four, eps), (name) => HELD[held]?.includes(name) ?? false);
    buttons.place(held);
  };
  const updateAll = () => {
    updateDice();
    update();
  };

  el.append(
    box(
      "explorable explorable-one-eps",
      buttons.root,
      columns(
        box("explorable-dice", heading("The dice: ε"), dice.root),
        box("", heading("The region: z = μ + σε"), codes.root),
      ),
      columns(box("", numbers.root), box("", makeKey(), note(HELP), buttons.said)),
    ),
  );
  updateAll();
  const redrawAll = view.oncePerFrame(updateAll);
  view.listen(["region", "held"], view.oncePerFrame(update));
  view.listen(["rolls"], redrawAll);
  view.listen(["seed"], () => {
    draws = drawAll(view.get("seed"));
    moments = momentsOf(draws);
    redrawAll();
  });
  view.watchTheme(updateAll);
}

/** @param {Host} host */
const render = ({ model, el }) => bind(model, (view) => draw(view, el));

export default { render };
