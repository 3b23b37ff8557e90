// The bound: a Gaussian q over one latent, beside the prior and the exact posterior of an observed point that you drag;
// and two bars that split the same loss, −ELBO: into −log p(x) and the gap, into reconstruction and KL to the prior.

import { bind, requireNumbers } from "./js/bind.js";
import { addChartHandle, makeChart } from "./js/chart.js";
import { addChartSigma } from "./js/chart_sigma.js";
import { makeNormal } from "./js/dice.js";
import { element, makeButton, put, write } from "./js/dom.js";
import { box, controls, heading, makeSaid, note } from "./js/layout.js";
import { overlay, ruled } from "./js/lines.js";
import { hundredths, number, pair, thousandths } from "./js/numbers.js";
import {
  decodeLatent,
  descend,
  drawnBound,
  logDensity,
  logEvidence,
  logJoint,
  logPrior,
  MEANS,
  RADIUS,
  SIGMAS,
  TURN,
  termsOf,
} from "./js/one_latent.js";
import { addHandle, makePlane } from "./js/plane.js";
import { makeSlider } from "./js/slider.js";

/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/geometry.js").Point} Point */
/** @typedef {import("./js/one_latent.js").Gaussian} Gaussian */
/** @typedef {import("./js/one_latent.js").Seen} Seen */
/** @typedef {import("./js/one_latent.js").Terms} Terms */
/** @typedef {import("./js/plane.js").Plane} Plane */

/**
 * What is shown. The heights are those of the posterior at the places of `LINE`.
 * @typedef {object} State
 * @property {Seen} seen
 * @property {Gaussian} q
 * @property {Terms} terms
 * @property {number[]} heights
 * @property {number} k
 * @property {{ mean: number, error: number }} drawn the bound of k draws
 */

const LIMIT = 2.5; // of the plane of the two pixels, each way
const EDGE = 4; // of the line of z, each way
const LINE = Array.from({ length: 321 }, (_, i) => -EDGE + i / 40);
const SEEN = 0.1; // of its highest: where the posterior is marked on the ring
/** @type {import("./js/numbers.js").Range} */
const STALKS = [0.7, 2.2]; // how far from the mean the handles of the least and the largest sigma stand
const BESIDE = 1.7; // a mean beyond this has its handle on the other side
const FRAMES = 40; // of the way downhill
const DRAWS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]; // k of the importance-weighted bound
const ROLLED = 10000; // draws in all, in groups of k
const BARS = { first: 24, second: 74, thick: 18, height: 124 }; // pixels
const BLOCK = 4; // nats: the bars' range grows by these, with x and s, never with q
const HELP =
  "Drag the round handle on the line for the mean of q and the square for its sigma (how far it stands goes by the " +
  "logarithm of sigma), or the point x in the plane; arrow keys work too. Rings around x: one and two s. On the ring d(z), " +
  "violet: where the posterior is above a tenth of its highest; blue: q, from μ − σ to μ + σ.";

/** @type {(kind: string) => SVGPathElement} */
const makeLine = (kind) => element("path", { class: `explorable-curve explorable-${kind}` });

/**
 * What tells the state; log p(x) and the posterior are worked out when x or the noise is another.
 * @param {View} view
 * @returns {() => State}
 */
function makeState(view) {
  let known = "";
  let logP = 0;
  /** @type {number[]} */
  let heights = [];
  const eps = Array.from({ length: ROLLED }, makeNormal(0));
  return () => {
    /** @type {Seen} */
    const seen = { x: view.get("x"), noise: view.get("noise") };
    const now = [...seen.x, seen.noise].join();
    if (now !== known) {
      known = now;
      logP = logEvidence(seen);
      heights = LINE.map((z) => Math.exp(logJoint(z, seen) - logP));
    }
    const q = { mu: view.get("mu"), sigma: view.get("sigma") };
    const k = view.get("draws");
    return { seen, q, terms: termsOf(q, seen, logP), heights, k, drawn: drawnBound(q, seen, k, eps) };
  };
}

/** @type {(terms: Terms) => string} */
const threeNumbers = ({ elbo, gap, logP }) =>
  `ELBO ${number(elbo)}, gap ${number(gap)}, log p of x ${number(logP)} nats`;

// The plane of the two pixels.

/**
 * Pieces of the ring where `inside` holds.
 * @param {Plane} plane
 * @param {number[]} line values of z
 * @param {(i: number) => boolean} inside
 */
function pieces(plane, line, inside) {
  let text = "";
  let drawn = false;
  line.forEach((z, i) => {
    const now = inside(i);
    if (now)
      text += `${drawn ? "L" : "M"}${plane
        .pixel(decodeLatent(z))
        .map((at) => at.toFixed(1))
        .join(" ")}`;
    drawn = now;
  });
  return text;
}

/**
 * The ring with its values of z.
 * @param {Plane} plane
 */
function makeRing(plane) {
  const half = Math.PI / TURN;
  const whole = Array.from({ length: 181 }, (_, i) => -half + (i * half) / 90);
  const marks = [-2, -1, 0, 1, 2].map((z) => {
    const [a, b] = decodeLatent(z);
    const [x, y] = plane.pixel([0.78 * a, 0.78 * b]);
    const anchor = ["end", "middle", "start"][1 + Math.trunc(z / 2)]; // the two at the top stand beside each other
    return element("text", { x, y, class: "explorable-latent-mark", "text-anchor": anchor }, number(z, 0));
  });
  const ring = element("path", { class: "explorable-latent-ring", d: pieces(plane, whole, () => true) });
  const ends = [-2, -1, 0, 1, 2].map((z) => {
    const [cx, cy] = plane.pixel(decodeLatent(z));
    return element("circle", { class: "explorable-stop", cx, cy, r: 7 });
  });
  return element("g", {}, ring, ...ends, ...marks);
}

/**
 * @param {View} view
 * @param {() => void} touched
 */
function makePixels(view, touched) {
  const canvas = element("canvas", { width: 1, height: 1, "aria-hidden": "true" }); // nothing is painted on it
  const plane = makePlane({
    low: -LIMIT,
    high: LIMIT,
    label: "Plane of the two pixels, with the ring of d(z)",
    canvas,
  });
  ruled(plane, 1, ["x₁", "x₂"], makeRing(plane));
  const posterior = element("path", { class: "explorable-latent-posterior" });
  const own = element("path", { class: "explorable-latent-q" });
  const dot = element("circle", { class: "explorable-latent-mean", r: 12 });
  const rings = [1, 2].map(() => element("circle", { class: "explorable-latent-noise" }));
  overlay(plane, posterior, own, dot, ...rings);
  let told = "";
  const handle = addHandle(plane, {
    label: "x",
    value: [0, 0],
    anywhere: true,
    taken: touched,
    describe: (point) => `x ${pair(point)}, ${told}`,
    moved: (point) => view.save({ x: point.map(hundredths) }),
  });
  return {
    root: plane.root,
    /** @param {State} state */
    update({ seen: { x, noise }, q: { mu, sigma }, terms, heights }) {
      told = threeNumbers(terms);
      handle.place(x);
      const [cx, cy] = plane.pixel(x);
      rings.forEach((ring, i) => {
        put(ring, { cx, cy, r: (i + 1) * noise * plane.unit });
      });
      const least = SEEN * Math.max(...heights);
      put(posterior, { d: pieces(plane, LINE, (i) => heights[i] > least) });
      const across = Array.from({ length: 41 }, (_, i) => mu + (sigma * (i - 20)) / 20);
      put(own, { d: pieces(plane, across, () => true) });
      const [a, b] = plane.pixel(decodeLatent(mu));
      put(dot, { cx: a, cy: b });
    },
  };
}

// The line of z.

/**
 * @param {View} view
 * @param {() => State} at
 * @param {(changes: Partial<Gaussian>) => void} move
 */
function makeDensities(view, at, move) {
  const prior = makeLine("latent-prior");
  const posterior = makeLine("latent-density");
  const own = makeLine("gaussian-q");
  const chart = makeChart(view, {
    x: [-EDGE, EDGE],
    y: [0, 1],
    height: 176,
    label: "Densities over z: the prior, the posterior of x, and q",
    title: "density",
    countX: 8,
    countY: 3,
    draw: () => update(at()),
  });
  chart.area.append(prior, posterior, own);
  let told = "";
  const mean = addChartHandle(chart, {
    label: "Mean of q",
    min: MEANS[0],
    max: MEANS[1],
    moved: (mu) => move({ mu }),
    describe: (mu) => `mu ${number(mu)}, ${told}`,
  });
  const spread = addChartSigma(chart, {
    label: "Sigma of q",
    sigmas: SIGMAS,
    reach: STALKS,
    room: BESIDE,
    pulled: (sigma) => move({ sigma }),
    describe: (sigma) => `sigma ${number(sigma, 3)}, ${told}`,
  });
  /** @param {State} state */
  const update = ({ seen: { noise }, q, terms, heights }) => {
    told = threeNumbers(terms);
    const sharp = Math.hypot(1, (RADIUS * TURN) / noise); // one over the sigma of a hump whose x is on the ring
    const top = Math.ceil(2.15 * Math.max(...heights, 0.4 * sharp)) / 2; // with x and s, not with q
    chart.y = [0, top];
    const inFrame = (/** @type {number} */ height) => Math.min(height, 0.97 * top); // a narrow q's top is beyond the frame
    if (chart.frame()) put(prior, { d: chart.path(LINE.map((z) => [z, Math.exp(logPrior(z))])) });
    put(posterior, { d: `${chart.path(LINE.map((z, i) => [z, heights[i]]))}` });
    const bell = Array.from({ length: 121 }, (_, i) => q.mu + (q.sigma * (i - 60)) / 12);
    put(own, { d: chart.path(bell.map((z) => [z, Math.exp(logDensity(z, q))])) });
    mean.place(q.mu, q.mu, inFrame(Math.exp(logDensity(q.mu, q))));
    spread.place(q.mu, q.sigma, inFrame(Math.exp(logDensity(q.mu + q.sigma, q))));
  };
  return { root: chart.root, update };
}

/** What the three curves are. */
function makeLegend() {
  const items = [
    ["prior", "p(z)"],
    ["posterior", "p(z|x)"],
    ["q", "q(z)"],
  ].map(([kind, text]) => element("span", {}, element("i", { class: `explorable-swatch-${kind}` }), text));
  return element("p", { class: "explorable-latent-legend" }, ...items);
}

// The bars.

/**
 * A number with its colour and its name; `write(value)`.
 * @param {string} kind
 * @param {string} name
 */
function makePart(kind, name) {
  const value = element("output", { class: `explorable-bar-value explorable-value-${kind}`, "aria-live": "off" });
  const root = element(
    "span",
    { class: "explorable-bar-part" },
    kind ? element("i", { class: `explorable-swatch-${kind}` }) : null,
    name,
    value,
  );
  return { root, write: (/** @type {number} */ nats) => write(value, number(nats)) };
}

/**
 * A bar of two parts from 0 on, and the sum that is written over it.
 * @param {number} top pixels
 * @param {[kind: string, name: string][]} parts
 * @param {string} whole what their sum is called
 */
function makeBar(top, parts, whole) {
  const rects = parts.map(([kind]) => element("rect", { class: `explorable-bar-${kind}`, y: top, height: BARS.thick }));
  const beyond = element("path", { class: "explorable-bar-beyond" });
  const texts = parts.map(([kind, name]) => makePart(kind, name));
  const sum = whole ? makePart("", `= ${whole}`) : null;
  const said = element(
    "p",
    { class: "explorable-bar-said", style: `top: ${top - 24}px` },
    texts[0].root,
    "+",
    texts[1].root,
    sum?.root,
  );
  return {
    rects: [...rects, beyond],
    said,
    /** @type {(chart: import("./js/chart.js").Chart, values: [number, number]) => void} */
    place(chart, [first, second]) {
      const end = chart.at(chart.x[1]);
      const stops = [0, first, first + second].map((nats) => Math.min(chart.at(nats), end));
      rects.forEach((rect, i) => {
        put(rect, { x: stops[i], width: Math.max(0, stops[i + 1] - stops[i]) });
      });
      beyond.toggleAttribute("hidden", first + second <= chart.x[1]);
      put(beyond, { d: `M${end - 9} ${top + 3}l6 6l-6 6` });
      texts.forEach((text, i) => {
        text.write([first, second][i]);
      });
      sum?.write(first + second);
    },
  };
}

/**
 * The loss in its two splits.
 * @param {View} view
 * @param {() => State} at
 */
function makeBars(view, at) {
  const chart = makeChart(view, {
    x: [0, 8],
    y: [0, 1],
    height: BARS.height,
    label: "The loss, −ELBO, in two splits, in nats",
    title: "",
    countY: 1,
    nameY: () => "",
    left: 8,
    draw: () => update(at()),
  });
  const bound = makeBar(
    BARS.first,
    [
      ["evidence", "−log p(x)"],
      ["gap", "gap"],
    ],
    "−ELBO",
  );
  const loss = makeBar(
    BARS.second,
    [
      ["reconstruction", "reconstruction"],
      ["kl", "KL to p(z)"],
    ],
    "",
  );
  const mark = element("path", { class: "explorable-bar-mark" });
  const ofDraws = element("path", { class: "explorable-bar-drawn" });
  chart.area.append(...bound.rects, ...loss.rects, mark, ofDraws);
  chart.root.append(bound.said, loss.said);
  /** @param {State} state */
  const update = ({ terms: { logP, gap, reconstruction, kl }, drawn }) => {
    chart.x = [0, BLOCK * Math.ceil(1.5 - logP / BLOCK)];
    chart.frame();
    bound.place(chart, [-logP, gap]);
    loss.place(chart, [reconstruction, kl]);
    const [from, to] = [BARS.first - 3, BARS.second + BARS.thick + 3];
    put(mark, { d: `M${chart.at(-logP)} ${from}V${to}` });
    put(ofDraws, { d: `M${chart.at(-drawn.mean)} ${BARS.first + BARS.thick - 7}l6 11h-12z` });
  };
  return { root: chart.root, update };
}

// The bound of k draws.

/**
 * @param {View} view
 * @param {() => State} at
 */
function makeDraws(view, at) {
  const slider = makeSlider({
    label: "draws k",
    min: 0,
    max: DRAWS.length - 1,
    step: 1,
    value: DRAWS.indexOf(view.get("draws")),
    text: (i) => DRAWS[i].toLocaleString("en"),
    say: (i) => `${DRAWS[i]} draws: bound ${number(at().drawn.mean)}, standard error ${number(at().drawn.error)}`,
    moved: (i) => view.save({ draws: DRAWS[i] }),
  });
  const name = element("dt");
  const value = element("dd", { class: "explorable-of-draws" });
  const exact = element("dd", { class: "explorable-log-p" });
  const list = element(
    "dl",
    { class: "explorable-bound-numbers" },
    name,
    value,
    element("dt", {}, "log p(x), exact"),
    exact,
  );
  return {
    root: box("", slider.root, list),
    /** @param {State} state */
    update({ k, drawn: { mean, error }, terms: { logP } }) {
      slider.place(DRAWS.indexOf(k));
      write(name, k === 1 ? "▲ from 1 draw" : `▲ from ${k.toLocaleString("en")} draws`);
      write(value, `${number(mean)} ± ${number(error)}`);
      write(exact, number(logP));
    },
  };
}

// The way downhill.

/**
 * The button that leads q downhill; `stop()` leaves it where it is.
 * @param {View} view
 * @param {(text: string) => void} say
 */
function makeDescent(view, say) {
  let frame = 0;
  const stop = () => cancelAnimationFrame(frame);
  const go = () => {
    stop();
    const seen = { x: view.get("x"), noise: view.get("noise") };
    const way = descend({ mu: view.get("mu"), sigma: view.get("sigma") }, seen);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const count = still ? 1 : Math.min(FRAMES, way.length);
    const step = (/** @type {number} */ i) => {
      const { mu, sigma } = way[Math.round(((way.length - 1) * i) / count)];
      view.save({ mu: thousandths(mu), sigma: thousandths(sigma) });
      if (i < count) frame = requestAnimationFrame(() => step(i + 1));
      else say(describeEnd(way[way.length - 1], seen));
    };
    step(1);
  };
  view.atEnd(stop);
  return { button: makeButton("Best q from here", go), stop };
}

/** @type {(q: Gaussian, seen: Seen) => string} */
function describeEnd(q, seen) {
  const { elbo, gap } = termsOf(q, seen, logEvidence(seen));
  return `Downhill to μ ${number(q.mu)}, σ ${number(q.sigma)}: ELBO ${number(elbo)}, gap ${number(gap)}.`;
}

/**
 * @param {View} view
 * @param {HTMLElement} el
 */
function draw(view, el) {
  requireNumbers(view.model, "mu", "sigma", "noise", "draws");
  const at = makeState(view);
  const said = makeSaid("explorable-quiet explorable-bound-end");
  const descent = makeDescent(view, (text) => write(said, text));
  const touched = () => {
    descent.stop();
    write(said, "");
  };
  /** @param {Partial<Gaussian>} changes */
  const move = (changes) => {
    touched();
    view.save(Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, thousandths(value)])));
  };
  const pixels = makePixels(view, touched);
  const densities = makeDensities(view, at, move);
  const bars = makeBars(view, at);
  const noise = makeSlider({
    label: "noise s",
    min: 0.4,
    max: 1.5,
    step: 0.05,
    value: view.get("noise"),
    moved(s) {
      touched();
      view.save({ noise: hundredths(s) });
    },
  });
  const draws = makeDraws(view, at);
  const tools = box("explorable-bound-tools", controls("q", descent.button), said, noise.root, draws.root);
  const update = () => {
    const state = at();
    for (const part of [pixels, densities, bars, draws]) part.update(state);
    noise.place(state.seen.noise);
  };
  el.append(
    box(
      "explorable explorable-bound",
      box(
        "explorable-bound-parts",
        box("explorable-bound-line", makeLegend(), densities.root),
        bars.root,
        box("explorable-bound-plane", heading("x, and the ring d(z)"), pixels.root),
        tools,
      ),
      note(HELP),
    ),
  );
  bars.root.classList.add("explorable-bound-bars");
  update();
  view.listen(["x", "mu", "sigma", "noise", "draws"], view.oncePerFrame(update));
}

/** @param {Host} host */
const render = ({ model, el }) => bind(model, (view) => draw(view, el));

export default { render };
