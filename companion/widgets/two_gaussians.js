// Two Gaussians: q = N(mu, sigma²), which you move, against p = N(0, 1): both divergences, a Monte Carlo estimate, the
// KL's two slopes.

import { bind, requireNumbers } from "./js/bind.js";
import { addChartHandle, makeChart } from "./js/chart.js";
import { addChartSigma } from "./js/chart_sigma.js";
import { makeNormal } from "./js/dice.js";
import { element, makeButton, put, write } from "./js/dom.js";
import { inPieces } from "./js/frames.js";
import { box, columns, controls, makeDescriptions, makeSaid, note } from "./js/layout.js";
import { clamp, number, roundUp, thousandths } from "./js/numbers.js";
import { addHandle, makePlane, paintGrid, paintTicks } from "./js/plane.js";
import { colour } from "./js/theme.js";

/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/geometry.js").Point} Point */
/** @typedef {import("./js/plane.js").Plane} Plane */
/** @typedef {import("./js/numbers.js").Range} Range */
/** @typedef {{ mu: number, v: number, sigma: number, eps: number[] }} State q, with v = log sigma², and its noise */
/** @typedef {[first: number, second: number, third: number, fourth: number]} Moments means of a roll's eps, eps², eps³, eps⁴ */
/** @typedef {(changes: { mu?: number, logvar?: number }) => void} Move */

const LEVELS = [0.1, 0.5, 1, 2, 4, 8]; // nats, of the contours in the plane
const MEANS = 4.5; // mu goes from −4.5 to 4.5
/** @type {Range} */
const LOGVARS = [-6, 3]; // log sigma², as far as encoders of digits go down
const SPAN = LOGVARS[1] - LOGVARS[0];
const EDGE = 8; // of the two charts, each way
/** @type {Range} */
const STALKS = [1.3, 4]; // how far from the mean the handles of the least and the largest sigma stand
const TURN = 3; // a mean beyond this has its handle on the other side
const MANY = 100; // rolls of one press
const MOST = 1000; // that are counted
const PIECE = 20; // that are worked out at a time, so that the page hears its events between
const MISS = 2; // standard errors
const SHARE = 0.5; // an arrow is as long as a step at this learning rate, up to
const LONGEST = 110; // pixels of
const SIDE_OF_ARROWS = 300;
const RIM = 14; // pixels from the middle of the handle to where an arrow begins
const LETTERS = 11; // pixels of a plane of SIDE_OF_ARROWS
const SMALLEST = 10; // pixels of the page
const HEAD = 7; // pixels of an arrow's head
const SAMPLES = [10, 100, 1000];
const HELP =
  "Drag the round handle for the mean of q and the square one for its sigma (how far it stands goes by the logarithm of " +
  "sigma), or the point in the plane; arrow keys work too. The filled area, blue minus orange, is KL(q ‖ p); its scale is " +
  "chosen anew when you let go. The arrows in the plane point against the slopes.";

// What is computed. mu and v = log sigma² are those of q; all in nats.

/** @type {(mu: number, v: number) => number} */
const klForward = (mu, v) => 0.5 * (Math.exp(v) + mu ** 2 - 1 - v);

/** @type {(mu: number, v: number) => number} */
const klReverse = (mu, v) => 0.5 * ((1 + mu ** 2) * Math.exp(-v) - 1 + v);

/** @type {(mu: number, v: number) => [number, number]} */
const slopes = (mu, v) => [mu, 0.5 * (Math.exp(v) - 1)];

/** @type {(z: number, mu: number, v: number) => number} */
const density = (z, mu, v) => Math.exp(-0.5 * (z - mu) ** 2 * Math.exp(-v) - 0.5 * v) / Math.sqrt(2 * Math.PI);

/**
 * log q(z) − log p(z): what one z counts.
 * @type {(z: number, mu: number, v: number) => number}
 */
const logRatio = (z, mu, v) => 0.5 * (z ** 2 - (z - mu) ** 2 * Math.exp(-v) - v);

/**
 * The mean of log q/p at n values z = mu + sigma eps, and its standard error: the sample's standard deviation over
 * root n.
 * @param {State} state
 */
function monteCarlo({ mu, v, sigma, eps }) {
  const counts = eps.map((e) => logRatio(mu + sigma * e, mu, v));
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const squares = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (counts.length - 1) / counts.length) };
}

/**
 * Of a roll what its estimate needs, for any q: log q/p of mu + sigma eps is a square polynomial in eps.
 * @param {number[]} eps
 * @returns {Moments}
 */
function momentsOfRoll(eps) {
  /** @type {Moments} */
  const sums = [0, 0, 0, 0];
  for (const e of eps) {
    const square = e * e;
    sums[0] += e;
    sums[1] += square;
    sums[2] += square * e;
    sums[3] += square * square;
  }
  return /** @type {Moments} */ (sums.map((sum) => sum / eps.length));
}

/**
 * How many standard errors the estimate of a roll is from the KL.
 * @type {(moments: Moments, n: number, mu: number, v: number) => number}
 */
function missOf([first, second, third, fourth], n, mu, v) {
  const slope = mu * Math.exp(0.5 * v); // log q/p is a constant + slope eps + bend eps²
  const bend = 0.5 * (Math.exp(v) - 1);
  const off = slope * first + bend * (second - 1);
  const variance =
    slope * slope * (second - first * first) +
    2 * slope * bend * (third - first * second) +
    bend * bend * (fourth - second * second);
  return Math.abs(off) / Math.sqrt(Math.max(variance, 1e-300) / (n - 1));
}

/**
 * Curve (mu(t), v(t)) on which the KL is `level`: for every v with room left, the two mu.
 * @param {number} level
 * @returns {Point[]}
 */
function contour(level) {
  /** @type {Point[]} */
  const right = [];
  for (let v = LOGVARS[0]; v <= LOGVARS[1]; v += 0.01) {
    const left = 2 * level - (Math.exp(v) - 1 - v);
    if (left >= 0) right.push([Math.sqrt(left), v]);
  }
  /** @type {Point[]} */
  const mirrored = right.map(([mu, v]) => [-mu, v]);
  return [...right, ...mirrored.reverse()];
}

/**
 * The z at which a bell is drawn: five sigma each way, close enough for a smooth line.
 * @type {(mu: number, sigma: number) => number[]}
 */
const acrossBell = (mu, sigma) => Array.from({ length: 121 }, (_, i) => mu + (sigma * (i - 60)) / 12);

const STEPS = Array.from({ length: 161 }, (_, i) => EDGE * (i / 80 - 1));

/**
 * Where the pieces of a line are that lie on one side of zero: the line there, zero elsewhere.
 * @param {Point[]} points
 * @param {(y: number) => boolean} inside whether a height is on that side
 * @returns {Point[]}
 */
function onOneSide(points, inside) {
  const on = points.map(([, y]) => inside(y));
  const needed = (/** @type {unknown} */ _, /** @type {number} */ i) =>
    i === 0 || i === points.length - 1 || on[i - 1] || on[i] || on[i + 1];
  return points.filter(needed).map(([z, y]) => [z, inside(y) ? y : 0]);
}

// What is shown.

/** @type {(kind: string) => SVGPathElement} */
const makeCurve = (kind) => element("path", { class: `explorable-curve explorable-${kind}` });

/**
 * The densities of q and p, q's noise as a rug, and the handles for its mean and its sigma.
 * @param {View} view
 * @param {() => State} at
 * @param {Move} move
 * @param {() => boolean} held whether a finger is on the page's handles: scales then stay as they are
 */
function makeDensities(view, at, move, held) {
  const p = makeCurve("gaussian-p");
  const q = makeCurve("gaussian-q");
  const rug = makeCurve("gaussian-rug");
  const nameP = element("text", { class: "explorable-name-p" }, "p");
  const nameQ = element("text", { class: "explorable-name-q" }, "q");
  const chart = makeChart(view, {
    x: [-EDGE, EDGE],
    y: [0, 0.5],
    height: 200,
    label: "Densities of q and p",
    title: "density",
    countY: 3,
    draw: () => update(),
  });
  chart.area.append(p, q, rug, nameP, nameQ);
  const mean = addChartHandle(chart, {
    label: "Mean of q",
    min: -MEANS,
    max: MEANS,
    moved: (mu) => move({ mu }),
    describe: (mu) => `mu ${number(mu)}, KL ${number(klForward(mu, at().v), 3)}`,
  });
  const spread = addChartSigma(chart, {
    label: "Sigma of q",
    sigmas: [Math.exp(LOGVARS[0] / 2), Math.exp(LOGVARS[1] / 2)],
    reach: STALKS,
    room: TURN,
    pulled: (sigma) => move({ logvar: 2 * Math.log(sigma) }),
    describe: (sigma) => `sigma ${number(sigma, sigma < 0.1 ? 3 : 2)}, KL ${number(klForward(at().mu, at().v), 3)}`,
  });
  const placeRug = (/** @type {State} */ { mu, sigma, eps }) => {
    const floor = chart.height - chart.bottom;
    put(rug, { d: eps.map((e) => `M${chart.at(mu + sigma * e).toFixed(1)} ${floor}v-9`).join("") });
  };
  /** @type {(mu: number, top: number) => void} */
  const placeNames = (mu, top) => {
    const side = mu >= 0 ? 1 : -1; // p's name stands on the side that q leaves free
    const anchor = side > 0 ? "end" : "start";
    put(nameP, { x: chart.at(-1.35 * side), y: chart.up(density(1.35, 0, 0)) - 6, "text-anchor": anchor });
    put(nameQ, { x: chart.at(mu) + 18, y: Math.max(chart.top + 12, chart.up(top) + 5) });
  };
  const update = () => {
    const state = at();
    const { mu, v, sigma } = state;
    const top = density(mu, mu, v);
    const atSigma = density(mu + sigma, mu, v);
    if (!held()) chart.y = [0, roundUp(1.06 * Math.max(density(0, 0, 0), top))];
    if (chart.frame()) p.setAttribute("d", chart.path(STEPS.map((z) => [z, density(z, 0, 0)])));
    put(q, { d: chart.path(acrossBell(mu, sigma).map((z) => [z, density(z, mu, v)])) });
    placeRug(state);
    const inFrame = (/** @type {number} */ height) => Math.min(height, 0.96 * chart.y[1]); // while it is held
    mean.place(mu, mu, inFrame(top));
    spread.place(mu, sigma, inFrame(atSigma));
    placeNames(mu, top);
  };
  return { root: chart.root, update };
}

/**
 * The text over the area: how large it is, and how much of it is not seen. What lies beyond the picture is a sum there.
 * @param {State} state
 */
function describeArea({ mu, v, sigma }) {
  const step = sigma / 50;
  let beyond = 0;
  for (const side of [-1, 1]) {
    for (let z = side * EDGE + (side * step) / 2; side * (z - mu) < 9 * sigma; z += side * step) {
      beyond += density(z, mu, v) * logRatio(z, mu, v) * step;
    }
  }
  const area = `q log(q / p): area ${number(klForward(mu, v), 3)}`;
  return Math.abs(beyond) < 0.0005 ? area : `${area}, ${number(beyond, 3)} beyond ±${EDGE}`;
}

/**
 * q log q/p, whose signed area is the KL.
 * @param {View} view
 * @param {() => State} at
 * @param {() => boolean} held as of makeDensities
 */
function makeIntegrand(view, at, held) {
  const above = makeCurve("above");
  const below = makeCurve("below");
  const line = makeCurve("integrand");
  const chart = makeChart(view, {
    x: [-EDGE, EDGE],
    y: [-0.5, 0.5],
    height: 132,
    label: "q log q/p; its signed area is the KL from q to p",
    title: "",
    bottom: 8,
    countY: 2,
    draw: () => update(),
  });
  chart.area.append(above, below, line);
  const title = element("text", { class: "explorable-title" });
  chart.svg.append(title);
  const update = () => {
    const state = at();
    const { mu, v, sigma } = state;
    /** @type {Point[]} */
    const points = acrossBell(mu, sigma).map((z) => [z, density(z, mu, v) * logRatio(z, mu, v)]);
    const high = roundUp(1.05 * Math.max(...points.map(([, y]) => y)));
    if (!held()) chart.y = [-Math.max(0.25, high / 4), high];
    chart.frame();
    put(title, { x: chart.left + 6, y: chart.top + 11 });
    write(title, describeArea(state));
    put(above, { d: `${chart.path(onOneSide(points, (y) => y > 0))}Z` });
    put(below, { d: `${chart.path(onOneSide(points, (y) => y < 0))}Z` });
    put(line, { d: chart.path(points) });
  };
  return { root: chart.root, update };
}

/**
 * A shaft from the rim of the handle along an axis, with a head; nothing where it would be shorter than half a pixel.
 * @param {Point} handle
 * @param {[number, number]} direction -1, 0 or 1 each
 * @param {number} length pixels
 */
function arrow([x, y], [u, w], length) {
  if (length < 0.5) return "";
  const head = Math.min(HEAD, length);
  const [fromX, fromY] = [x + RIM * u, y + RIM * w];
  const [toX, toY] = [fromX + length * u, fromY + length * w];
  const left = `${toX - head * (u + w)} ${toY - head * (w + u)}`;
  const right = `${toX - head * (u - w)} ${toY - head * (w - u)}`;
  return `M${fromX} ${fromY}L${toX} ${toY}M${left}L${toX} ${toY}L${right}`;
}

/**
 * Paint lines of equal KL, with their levels.
 * @param {CanvasRenderingContext2D} brush
 * @param {Plane} plane
 * @param {number} letters their size, of a plane of SIDE_OF_ARROWS
 */
function paintContours(brush, plane, letters) {
  const lines = LEVELS.map(contour);
  paintGrid(brush, plane, 1);
  brush.strokeStyle = colour(plane.root, "edge");
  brush.lineWidth = 1.4 * plane.scale;
  for (const line of lines) {
    brush.beginPath();
    for (const point of line) brush.lineTo(...plane.pixel(point));
    brush.closePath();
    brush.stroke();
  }
  paintTicks(brush, plane, letters > 12 ? 2 : 1, ["μ", "log σ²"], 0, letters);
  brush.textAlign = "center";
  brush.textBaseline = "middle";
  brush.strokeStyle = colour(plane.root, "page");
  brush.lineWidth = 4 * plane.scale;
  LEVELS.slice(0, -1).forEach((level, i) => {
    if (letters > LETTERS && i % 2 === 1) return; // no room on a phone
    const [x, y] = plane.pixel([0, Math.max(...lines[i].map(([, v]) => v))]); // on its line, right above the middle
    brush.strokeText(String(level), x, y);
    brush.fillText(String(level), x, y);
  });
}

/**
 * The plane of mu and log sigma²: a handle, and arrows against the slopes of the KL.
 * @param {View} view
 * @param {() => State} at
 * @param {Move} move
 */
function makeSlopes(view, at, move) {
  const label = "Plane of mu and log sigma squared, with lines of equal KL";
  const rise = (LOGVARS[0] + LOGVARS[1]) / 2;
  const plane = makePlane({ low: -MEANS, high: MEANS, rise, label });
  const alongMu = element("path", { class: "explorable-arrow explorable-slope-mu" });
  const alongLogvar = element("path", { class: "explorable-arrow explorable-slope-logvar" });
  const viewBox = `0 0 ${SIDE_OF_ARROWS} ${SIDE_OF_ARROWS}`;
  plane.root.append(element("svg", { viewBox, "aria-hidden": "true" }, alongMu, alongLogvar));
  const handle = addHandle(plane, {
    label: "mu and log sigma squared of q",
    value: [0, 0],
    anywhere: true,
    moved: ([mu, logvar]) => move({ mu, logvar }),
    describe: ([mu, v]) => `mu ${number(mu)}, log sigma squared ${number(v)}, KL ${number(klForward(mu, v), 3)}`,
  });
  const stepOf = (/** @type {number} */ slope) => clamp((-slope * SHARE * SIDE_OF_ARROWS) / SPAN, [-LONGEST, LONGEST]);
  const update = () => {
    const { mu, v } = at();
    const [x, y] = plane.pixel([mu, v]);
    const [across, up] = slopes(mu, v).map(stepOf);
    /** @type {Point} */
    const from = [x / plane.scale, y / plane.scale];
    handle.place([mu, v]);
    put(alongMu, { d: arrow(from, [Math.sign(across), 0], Math.abs(across)) });
    put(alongLogvar, { d: arrow(from, [0, -Math.sign(up)], Math.abs(up)) });
  };
  let letters = LETTERS;
  const paint = () => plane.paint((brush) => paintContours(brush, plane, letters));
  view.watchSize(plane.root, ({ contentRect: { width } }) => {
    const wanted = Math.max(LETTERS, (SMALLEST * SIDE_OF_ARROWS) / Math.max(1, width));
    if (wanted === letters) return;
    letters = wanted;
    paint();
  });
  return { root: plane.root, paint, update };
}

/**
 * What is read off, with what it is.
 * @type {Record<string, [title: string, more: string]>}
 */
const READINGS = {
  q: ["q", "μ, σ"],
  forward: ["KL(q ‖ p)", "closed form"],
  estimate: ["its estimate", "± standard error"],
  reverse: ["KL(p ‖ q)", "the other way"],
  mu: ["∂KL/∂μ", "= μ"],
  logvar: ["∂KL/∂log σ²", "= (σ² − 1) / 2"],
};

/**
 * The readings as texts.
 * @param {State} state
 * @returns {Record<string, string>}
 */
function readingsOf(state) {
  const { mu, v, sigma } = state;
  const { mean, error } = monteCarlo(state);
  const [across, up] = slopes(mu, v);
  return {
    q: `${number(mu)}, ${number(sigma)}`,
    forward: number(klForward(mu, v), 3),
    estimate: `${number(mean, 3)} ± ${number(error, 3)}`,
    reverse: number(klReverse(mu, v), 3),
    mu: number(across, 3),
    logvar: number(up, 3),
  };
}

/**
 * How far off a roll is.
 * @param {State} state
 */
function describeRoll(state) {
  const { mean, error } = monteCarlo(state);
  const exact = klForward(state.mu, state.v);
  const off = error > 0 ? Math.abs(mean - exact) / error : 0;
  return `Rolled: estimate ${number(mean, 3)}, ${number(off, 1)} standard errors from ${number(exact, 3)}.`;
}

/**
 * The count of misses over all rolls, that on show among them, for q as it stands: the same noise counts anew when q is moved.
 * @param {View} view
 * @param {() => State} at
 * @param {() => void} came when all rolls are worked out
 */
function makeTally(view, at, came) {
  /** @type {Map<number, Moments>} */
  const known = new Map(); // by seed
  let samples = 0;
  const text = element("p", { class: "explorable-tally" });
  const seeds = () => Array.from({ length: view.get("rolls") }, (_, i) => view.get("seed") - i);
  const missing = () => seeds().filter((seed) => !known.has(seed));
  const show = () => {
    const { mu, v } = at();
    const counted = seeds().flatMap((seed) => {
      const moments = known.get(seed);
      return moments ? [missOf(moments, samples, mu, v)] : [];
    });
    const missed = counted.filter((off) => off > MISS).length;
    const share = counted.length > 1 ? `: ${number((100 * missed) / counted.length, 1)} %` : "";
    const ofRolls = counted.length === 1 ? "1 roll" : `${counted.length.toLocaleString("en")} rolls`;
    write(text, `${missed} of ${ofRolls} missed by more than ${MISS} standard errors${share}`);
  };
  const start = inPieces(() => {
    const now = missing().slice(0, PIECE);
    if (now.length === 0 || view.hasEnded()) return null;
    return () => {
      for (const seed of now) known.set(seed, momentsOfRoll(Array.from({ length: samples }, makeNormal(seed))));
      show();
      if (missing().length === 0) came();
    };
  });
  return {
    root: text,
    text: () => text.textContent ?? "",
    update() {
      if (samples !== view.get("samples")) known.clear();
      samples = view.get("samples");
      if (!known.has(view.get("seed"))) known.set(view.get("seed"), momentsOfRoll(at().eps));
      show();
      if (missing().length > 0) start();
    },
  };
}

/**
 * The readings, and the buttons for the noise.
 * @param {View} view
 * @param {() => State} at
 */
function makeReadings(view, at) {
  const cells = makeDescriptions(Object.keys(READINGS));
  const pairs = Object.entries(READINGS).flatMap(([name, [title, more]]) => [
    element("dt", {}, title, element("span", {}, more)),
    cells[name],
  ]);
  // Buttons, not a menu: a menu's list belongs to the whole page, and the browser then lays the whole page out when a
  // number changes.
  const choices = SAMPLES.map((samples) => makeButton(samples.toLocaleString("en"), () => view.save({ samples })));
  const said = makeSaid("explorable-quiet explorable-status");
  const told = makeSaid("explorable-unseen"); // the tally, once, after many rolls: where it stands it changes with every move
  let many = false; // were asked for, and are not told yet
  const tally = makeTally(view, at, () => {
    if (many) told.textContent = `${tally.text()}.`;
    many = false;
  });
  /** @param {number} count */
  const rollMore = (count) => {
    many = count > 1;
    view.save({ seed: view.get("seed") + count, rolls: Math.min(MOST, view.get("rolls") + count) });
    said.textContent = many ? "" : describeRoll(at());
  };
  const roll = makeButton("roll", () => rollMore(1));
  const rollMany = makeButton(`roll ${MANY}`, () => rollMore(MANY));
  const update = () => {
    const state = at();
    for (const [name, text] of Object.entries(readingsOf(state))) write(cells[name], text);
    choices.forEach((choice, i) => {
      put(choice, { "aria-pressed": SAMPLES[i] === state.eps.length });
    });
    tally.update();
  };
  const list = element("dl", { class: "explorable-pairs" }, ...pairs);
  const quiet = () => {
    said.textContent = "";
  };
  return {
    root: box("explorable-reading-column", list),
    noise: box(
      "explorable-noise",
      controls("Number of samples", "samples", ...choices),
      controls("Rolls of the samples", roll, rollMany),
      tally.root,
      said,
      told,
    ),
    update,
    quiet,
  };
}

/**
 * What tells q as it stands, and its noise: the same for the same seed, wherever q is moved.
 * @param {View} view
 * @returns {() => State}
 */
function makeState(view) {
  /** @type {number[]} */
  let eps = [];
  let rolled = "";
  return () => {
    const seed = view.get("seed");
    const samples = view.get("samples");
    if (rolled !== `${seed} ${samples}`) {
      eps = Array.from({ length: samples }, makeNormal(seed));
      rolled = `${seed} ${samples}`;
    }
    const v = view.get("logvar");
    return { mu: view.get("mu"), v, sigma: Math.exp(0.5 * v), eps };
  };
}

/**
 * @param {View} view
 * @param {HTMLElement} el
 */
function draw(view, el) {
  requireNumbers(view.model, "mu", "logvar", "samples", "seed", "rolls");
  const at = makeState(view);
  /** @type {Move} */
  const move = (changes) => {
    view.save(Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, thousandths(value)])));
  };
  let held = false;
  const isHeld = () => held;
  const densities = makeDensities(view, at, move, isHeld);
  const integrand = makeIntegrand(view, at, isHeld);
  const plane = makeSlopes(view, at, move);
  const readings = makeReadings(view, at);
  const root = box(
    "explorable explorable-gaussians",
    densities.root,
    integrand.root,
    columns(readings.root, plane.root),
    readings.noise,
    note(HELP),
  );
  el.append(root);
  const updateAll = () => {
    for (const part of [densities, integrand, plane, readings]) part.update();
  };
  const redraw = view.oncePerFrame(updateAll);
  const letGo = () => {
    held = false;
    redraw();
  };
  root.addEventListener(
    "pointerdown",
    () => {
      held = true;
    },
    { capture: true },
  );
  root.addEventListener("pointerup", letGo);
  root.addEventListener("pointercancel", letGo);
  plane.paint();
  updateAll();
  view.listen(["mu", "logvar", "samples"], () => {
    readings.quiet();
    redraw();
  });
  view.listen(["seed", "rolls"], redraw);
  view.watchTheme(plane.paint);
}

/** @param {Host} host */
const render = ({ model, el }) => bind(model, (view) => draw(view, el));

export default { render };
