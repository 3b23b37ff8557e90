// One eps, one z: the dice in one plane, z = mu + sigma * eps in the other, over the contours of an image's loss; the
// gradient that comes back to mu and sigma; and two ways to estimate mu's from many draws.

import { makeArrow } from "./js/arrows.js";
import { lossAndGradient } from "./js/backward.js";
import { bind } from "./js/bind.js";
import { contour } from "./js/contours.js";
import { makeNormal } from "./js/dice.js";
import { element, makeButton, makeCell, put, write } from "./js/dom.js";
import { both, lessBaseline, momentsOf, normalGrid, reparameterize, scoreFunction } from "./js/estimators.js";
import { inPieces } from "./js/frames.js";
import { makeSquare } from "./js/geometry.js";
import { box, controls, heading, makeDescriptions, makeSaid, note, numberTable, row } from "./js/layout.js";
import { dotsThrough, makeEllipses, overlay, ruled } from "./js/lines.js";
import { clamp, hundredths, number, pair, thousandths } from "./js/numbers.js";
import { digitCanvas, paintDigit } from "./js/pictures.js";
import { addHandle, makePlane, paintGrid, paintTicks } from "./js/plane.js";
import { addSigma } from "./js/sigma_handles.js";
import { colour } from "./js/theme.js";
import { bytes, fineShares, loadWeights } from "./js/weights.js";

/** @typedef {import("./js/backward.js").Result} Result */
/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/geometry.js").Point} Point */
/** @typedef {import("./js/geometry.js").Four} Four */
/** @typedef {import("./js/plane.js").Plane} Plane */

const REACH = 3.5; // of eps, each way
const DRAWS = 1000;
const PRESS = 100; // draws of one press
const PIECE = 25; // draws that are worked out at a time, so that the page hears its events between
const SHOWN = 200; // draws that the planes of eps and z show, so that a drag repaints few dots
const REST = 150; // milliseconds without a change of the region until its draws are worked out
const POINTS = 41; // grid points of the loss each way
const EVERY = 5; // nats between contour lines
const NAMED = 10; // nats between those with a number
const LINES = 0.2; // between the window's lines
const ARROW = 0.004; // length in the plane of codes for a gradient of 1 nat per unit
const DOT = 11; // radius of the points that arrows lead to
const EPS_STEP = 0.05; // of a dragged eps: a pixel on a phone
const SIGMAS = [0.04, 0.4]; // of half the window, what a sigma may be
const STALKS = [0.34, 0.78]; // of half the window, where the handles of these two stand
const NARROW = 75; // nats per unit: what the estimates' planes show each way
const WIDE = 5000;
/** @type {Four} */
const STANDARD = [0, 0, 1, 1];
const HELP =
  "Drag ε, μ (the round handle) or σ (the squares; how far they stand from μ goes by the logarithm of σ), or use the arrow " +
  "keys, with Shift for larger steps. The arrows at z, at μ and at the squares point downhill, 0.1 long for 25 nats per unit.";

/**
 * The draws of a seed: 1,000 eps.
 * @param {number} seed
 * @returns {Point[]}
 */
function drawAll(seed) {
  const normal = makeNormal(seed);
  return Array.from({ length: DRAWS }, () => [normal(), normal()]);
}

// The dice.

/**
 * The plane of the dice: `place(eps)` moves it, `scatter(draws)` shows those of the estimates.
 * @param {(eps: Point) => void} moved
 */
function makeDice(moved) {
  const canvas = element("canvas", { width: 1, height: 1, "aria-hidden": "true" }); // nothing is painted on it
  const plane = makePlane({ low: -REACH, high: REACH, label: "Plane of the dice", canvas });
  plane.root.classList.add("explorable-dice-plane");
  ruled(plane, 2, ["ε₁", "ε₂"]);
  const ellipses = makeEllipses(plane);
  ellipses.place(STANDARD);
  const cloud = element("path", { class: "explorable-cloud", transform: matrixOf(plane, STANDARD) });
  const arrow = makeArrow("explorable-of-eps", DOT);
  overlay(plane, cloud, ellipses.root, arrow.root);
  const handle = addHandle(plane, {
    label: "ε",
    value: [0, 0],
    anywhere: true,
    describe: (eps) => `ε ${pair(eps)}`,
    moved: (eps) => moved(both((axis) => hundredths(EPS_STEP * Math.round(eps[axis] / EPS_STEP)))),
  });
  handle.knob.classList.add("explorable-knob-eps");
  return {
    root: plane.root,
    cloud,
    /** @param {Point} eps */
    place(eps) {
      handle.place(eps);
      arrow.place(plane.pixel([0, 0]), plane.pixel(eps));
    },
  };
}

/**
 * What brings an eps to the pixels of its z: an svg's matrix.
 * @param {Plane} plane
 * @param {Four} four
 */
function matrixOf(plane, [a, b, s, t]) {
  const [x, y] = plane.pixel([a, b]);
  return `matrix(${s * plane.unit} 0 0 ${-t * plane.unit} ${x} ${y})`;
}

// The codes.

/**
 * The loss on the window's grid, lowest row first.
 * @param {View} view
 */
function unpackSurface(view) {
  const [low, high] = view.get("ends");
  return {
    values: fineShares(view.get("surface")).map((share) => low + (high - low) * share),
    side: POINTS,
    low,
    high,
  };
}

/**
 * Paint the contour lines, and numbers where they pass below the lowest place.
 * @param {CanvasRenderingContext2D} brush
 * @param {Plane} plane
 * @param {ReturnType<typeof unpackSurface>} surface
 */
function paintContours(brush, plane, surface) {
  const piece = plane.pixels / (POINTS - 1);
  /** @type {(at: Point) => Point} */
  const pixel = ([column, rowUp]) => [column * piece, plane.pixels - rowUp * piece];
  const lowest = surface.values.indexOf(surface.low);
  const [x0, y0] = pixel([lowest % POINTS, Math.floor(lowest / POINTS)]);
  /** @type {[string, number, number][]} */
  const names = [];
  brush.strokeStyle = `rgba(${colour(plane.root, "far")}, .45)`;
  brush.lineWidth = 2;
  brush.beginPath();
  for (let level = Math.ceil(surface.low / EVERY) * EVERY; level < surface.high; level += EVERY) {
    let best = Infinity;
    let place = [0, 0];
    for (const [from, to] of contour(surface, level).map((segment) => segment.map(pixel))) {
      brush.moveTo(from[0], from[1]);
      brush.lineTo(to[0], to[1]);
      const turn = Math.abs(Math.atan2(from[1] - y0, from[0] - x0) - 0.35 * Math.PI); // from the steepest way down
      if (turn < best) [best, place] = [turn, from];
    }
    if (level % NAMED === 0 && best < 0.2) names.push([String(level), place[0], place[1]]);
  }
  brush.stroke();
  writeNames(brush, plane, names);
}

/**
 * @param {CanvasRenderingContext2D} brush
 * @param {Plane} plane
 * @param {[text: string, x: number, y: number][]} names
 */
function writeNames(brush, plane, names) {
  const edge = plane.pixels - 30;
  brush.font = `${10 * plane.scale}px system-ui, sans-serif`;
  brush.textAlign = "center";
  brush.textBaseline = "middle";
  brush.lineWidth = 8;
  brush.strokeStyle = colour(plane.root, "page");
  brush.fillStyle = colour(plane.root, "quiet");
  for (const [text, x, y] of names) {
    if (x > edge || y > edge) continue; // the axes' own numbers stand there
    brush.strokeText(text, x, y);
    brush.fillText(text, x, y);
  }
}

/**
 * The arrows of a step: from mu to z, and downhill at z, at mu and at the handles of sigma.
 * @param {Plane} plane
 * @param {ReturnType<typeof addSigma>[]} stretches
 */
function makeStepArrows(plane, stretches) {
  const step = makeArrow("explorable-of-eps", DOT);
  const atZ = makeArrow("explorable-downhill explorable-at-z");
  const atMu = makeArrow("explorable-downhill explorable-at-mu");
  const atSigma = both((axis) => makeArrow(`explorable-downhill explorable-at-sigma-${axis + 1}`));
  return {
    roots: [step, ...atSigma, atMu, atZ].map((arrow) => arrow.root),
    /** @type {(mu: Point, z: Point, eps: Point, gradient: Point) => void} */
    place(mu, z, eps, gradient) {
      const downhill = (/** @type {Point} */ from) => both((axis) => from[axis] - ARROW * gradient[axis]);
      step.place(plane.pixel(mu), plane.pixel(z));
      atZ.place(plane.pixel(z), plane.pixel(downhill(z)));
      atMu.place(plane.pixel(mu), plane.pixel(downhill(mu)));
      stretches.forEach((stretch, axis) => {
        const from = stretch.end();
        const to = /** @type {Point} */ ([...from]);
        to[axis] -= stretch.side() * ARROW * gradient[axis] * eps[axis]; // outwards where sigma is to grow
        atSigma[axis].place(plane.pixel(from), plane.pixel(to));
      });
    },
  };
}

/**
 * The plane of codes: contours, the region with its handles, z, and the arrows.
 * @param {View} view
 */
function makeCodes(view) {
  const [low, low2] = view.get("low");
  const half = view.get("half");
  const surface = unpackSurface(view);
  const label = "Plane of codes: contour lines of the loss, the region, and z";
  const plane = makePlane({ low, high: low + 2 * half, rise: low2 - low, label });
  plane.root.classList.add("explorable-handles-only");
  const ellipses = makeEllipses(plane);
  const cloud = element("path", { class: "explorable-cloud" });
  const dot = element("circle", { class: "explorable-place explorable-of-eps", r: DOT });
  /** @param {Partial<Record<0 | 1 | 2 | 3, number>>} changes */
  const change = (changes) => view.save({ region: Object.assign([...view.get("region")], changes) });
  const stretches = [0, 1].map((axis) =>
    addSigma(plane, {
      axis,
      sigmas: [SIGMAS[0] * half, SIGMAS[1] * half],
      reach: [STALKS[0] * half, STALKS[1] * half],
      room: (1 - STALKS[1]) * half,
      round: thousandths,
      describe: (sigma) => number(sigma, 3),
      pulled: (sigma) => change({ [2 + axis]: sigma }),
    }),
  );
  const centre = addHandle(plane, {
    label: "Centre",
    value: [0, 0],
    describe: (mu) => `μ ${pair(mu, 3)}`,
    moved: ([a, b]) => change({ 0: thousandths(a), 1: thousandths(b) }),
  });
  centre.knob.classList.add("explorable-knob-mu");
  const arrows = makeStepArrows(plane, stretches);
  overlay(plane, cloud, ellipses.root, ...stretches.map((each) => each.root), ...arrows.roots, dot);
  return {
    root: plane.root,
    cloud,
    paint: () =>
      plane.paint((brush) => {
        paintGrid(brush, plane, LINES);
        paintContours(brush, plane, surface);
        paintTicks(brush, plane, LINES, ["z₁", "z₂"], 1);
      }),
    /** @type {(four: Four, eps: Point, z: Point, gradient: Point) => void} */
    place(four, eps, z, gradient) {
      const [cx, cy] = plane.pixel(z);
      centre.place([four[0], four[1]]);
      for (const stretch of stretches) stretch.place(four);
      ellipses.place(four);
      arrows.place([four[0], four[1]], z, eps, gradient);
      put(dot, { cx, cy });
      put(cloud, { transform: matrixOf(plane, four) });
    },
  };
}

// The numbers.

/** What z, mu, sigma and log sigma^2 are, and the gradient that each gets. */
function makeNumbers() {
  const factors = { z: "", mu: "× 1", sigma: "× ε", logvar: "× σε/2" };
  const names = { z: "z", mu: "μ", sigma: "σ", logvar: "log σ²" };
  const keys = /** @type {(keyof typeof names)[]} */ (Object.keys(names));
  const rows = keys.map((key) => {
    const cells = Array.from({ length: 4 }, () => makeCell());
    const factor = element("td", { class: "explorable-factor" }, factors[key]);
    const parts = [cells[0].root, cells[1].root, factor, cells[2].root, cells[3].root];
    return { key, cells, root: row(names[key], parts, { class: `explorable-row-${key}` }) };
  });
  const head = element(
    "thead",
    {},
    element(
      "tr",
      {},
      element("td"),
      element("th", { scope: "colgroup", colspan: 2 }, "value (1, 2)"),
      element("th", { scope: "colgroup", colspan: 3 }, "gradient (1, 2)"),
    ),
  );
  const roots = rows.map((each) => each.root);
  return {
    root: numberTable("explorable-routed", head, roots),
    /** @type {(four: Four, eps: Point, z: Point, gradient: Point) => void} */
    place(four, eps, z, gradient) {
      const sigma = both((axis) => four[2 + axis]);
      /** @type {Record<string, [Point, Point]>} */
      const values = {
        z: [z, gradient],
        mu: [[four[0], four[1]], gradient],
        sigma: [sigma, both((axis) => gradient[axis] * eps[axis])],
        logvar: [
          both((axis) => 2 * Math.log(sigma[axis])),
          both((axis) => (gradient[axis] * sigma[axis] * eps[axis]) / 2),
        ],
      };
      for (const { key, cells } of rows) {
        const [own, slope] = values[key];
        [...own, ...slope].forEach((value, i) => {
          write(cells[i].text, number(value, i < 2 ? 3 : 2));
        });
      }
    },
  };
}

/** The image, what is drawn from z, eps and the loss. */
function makePictures() {
  const original = digitCanvas("The image x");
  const decoded = digitCanvas("What the decoder draws from z");
  const cells = makeDescriptions(["eps", "loss"]);
  const terms = element("dl", {}, element("dt", {}, "ε"), cells.eps, element("dt", {}, "loss"), cells.loss);
  return {
    root: box(
      "explorable-eps-pictures",
      box("", original, element("p", {}, "x")),
      box("", decoded, element("p", {}, "x̂ from z")),
      terms,
    ),
    /** @param {ArrayLike<number>} x */
    placeImage: (x) => paintDigit(original, x),
    /** @type {(eps: Point, result: Result) => void} */
    place(eps, { loss, drawn }) {
      paintDigit(decoded, drawn);
      write(cells.eps, pair(eps));
      write(cells.loss, `${number(loss)} nats`);
    },
  };
}

// The estimates.

const WAYS = ["path", "score function", "with baseline"];
const READINGS = ["mean, 1", "mean, 2", "scatter, 1", "scatter, 2", "beyond"];
const FIELD = 200; // units of an estimates' plane

/**
 * A small plane of gradients: dots, their mean as a cross, and the exact mean as a ring.
 * @param {string} way
 */
function makeField(way) {
  const axes = element("path", { class: "explorable-grid", d: `M0 ${FIELD / 2}H${FIELD}M${FIELD / 2} 0V${FIELD}` });
  const estimates = element("path", { class: "explorable-cloud" });
  const ring = element("circle", { class: "explorable-ring", r: 9 });
  const cross = element("path", { class: "explorable-mean", d: "M-9 0H9M0 -9V9" });
  const ends = [
    element("text", { x: FIELD - 3, y: FIELD / 2 - 4, "text-anchor": "end" }),
    element("text", { x: FIELD / 2 + 4, y: 19 }),
  ];
  const attributes = { viewBox: `0 0 ${FIELD} ${FIELD}`, role: "img", "aria-label": way, class: "explorable-field" };
  const root = element("svg", attributes, axes, estimates, ring, cross, ...ends);
  return {
    root,
    /** @type {(points: Point[], reach: number, mean: Point | null, exact: Point) => number} how many are outside */
    place(points, reach, mean, exact) {
      const { pixel } = makeSquare(-reach, reach, FIELD);
      /** @type {(point: Point) => boolean} */
      const inside = (point) => point.every((value) => Math.abs(value) <= reach);
      put(estimates, { d: dotsThrough(points.filter(inside).map(pixel)) });
      const [cx, cy] = pixel(exact);
      const [x, y] = pixel(mean ?? [0, 0]);
      put(ring, { cx, cy, visibility: mean ? "visible" : "hidden" });
      put(cross, { transform: `translate(${x} ${y})`, visibility: mean && inside(mean) ? "visible" : "hidden" });
      for (const end of ends) write(end, reach.toLocaleString("en"));
      return points.length - points.filter(inside).length;
    },
  };
}

/**
 * The estimates that draws give, and the exact gradient, worked out in pieces.
 * @param {View} view
 * @param {(eps: Point) => Result} resultAt of the region as it is
 * @param {{ came: () => void, draws: () => Point[] }} options
 */
function makeWork(view, resultAt, { came, draws }) {
  const grid = normalGrid();
  /** @type {Result[]} */
  let ofDraws = [];
  /** @type {Result[]} */
  let ofGrid = [];
  const next = () => {
    const drawn = view.get("drawn");
    if (view.hasEnded() || drawn === 0) return null;
    const [done, all] = ofDraws.length < drawn ? [ofDraws, draws()] : [ofGrid, grid.map(({ eps }) => eps)];
    const end = ofDraws.length < drawn ? drawn : grid.length;
    if (done.length >= end) return null;
    return () => {
      for (const eps of all.slice(done.length, Math.min(end, done.length + PIECE))) done.push(resultAt(eps));
      if (work.ready()) came();
    };
  };
  const start = inPieces(next);
  const work = {
    start,
    ready: () => ofDraws.length >= view.get("drawn") && ofGrid.length === grid.length,
    /** Forget what belongs to another region. */
    restart() {
      ofDraws = [];
      ofGrid = [];
    },
    results: () => ofDraws.slice(0, view.get("drawn")),
    exact: () => both((axis) => grid.reduce((sum, { weight }, i) => sum + weight * ofGrid[i].gradient[axis], 0)),
  };
  return work;
}

/**
 * "−13.8", "−187", "1,584": a gradient in as many places as there is room for.
 * @param {number} value
 */
const short = (value) => number(value, Math.abs(value) < 100 ? 1 : 0).replace(/\B(?=\d{3}$)/, ",");

/**
 * The three ways to estimate mu's gradient, a plane and five numbers each: `place(points of each, exact)`.
 * @param {View} view
 */
function makeEstimates(view) {
  const fields = WAYS.map(makeField);
  const heads = WAYS.map((way, i) => element("th", { scope: "col" }, element("span", {}, way), fields[i].root));
  const rows = READINGS.map((name) => {
    const cells = WAYS.map(() => makeCell());
    return {
      cells,
      root: row(
        name,
        cells.map((cell) => cell.root),
      ),
    };
  });
  const head = element("thead", {}, element("tr", {}, element("td"), ...heads));
  const exactly = element("p", { class: "explorable-quiet" });
  const table = numberTable(
    "explorable-estimates",
    head,
    rows.map((each) => each.root),
  );
  return {
    root: box("", table, exactly),
    /** @type {(ways: Point[][], exact: Point) => void} */
    place(ways, exact) {
      const reach = view.get("wide") ? WIDE : NARROW;
      ways.forEach((points, i) => {
        const { mean, deviation } = momentsOf(points);
        const outside = fields[i].place(points, reach, mean, exact);
        const error = both((axis) => deviation[axis] / Math.sqrt(points.length));
        const means = both((axis) => `${short(mean[axis])} ± ${short(error[axis])}`);
        [...means, short(deviation[0]), short(deviation[1]), outside.toLocaleString("en")].forEach((text, k) => {
          write(rows[k].cells[i].text, text);
        });
      });
      write(
        exactly,
        `A dot is what one draw says. Cross: their mean, with its standard error; ring: the gradient without draws, ${pair(exact, 1)}, from a grid of ε. Scatter: the standard deviation of one draw. Beyond: dots outside the plane.`,
      );
    },
    clear() {
      for (const field of fields) field.place([], view.get("wide") ? WIDE : NARROW, null, [0, 0]);
      for (const { cells } of rows) for (const cell of cells) write(cell.text, "");
      write(
        exactly,
        "No draws so far. Each gives three estimates of one gradient: that of the mean loss, at μ. Each is a dot.",
      );
    },
  };
}

/**
 * The estimates with their buttons: `update()` when draws, region or range changed.
 * @param {View} view
 * @param {(eps: Point) => Result} resultAt
 * @param {SVGElement[]} clouds where the draws themselves are shown
 */
function makeClouds(view, resultAt, clouds) {
  const estimates = makeEstimates(view);
  let draws = drawAll(view.get("seed"));
  const show = () => {
    const results = work.results();
    const eps = draws.slice(0, results.length);
    const costs = results.map(({ loss }) => loss);
    const four = view.get("region");
    estimates.place(
      [
        results.map(({ gradient }) => gradient),
        scoreFunction(costs, eps, four),
        scoreFunction(lessBaseline(costs), eps, four),
      ],
      work.exact(),
    );
    root.classList.remove("explorable-waiting");
  };
  const work = makeWork(view, resultAt, { came: show, draws: () => draws });
  const more = makeButton(`Roll ${PRESS}`, () => view.save({ drawn: Math.min(DRAWS, view.get("drawn") + PRESS) }));
  const clear = makeButton("Clear", () => view.save({ drawn: 0 }));
  const ranges = [false, true].map((wide) =>
    makeButton(`± ${(wide ? WIDE : NARROW).toLocaleString("en")}`, () => view.save({ wide })),
  );
  const count = element("span", { class: "explorable-count", "aria-live": "polite" });
  const root = box(
    "explorable-clouds",
    heading("The gradient at μ, estimated from many draws"),
    controls("Draws", more, clear, count),
    controls("Range of the three planes", element("span", {}, "Planes show"), ...ranges),
    estimates.root,
  );
  const update = () => {
    const drawn = view.get("drawn");
    write(count, drawn ? `${drawn.toLocaleString("en")} draws` : "no draws");
    for (const cloud of clouds) put(cloud, { d: dotsThrough(draws.slice(0, Math.min(drawn, SHOWN)), 4) });
    ranges.forEach((button, i) => {
      put(button, { "aria-pressed": view.get("wide") === (i === 1) });
    });
    more.disabled = drawn === DRAWS;
    clear.disabled = drawn === 0;
    if (drawn === 0) {
      root.classList.remove("explorable-waiting");
      estimates.clear();
    } else if (work.ready()) show();
    else wait();
  };
  /** Work, and show it when it is done; until then what stands there is of other draws. */
  const wait = (pause = 0) => {
    root.classList.add("explorable-waiting");
    work.start(pause);
  };
  return {
    root,
    update,
    /** The region is another: what was worked out is none of its. */
    restart() {
      work.restart();
      if (view.get("drawn")) wait(REST);
    },
    reseed() {
      draws = drawAll(view.get("seed"));
      work.restart();
      update();
    },
    next: (/** @type {number} */ rolls) => draws[rolls % DRAWS],
  };
}

/**
 * @param {View} view
 * @param {HTMLElement} el
 */
async function draw(view, el) {
  const decoder = await loadWeights(view.model, view.get("decoder"));
  const x = Float64Array.from(bytes(view.get("image")), (level) => level / 255);
  const resultAt = (/** @type {Point} */ eps) => lossAndGradient(decoder, x, reparameterize(view.get("region"), eps));
  const dice = makeDice((eps) => view.save({ eps }));
  const codes = makeCodes(view);
  const pictures = makePictures();
  const numbers = makeNumbers();
  const clouds = makeClouds(view, resultAt, [dice.cloud, codes.cloud]);
  const said = makeSaid("explorable-unseen");

  const update = () => {
    const four = view.get("region");
    const eps = view.get("eps");
    const z = reparameterize(four, eps);
    const result = lossAndGradient(decoder, x, z);
    dice.place(eps);
    codes.place(four, eps, z, result.gradient);
    pictures.place(eps, result);
    numbers.place(four, eps, z, result.gradient);
  };
  const roll = makeButton("Roll ε", () => {
    const rolls = view.get("rolls");
    const eps = both((axis) => hundredths(clamp(clouds.next(rolls)[axis], [-REACH, REACH])));
    view.save({ rolls: rolls + 1, eps });
    const { loss } = resultAt(eps);
    write(said, `Roll ${rolls + 1}: ε ${pair(eps)}, loss ${number(loss)} nats.`);
  });
  const back = makeButton("The encoder's μ, σ", () => view.save({ region: view.get("start") }));

  el.append(
    box(
      "explorable explorable-one-eps",
      controls("One draw", roll, back),
      box(
        "explorable-eps-parts",
        box("explorable-dice", heading("ε ∼ N(0, I)"), dice.root),
        pictures.root,
        box("explorable-codes-part", heading("z = μ + σε, and the loss"), codes.root),
      ),
      numbers.root,
      note(HELP),
      clouds.root,
      said,
    ),
  );
  pictures.placeImage(x);
  codes.paint();
  update();
  clouds.update();
  view.listen(["region", "eps"], view.oncePerFrame(update));
  view.listen(["region"], clouds.restart);
  view.listen(["drawn", "wide"], view.oncePerFrame(clouds.update));
  view.listen(["seed"], clouds.reseed);
  view.watchTheme(codes.paint);
}

/** @param {Host} host */
const render = ({ model, el }) => bind(model, (view) => draw(view, el));

export default { render };
