// Draw a digit: strokes become a picture as MNIST's did, the encoder reads it, and everything that follows from its
// answer is shown.

import { bind } from "./js/bind.js";
import { paintCodes, unpackCodes } from "./js/codes.js";
import { makeNormal } from "./js/dice.js";
import { brushOf, element, makeButton, makeCell, put, write } from "./js/dom.js";
import { inkOf } from "./js/ink.js";
import { ownKeys } from "./js/keys.js";
import { box, columns, heading, headRow, makeDescriptions, note, numberTable, row } from "./js/layout.js";
import { makeEllipses, overlay } from "./js/lines.js";
import { bernoulliNll } from "./js/loss.js";
import { clamp, number, pair, thousandths } from "./js/numbers.js";
import { digitCanvas, paintDigit, SIDE } from "./js/pictures.js";
import { makePlane, paintGrid } from "./js/plane.js";
import { PAPER_INK } from "./js/theme.js";
import { makeThumbs } from "./js/thumbs.js";
import { bytes, decode, forward, loadWeights, sigmoid } from "./js/weights.js";

/** @typedef {import("./js/bind.js").Host} Host */
/** @typedef {import("./js/bind.js").View} View */
/** @typedef {import("./js/geometry.js").Point} Point */
/** @typedef {import("./js/ink.js").Stroke} Stroke */
/** @typedef {import("./js/weights.js").Layer} Layer */
/** @typedef {ReturnType<typeof readPicture>} Answer */

const SAMPLES = 6;
const WHITE = new Array(SIDE * SIDE).fill(0);
const NEAR = 0.4; // the magnifier shows this much on each side of mu
const FIELD = 560; // pixels of the field to draw on, each way
const LINE = 0.075 * FIELD; // pixels of a line's width on it
const LEAST_MOVE = 0.004; // of the field; a move that is shorter draws nothing
const KEY_HELP = "Arrow keys move the pen, with Shift in larger steps. Space puts it down and lifts it.";
const HELP =
  "Draw with mouse or finger. With keys: arrows move the pen, Space puts it down and lifts it. The ellipses are one and " +
  "two sigma; the square on the map is enlarged below it. The reconstruction term is the mean over the six samples.";

/**
 * All that follows from a picture: its Gaussian, what its mean and six samples decode to, and the terms in nats.
 * @param {{ encoder: Layer[], decoder: Layer[] }} vae
 * @param {number[]} pixels 784 grey levels
 * @param {number} seed of the samples
 */
function readPicture({ encoder, decoder }, pixels, seed) {
  const x = pixels.map((level) => level / 255);
  const normal = makeNormal(seed);
  const [m1, m2, v1, v2] = forward(encoder, x);
  const mu = [m1, m2];
  const logvar = [v1, v2];
  const sigma = logvar.map((v) => Math.exp(v / 2));
  const codes = Array.from({ length: SAMPLES }, () => mu.map((m, axis) => m + sigma[axis] * normal()));
  const logits = codes.map((z) => forward(decoder, z));
  const reconstruction = logits.reduce((sum, own) => sum + bernoulliNll(x, own), 0) / SAMPLES;
  const kl = -0.5 * mu.reduce((sum, m, axis) => sum + 1 + logvar[axis] - m * m - Math.exp(logvar[axis]), 0);
  const samples = logits.map((own) => own.map(sigmoid));
  return { x, mu, logvar, sigma, codes, mean: decode(decoder, mu), samples, reconstruction, kl };
}

// The field to draw on.

/** @type {(value: number) => number} */
const onField = (value) => thousandths(clamp(value, [0, 1]));

/**
 * Where a pointer is on the field.
 * @param {PointerEvent} event
 * @param {DOMRect} area
 * @returns {Point}
 */
const pointIn = (event, area) => [
  onField((event.clientX - area.left) / area.width),
  onField((event.clientY - area.top) / area.height),
];

/**
 * The pen: where it is, whether it is down, and the strokes that it leaves in the model.
 * @param {View} view
 * @param {() => void} finished called when a stroke has ended
 */
function makePen(view, finished) {
  const root = element("div", { class: "explorable-pen", hidden: true });
  let fresh = true; // whether the next point begins a stroke
  const pen = {
    root,
    /** @type {Point} */
    at: [0.5, 0.5],
    down: false,

    /** @param {Point} point */
    extend(point) {
      /** @type {Stroke[]} */
      const strokes = view.get("strokes");
      const last = strokes[strokes.length - 1];
      view.model.set("strokes", fresh ? [...strokes, [point]] : [...strokes.slice(0, -1), [...last, point]]);
      fresh = false;
      pen.at = point;
    },

    lift() {
      if (!pen.down) return;
      pen.putAway();
      finished();
    },

    /** Lift it, wherever it is, without a word. */
    putAway() {
      pen.down = false;
      fresh = true;
    },

    show() {
      root.hidden = false;
      root.classList.toggle("explorable-down", pen.down);
      root.style.left = `${100 * pen.at[0]}%`;
      root.style.top = `${100 * pen.at[1]}%`;
    },

    hide() {
      root.hidden = true;
    },
  };
  return pen;
}

/** @typedef {ReturnType<typeof makePen>} Pen */

/**
 * Let a mouse or a finger draw.
 * @param {HTMLElement} root
 * @param {Pen} pen
 */
function drawByPointer(root, pen) {
  root.addEventListener("pointerdown", (event) => {
    if (event.button > 0 || !event.isPrimary) return;
    event.preventDefault();
    root.focus({ preventScroll: true });
    pen.hide();
    pen.lift();
    root.setPointerCapture(event.pointerId);
    pen.down = true;
    pen.extend(pointIn(event, root.getBoundingClientRect()));
  });
  root.addEventListener("pointermove", (event) => {
    if (!pen.down || !event.isPrimary || !root.hasPointerCapture(event.pointerId)) return;
    const area = root.getBoundingClientRect();
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const each of passed.length > 0 ? passed : [event]) {
      const point = pointIn(each, area);
      if (Math.hypot(point[0] - pen.at[0], point[1] - pen.at[1]) > LEAST_MOVE) pen.extend(point);
    }
  });
  const ended = (/** @type {PointerEvent} */ event) => {
    if (event.isPrimary) pen.lift();
  };
  root.addEventListener("pointerup", ended);
  root.addEventListener("pointercancel", ended);
  root.addEventListener("blur", () => {
    pen.lift();
    pen.hide();
  });
}

/** @type {Record<string, Point>} */
const PEN_MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/**
 * Let keys draw: arrows move the pen, Space puts it down and lifts it.
 * @param {HTMLElement} root
 * @param {Pen} pen
 * @param {(text: string) => void} say
 */
function drawByKeys(root, pen, say) {
  /** @type {(direction: Point, step: number) => void} */
  const move = (direction, step) => {
    /** @type {Point} */
    const point = [onField(pen.at[0] + step * direction[0]), onField(pen.at[1] + step * direction[1])];
    if (pen.down) pen.extend(point);
    pen.at = point;
  };
  const press = () => {
    if (pen.down) {
      pen.lift();
      say("pen up");
      return;
    }
    const [column, line] = pen.at.map((share) => Math.round(SIDE * share));
    pen.down = true;
    pen.extend(pen.at);
    say(`pen down at column ${column}, row ${line} of ${SIDE}`);
  };
  ownKeys(root, (event) => {
    const direction = PEN_MOVES[event.key];
    if (!direction && event.key !== " ") return false;
    event.preventDefault();
    if (direction) move(direction, (event.shiftKey ? 3 : 1) / SIDE);
    else press();
    pen.show();
    return true;
  });
}

/**
 * The field: what was drawn or loaded stands on it.
 * @param {View} view
 * @param {() => void} finished called when a stroke has ended
 */
function makeField(view, finished) {
  const help = `explorable-help-${Math.random().toString(36).slice(2)}`;
  const canvas = element("canvas", { width: FIELD, height: FIELD, "aria-hidden": "true" });
  const hint = box("explorable-hint", element("span", {}, "Draw a digit here"));
  const pen = makePen(view, finished);
  const status = element("span", { class: "explorable-unseen", role: "status" });
  const attributes = {
    class: "explorable-pad",
    tabindex: 0,
    role: "application",
    "aria-label": "Field to draw a digit on",
    "aria-describedby": help,
  };
  const described = element("span", { class: "explorable-unseen", id: help }, KEY_HELP);
  const root = element("div", attributes, canvas, hint, pen.root, status, described);
  drawByPointer(root, pen);
  drawByKeys(root, pen, (text) => {
    status.textContent = text;
  });
  /** @type {(strokes: Stroke[], pixels: number[]) => void} */
  const paint = (strokes, pixels) => {
    hint.hidden = pixels.length > 0;
    const brush = brushOf(canvas);
    brush.clearRect(0, 0, FIELD, FIELD);
    if (strokes.length === 0 && pixels.length > 0) paintLoaded(brush, pixels);
    paintStrokes(brush, strokes);
  };
  const putAway = () => {
    pen.putAway();
    pen.hide();
  };
  return { root, paint, putAway };
}

/**
 * @param {CanvasRenderingContext2D} brush
 * @param {number[]} pixels
 */
function paintLoaded(brush, pixels) {
  const small = digitCanvas("");
  paintDigit(small, shares(pixels));
  brush.drawImage(small, 0, 0, FIELD, FIELD);
}

/**
 * @param {CanvasRenderingContext2D} brush
 * @param {Stroke[]} strokes
 */
function paintStrokes(brush, strokes) {
  brush.lineWidth = LINE;
  brush.lineCap = "round";
  brush.lineJoin = "round";
  brush.strokeStyle = PAPER_INK; // the field is paper
  for (const [first, ...rest] of strokes) {
    brush.beginPath();
    brush.moveTo(FIELD * first[0], FIELD * first[1]);
    for (const [x, y] of [first, ...rest]) brush.lineTo(FIELD * x, FIELD * y);
    brush.stroke();
  }
}

/** @param {number[]} levels */
const shares = (levels) => levels.map((level) => level / 255);

// The map and its magnifier.

/** @param {View} view */
function makeMap(view) {
  const low = view.get("low");
  const high = view.get("high");
  const codes = unpackCodes(view.get("codes"), low, high);
  const labels = bytes(view.get("labels"));
  const plane = makePlane({ low, high, label: "Latent map: codes of training images and the Gaussian of the drawing" });
  const ellipses = makeEllipses(plane, [1, 2]);
  const frame = element("rect", { class: "explorable-frame" });
  const marks = overlay(plane, frame, ellipses.root);
  const glass = makeGlass(codes, labels);
  plane.root.classList.add("explorable-fixed");

  const paint = () =>
    plane.paint((brush) => {
      paintGrid(brush, plane, 1);
      paintCodes(brush, plane, codes, labels);
    });
  /** @param {Answer | null} answer */
  const place = (answer) => {
    marks.style.visibility = answer ? "visible" : "hidden";
    glass.place(answer);
    if (!answer) return;
    const [[a, b], [s, t]] = [answer.mu, answer.sigma];
    ellipses.place([a, b, s, t]);
    const [left, top] = plane.pixel([a - NEAR, b + NEAR]);
    const [right, bottom] = plane.pixel([a + NEAR, b - NEAR]);
    put(frame, { x: left, y: top, width: right - left, height: bottom - top });
  };
  return { root: plane.root, glass: glass.root, paint, place };
}

/**
 * The magnifier: what lies near mu, its ellipses, and the samples as dots.
 * @param {Point[]} codes
 * @param {Uint8Array} labels
 */
function makeGlass(codes, labels) {
  const label = "Magnifier: the Gaussian of the drawing, its six samples as dots";
  const plane = makePlane({ low: -1, high: 1, label, pixels: 240 }); // its unit is NEAR
  const ellipses = makeEllipses(plane, [1, 2]);
  const dots = Array.from({ length: SAMPLES }, () => element("circle", { class: "explorable-dot", r: 11 }));
  const marks = overlay(plane, ellipses.root, ...dots);
  plane.root.classList.add("explorable-fixed", "explorable-glass");

  /** @type {(brush: CanvasRenderingContext2D, answer: Answer) => void} */
  const paintNear = (brush, { mu }) => {
    const close = (/** @type {number} */ value, /** @type {number} */ axis) => Math.abs(value - mu[axis]) < 1.1 * NEAR;
    const seen = [...codes.keys()].filter((i) => close(codes[i][0], 0) && close(codes[i][1], 1));
    const points = seen.map((i) => nearMu(codes[i], mu));
    const own = seen.map((i) => labels[i]);
    paintCodes(brush, plane, points, own, { size: 5, alpha: 0.6, names: false });
  };
  /** @param {Answer | null} answer */
  const place = (answer) => {
    marks.style.visibility = answer ? "visible" : "hidden";
    plane.paint((brush) => {
      if (answer) paintNear(brush, answer);
    });
    if (!answer) return;
    const [s, t] = answer.sigma;
    ellipses.place([0, 0, s / NEAR, t / NEAR]);
    dots.forEach((dot, i) => {
      const [cx, cy] = plane.pixel(nearMu(answer.codes[i], answer.mu));
      put(dot, { cx, cy });
    });
  };
  return { root: plane.root, place };
}

/**
 * A code as the magnifier has it.
 * @param {number[]} z
 * @param {number[]} mu
 * @returns {Point}
 */
const nearMu = (z, mu) => [(z[0] - mu[0]) / NEAR, (z[1] - mu[1]) / NEAR];

// What the answer says.

/**
 * The three terms of the picture, beside those of the average test digit.
 * @param {[reconstruction: number, kl: number]} average
 */
function makeTerms(average) {
  const own = ["reconstruction", "kl", "loss"].map((name) =>
    makeCell({ class: `explorable-own explorable-${name}` }, "—"),
  );
  const others = [...average, average[0] + average[1]].map((value) => element("td", {}, number(value, 1)));
  const rows = [
    row(
      "this picture",
      own.map((cell) => cell.root),
    ),
    row("average test digit", others),
  ];
  const caption = element("caption", {}, "What the picture costs, in nats; −ELBO is the sum");
  return {
    root: numberTable("", headRow("reconstruction", "KL", "−ELBO"), rows, caption),
    /** @param {Answer | null} answer */
    place(answer) {
      const terms = answer ? [answer.reconstruction, answer.kl, answer.reconstruction + answer.kl] : [];
      own.forEach(({ text }, i) => {
        write(text, answer ? number(terms[i]) : "—");
      });
    },
  };
}

/** The mean and the six samples, decoded. */
function makePictures() {
  const mean = digitCanvas("The mean of the Gaussian, decoded");
  const samples = Array.from({ length: SAMPLES }, (_, i) =>
    digitCanvas(`Sample ${i + 1} of ${SAMPLES} of the Gaussian, decoded`),
  );
  const rest = element("span", { class: "explorable-rest" }, "six samples, decoded");
  return {
    root: box("explorable-strip", element("span", {}, "mean"), rest, mean, ...samples),
    /** @param {Answer | null} answer */
    place(answer) {
      paintDigit(mean, answer ? answer.mean : WHITE);
      samples.forEach((canvas, i) => {
        paintDigit(canvas, answer ? answer.samples[i] : WHITE);
      });
    },
  };
}

/** The Gaussian's numbers. */
function makeCode() {
  const cells = makeDescriptions(["mu", "sigma", "logvar"]);
  const term = (/** @type {string} */ text) => element("dt", {}, text);
  const { mu, sigma, logvar } = cells;
  return {
    root: element("dl", {}, term("mean μ"), mu, term("sigma σ"), sigma, term("log σ²"), logvar),
    /** @param {Answer | null} answer */
    place(answer) {
      write(mu, answer ? pair(answer.mu, 3) : "—");
      write(sigma, answer ? pair(answer.sigma, 3) : "—");
      write(logvar, answer ? pair(answer.logvar, 3) : "—");
    },
  };
}

/**
 * The buttons that clear the field or load a test image.
 * @param {View} view
 * @param {(levels: number[]) => void} choose
 */
function makeChoices(view, choose) {
  const all = bytes(view.get("digits"));
  const size = SIDE * SIDE;
  const digits = Array.from({ length: all.length / size }, (_, i) =>
    Array.from(all.subarray(i * size, (i + 1) * size)),
  );
  const thumbs = makeThumbs(
    digits.map(shares),
    view.get("titles"),
    (title) => `Load ${title}`,
    (i) => choose(digits[i]),
  );
  return box(
    "explorable-controls",
    makeButton("Clear", () => choose([]), { class: "explorable-clear" }),
    ...thumbs.buttons,
  );
}

/**
 * What a screen reader is told of an answer.
 * @param {Answer | null} answer
 */
function describeAnswer(answer) {
  if (!answer) return "The field is empty.";
  const { mu, sigma, reconstruction, kl } = answer;
  const terms = `Reconstruction ${number(reconstruction, 1)}, KL ${number(kl, 1)}`;
  return `Mean ${pair(mu)}, sigma ${pair(sigma)}. ${terms}, together ${number(reconstruction + kl, 1)} nats.`;
}

/**
 * @param {View} view
 * @param {HTMLElement} el
 */
async function draw(view, el) {
  const [encoder, decoder] = await Promise.all(
    ["encoder", "decoder"].map((name) => loadWeights(view.model, view.get(name))),
  );
  /** @type {Answer | null} */
  let answer = null;
  let drawn = view.get("strokes"); // those whose picture `pixels` is
  let showing = false;
  const spoken = element("span", { class: "explorable-unseen", role: "status" });

  const readStrokes = () => {
    const strokes = view.get("strokes");
    if (strokes !== drawn && strokes.length > 0) {
      showing = true; // what is set here is shown below, not in one more frame
      view.model.set("pixels", inkOf(strokes));
      showing = false;
    }
    drawn = strokes;
  };
  const show = () => {
    readStrokes();
    const pixels = view.get("pixels");
    answer = pixels.length > 0 ? readPicture({ encoder, decoder }, pixels, view.get("seed")) : null;
    field.paint(drawn, pixels);
    paintDigit(seen, answer ? answer.x : WHITE);
    for (const part of [code, map, pictures, terms]) part.place(answer);
    roll.disabled = !answer;
  };
  const say = () => {
    show();
    view.model.save_changes();
    spoken.textContent = describeAnswer(answer);
  };
  const choose = (/** @type {number[]} */ levels) => {
    field.putAway();
    view.model.set("strokes", []);
    view.model.set("pixels", levels);
    say();
  };
  const rollSamples = () => {
    view.model.set("seed", view.get("seed") + 1);
    say();
  };
  const field = makeField(view, say);
  const map = makeMap(view);
  const terms = makeTerms(view.get("average"));
  const pictures = makePictures();
  const code = makeCode();
  const seen = digitCanvas("What the encoder sees: 28 by 28 pixels");
  const roll = makeButton("Roll new samples", rollSamples, { class: "explorable-roll" });

  const aboutSeen = "What the encoder sees: 28 × 28 pixels, scaled and centred as MNIST’s digits are";
  const drawing = box("explorable-drawing", field.root, box("explorable-seen", seen, element("span", {}, aboutSeen)));
  el.append(
    box(
      "explorable explorable-draw",
      columns(
        box("", heading("Your digit"), drawing, makeChoices(view, choose)),
        box("", heading("Its Gaussian on the latent map"), map.root, box("explorable-reading", map.glass, code.root)),
      ),
      box("explorable-controls explorable-between", heading("What the decoder makes of it"), roll),
      pictures.root,
      terms.root,
      spoken,
      note(HELP),
    ),
  );
  map.paint();
  show();
  const redraw = view.oncePerFrame(show);
  view.listen(["strokes", "pixels", "seed"], () => {
    if (!showing) redraw();
  });
  view.watchTheme(map.paint);
}

/** @param {Host} host */
const render = ({ model, el }) => bind(model, (view) => draw(view, el));

export default { render };
