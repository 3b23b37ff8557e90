// Draw a digit: strokes become a picture as MNIST's did, the encoder reads it, and everything that follows from its answer is shown.

const BOX = 20; // pixels that the ink fits in, as MNIST's digits
const MIDDLE = 14; // row and column of the centre of mass, as in MNIST, whose digits have it within half a pixel of there
const PEN = 2.6; // width of a line in pixels, whatever the size of the drawing
const EDGE = 1.6; // pixels over which a line's edge fades
const SMALLEST = 0.1; // a drawing is not blown up further than one of this share of the field
const SAMPLES = 6;
const WHITE = new Array(SIDE * SIDE).fill(0);
const NEAR = 0.4; // the magnifier shows this much on each side of mu

/** Render lines of points (in pixels) as 784 shares of ink: how near the closest line passes. */
function renderLines(lines) {
  const squares = new Float32Array(SIDE * SIDE).fill(Infinity), reach = (PEN + EDGE) / 2;
  const clip = (value) => Math.min(SIDE - 1, Math.max(0, value));
  for (const line of lines) {
    for (let i = 0; i < line.length; i++) {
      const [ax, ay] = line[Math.max(0, i - 1)], [bx, by] = line[i];
      const dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy;
      for (let y = clip(Math.floor(Math.min(ay, by) - reach)); y <= clip(Math.ceil(Math.max(ay, by) + reach)); y++) {
        for (let x = clip(Math.floor(Math.min(ax, bx) - reach)); x <= clip(Math.ceil(Math.max(ax, bx) + reach)); x++) {
          const t = length ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
          const square = (x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2;
          if (square < squares[y * SIDE + x]) squares[y * SIDE + x] = square;
        }
      }
    }
  }
  return Array.from(squares, (square) => Math.min(1, Math.max(0, (reach - Math.sqrt(square)) / EDGE)));
}

/** Strokes (points from 0 to 1) to 784 grey levels: scaled to fit 20 x 20, centre of mass in the middle, edges soft. */
function inkOf(strokes) {
  const range = (axis) => strokes.flat().reduce(([low, high], point) => [Math.min(low, point[axis]), Math.max(high, point[axis])], [Infinity, -Infinity]);
  const [left, right] = range(0), [top, bottom] = range(1);
  const scale = (BOX - PEN - EDGE) / Math.max(right - left, bottom - top, SMALLEST);
  const place = (x0, y0) => strokes.map((line) => line.map(([x, y]) => [x0 + scale * (x - (left + right) / 2), y0 + scale * (y - (top + bottom) / 2)]));
  let at = [MIDDLE, MIDDLE], ink = [];
  for (let round = 0; round < 3; round++) { // the first shows where the centre of mass is, the next bring it to the middle
    ink = renderLines(place(...at));
    const sums = [0, 0, 0];
    ink.forEach((share, i) => { sums[0] += share; sums[1] += share * (i % SIDE); sums[2] += share * Math.floor(i / SIDE); });
    if (round < 2) at = [at[0] + MIDDLE - sums[1] / sums[0], at[1] + MIDDLE - sums[2] / sums[0]];
  }
  return ink.map((share) => Math.round(255 * share));
}

/** -log p(x|z) of pixels under Bernoulli distributions with these logits, in nats, summed over pixels. */
function bernoulliNll(x, logits) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const a = logits[i];
    sum += Math.max(a, 0) - a * x[i] + Math.log1p(Math.exp(-Math.abs(a)));
  }
  return sum;
}

/** All that follows from a picture: its Gaussian, what its mean and six samples decode to, and the three terms in nats. */
function readPicture(layers, pixels, seed) {
  const x = pixels.map((level) => level / 255), normal = makeNormal(seed);
  const [m1, m2, v1, v2] = forward(layers.encoder, x);
  const mu = [m1, m2], logvar = [v1, v2], sigma = logvar.map((v) => Math.exp(v / 2));
  const codes = Array.from({ length: SAMPLES }, () => mu.map((m, axis) => m + sigma[axis] * normal()));
  const logits = codes.map((z) => forward(layers.decoder, z));
  const reconstruction = logits.reduce((sum, own) => sum + bernoulliNll(x, own), 0) / SAMPLES;
  const kl = -0.5 * mu.reduce((sum, m, axis) => sum + 1 + logvar[axis] - m * m - Math.exp(logvar[axis]), 0);
  return { x, mu, logvar, sigma, codes, mean: decode(layers.decoder, mu), samples: logits.map((own) => own.map(sigmoid)), reconstruction, kl };
}

const pair = (values, places) => `(${values.map((value) => number(value, places)).join(", ")})`;

// ---------------------------------------------------------------- the field to draw on

function makeField(model, { finished }) {
  const size = 560, help = "explorable-help-" + Math.random().toString(36).slice(2);
  const canvas = element("canvas", { width: size, height: size, "aria-hidden": "true" });
  const hint = element("div", { class: "explorable-hint" }, element("span", {}, "Draw a digit here"));
  const pen = element("div", { class: "explorable-pen", hidden: true });
  const status = element("span", { class: "explorable-unseen", role: "status" });
  const root = element("div", {
    class: "explorable-pad", tabindex: 0, role: "application", "aria-label": "Field to draw a digit on", "aria-describedby": help,
  }, canvas, hint, pen, status, element("span", { class: "explorable-unseen", id: help }, "Arrow keys move the pen, with Shift in larger steps. Space puts it down and lifts it."));
  let at = [0.5, 0.5], down = false, fresh = true;

  const extend = (point) => {
    const strokes = fresh ? [...model.get("strokes"), [point]] : [...model.get("strokes").slice(0, -1), [...model.get("strokes").at(-1), point]];
    fresh = false;
    at = point;
    model.set("strokes", strokes);
  };
  const lift = () => {
    if (!down) return;
    down = false;
    fresh = true;
    finished();
  };
  const inside = (value) => Math.round(1000 * Math.min(1, Math.max(0, value))) / 1000;
  const pointAt = (event, box) => [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
  const showPen = () => {
    pen.hidden = false;
    pen.classList.toggle("explorable-down", down);
    pen.style.left = `${100 * at[0]}%`;
    pen.style.top = `${100 * at[1]}%`;
  };

  root.addEventListener("pointerdown", (event) => {
    if (event.button > 0 || !event.isPrimary) return;
    event.preventDefault();
    root.focus({ preventScroll: true });
    pen.hidden = true;
    lift();
    root.setPointerCapture(event.pointerId);
    down = true;
    extend(pointAt(event, root.getBoundingClientRect()));
  });
  root.addEventListener("pointermove", (event) => {
    if (!down || !event.isPrimary || !root.hasPointerCapture(event.pointerId)) return;
    const box = root.getBoundingClientRect(), passed = event.getCoalescedEvents?.() ?? [];
    for (const point of (passed.length ? passed : [event]).map((each) => pointAt(each, box))) {
      if (Math.hypot(point[0] - at[0], point[1] - at[1]) > 0.004) extend(point);
    }
  });
  for (const name of ["pointerup", "pointercancel"]) root.addEventListener(name, (event) => { if (event.isPrimary) lift(); });
  root.addEventListener("blur", () => { lift(); pen.hidden = true; });
  ownKeys(root, (event) => {
    const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
    const direction = directions[event.key];
    if (!direction && event.key !== " ") return false;
    event.preventDefault();
    if (direction) {
      const step = (event.shiftKey ? 3 : 1) / SIDE;
      const point = at.map((value, axis) => inside(value + step * direction[axis]));
      if (down) extend(point);
      at = point;
    } else if (down) {
      lift();
      status.textContent = "pen up";
    } else {
      down = true;
      extend(at);
      status.textContent = `pen down at column ${Math.round(SIDE * at[0])}, row ${Math.round(SIDE * at[1])} of ${SIDE}`;
    }
    showPen();
    return true;
  });

  const paint = (strokes, pixels) => {
    hint.hidden = pixels.length > 0;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.clearRect(0, 0, size, size);
    if (!strokes.length && pixels.length) {
      const small = digitCanvas("");
      paintDigit(small, pixels.map((level) => level / 255));
      context.drawImage(small, 0, 0, size, size);
    }
    context.lineWidth = 0.075 * size;
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = "#23272f"; // the field is paper, in the dark too
    for (const line of strokes) {
      context.beginPath();
      context.moveTo(size * line[0][0], size * line[0][1]);
      line.forEach(([x, y]) => context.lineTo(size * x, size * y));
      context.stroke();
    }
  };
  return { root, paint, lift() { down = false; fresh = true; pen.hidden = true; } };
}

// ---------------------------------------------------------------- the map and its magnifier

function makeMap(model) {
  const low = model.get("low"), high = model.get("high"), codes = unpackCodes(model.get("codes"), low, high), labels = bytes(model.get("labels"));
  const plane = makePlane({ low, high, label: "Latent map: codes of training images and the Gaussian of the drawing" });
  const glass = makePlane({ low: -1, high: 1, label: "Magnifier: the Gaussian of the drawing, its six samples as dots", pixels: 240 });
  const ellipses = makeEllipses(plane, [1, 2]), inGlass = makeEllipses(glass, [1, 2]);
  const frame = element("rect", { class: "explorable-frame" });
  const dots = Array.from({ length: SAMPLES }, () => element("circle", { class: "explorable-dot", r: 11 }));
  const onMap = overlay(plane, frame, ellipses.root), lens = overlay(glass, inGlass.root, ...dots);
  for (const { root } of [plane, glass]) root.classList.add("explorable-fixed");
  glass.root.classList.add("explorable-glass");

  const paint = () => plane.paint((context) => { plane.grid(context, 1); paintCodes(context, plane, codes, labels); });
  const update = (answer) => {
    onMap.style.visibility = lens.style.visibility = answer ? "visible" : "hidden";
    const { mu, sigma } = answer ?? { mu: [0, 0], sigma: [1, 1] };
    const near = (z) => z.map((value, axis) => (value - mu[axis]) / NEAR);
    glass.paint((context) => {
      if (!answer) return;
      const close = (value, axis) => Math.abs(value - mu[axis]) < 1.1 * NEAR;
      const seen = [...codes.keys()].filter((i) => close(codes[i][0], 0) && close(codes[i][1], 1));
      paintCodes(context, glass, seen.map((i) => near(codes[i])), seen.map((i) => labels[i]), { size: 5, alpha: 0.6, names: false });
    });
    if (!answer) return;
    ellipses.place([...mu, ...sigma]);
    inGlass.place([0, 0, ...sigma.map((value) => value / NEAR)]);
    const [left, top] = plane.pixel([mu[0] - NEAR, mu[1] + NEAR]), [right, bottom] = plane.pixel([mu[0] + NEAR, mu[1] - NEAR]);
    put(frame, { x: left, y: top, width: right - left, height: bottom - top });
    dots.forEach((dot, i) => {
      const [cx, cy] = glass.pixel(near(answer.codes[i]));
      put(dot, { cx, cy });
    });
  };
  return { root: plane.root, glass: glass.root, paint, update };
}

// ---------------------------------------------------------------- the three terms

function makeTerms(average) {
  const cell = (name) => makeCell({ class: `explorable-own explorable-${name}` }, "—");
  const own = { reconstruction: cell("reconstruction"), kl: cell("kl"), sum: cell("loss") };
  const head = (...names) => element("tr", {}, element("td"), ...names.map((name) => element("th", { scope: "col" }, name)));
  const row = (name, ...cells) => element("tr", {}, element("th", { scope: "row" }, name), ...cells);
  const root = element("table", { class: "explorable-numbers" },
    element("caption", {}, "What the picture costs, in nats; −ELBO is the sum"),
    element("thead", {}, head("reconstruction", "KL", "−ELBO")),
    element("tbody", {},
      row("this picture", ...Object.values(own).map((each) => each.root)),
      row("average test digit", ...[...average, average[0] + average[1]].map((value) => element("td", {}, number(value, 1))))));
  const show = (answer) => {
    const shown = answer && { reconstruction: answer.reconstruction, kl: answer.kl, sum: answer.reconstruction + answer.kl };
    for (const [name, { text }] of Object.entries(own)) write(text, shown ? number(shown[name], 2) : "—");
  };
  return { root, show };
}

function makePictures() {
  const mean = digitCanvas("The mean of the Gaussian, decoded");
  const samples = Array.from({ length: SAMPLES }, (_, i) => digitCanvas(`Sample ${i + 1} of ${SAMPLES} of the Gaussian, decoded`));
  const root = element("div", { class: "explorable-strip" },
    element("span", {}, "mean"), element("span", { class: "explorable-rest" }, "six samples, decoded"), mean, ...samples);
  const show = (answer) => [mean, ...samples].forEach((canvas, i) => paintDigit(canvas, answer ? (i ? answer.samples[i - 1] : answer.mean) : WHITE));
  return { root, show };
}

function makeButtons(model, choose) {
  const all = bytes(model.get("digits")), count = all.length / (SIDE * SIDE);
  const thumbs = Array.from({ length: count }, (_, i) => {
    const levels = Array.from(all.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE)), picture = digitCanvas(`test image ${i + 1}`);
    paintDigit(picture, levels.map((level) => level / 255));
    return element("button", { type: "button", class: "explorable-thumb", "aria-label": `Load test image ${i + 1} of ${count}`, onclick: () => choose(levels) }, picture);
  });
  return element("div", { class: "explorable-controls" },
    element("button", { type: "button", class: "explorable-clear", onclick: () => choose([]) }, "Clear"), ...thumbs);
}

// ---------------------------------------------------------------- all together

async function render({ model, el }) {
  const [encoder, decoder] = await Promise.all(["encoder", "decoder"].map((name) => loadWeights(model, model.get(name))));
  const layers = { encoder, decoder };
  let answer = null, drawn = model.get("strokes"), showing = false;
  const spoken = element("span", { class: "explorable-unseen", role: "status" });
  const say = () => {
    show();
    model.save_changes();
    spoken.textContent = answer ? `Mean ${pair(answer.mu, 2)}, sigma ${pair(answer.sigma, 2)}. Reconstruction ${number(answer.reconstruction, 1)}, KL ${number(answer.kl, 1)}, together ${number(answer.reconstruction + answer.kl, 1)} nats.` : "The field is empty.";
  };
  const field = makeField(model, { finished: say }), map = makeMap(model), terms = makeTerms(model.get("average")), pictures = makePictures();
  const seen = digitCanvas("What the encoder sees: 28 by 28 pixels");
  const code = Object.fromEntries(["mu", "sigma", "logvar"].map((name) => [name, element("dd", { class: `explorable-${name}` })]));
  const show = () => {
    const strokes = model.get("strokes");
    if (strokes !== drawn && strokes.length) {
      showing = true; // what is set here is shown below, not in one more frame
      model.set("pixels", inkOf(strokes));
      showing = false;
    }
    drawn = strokes;
    const pixels = model.get("pixels");
    answer = pixels.length ? readPicture(layers, pixels, model.get("seed")) : null;
    field.paint(strokes, pixels);
    paintDigit(seen, answer ? answer.x : WHITE);
    for (const [part, places] of [["mu", 3], ["sigma", 3], ["logvar", 3]]) write(code[part], answer ? pair(answer[part], places) : "—");
    for (const part of [map, pictures, terms]) (part.update ?? part.show)(answer);
    roll.disabled = !answer;
  };
  const choose = (levels) => {
    field.lift();
    model.set("strokes", []);
    model.set("pixels", levels);
    say();
  };
  const roll = element("button", { type: "button", class: "explorable-roll", onclick: () => { model.set("seed", model.get("seed") + 1); say(); } }, "Roll new samples");
  const term = (name, value) => [element("dt", {}, name), value];
  el.append(element("div", { class: "explorable explorable-draw" },
    element("div", { class: "explorable-columns" },
      element("div", {}, element("p", { class: "explorable-heading" }, "Your digit"),
        element("div", { class: "explorable-drawing" }, field.root,
          element("div", { class: "explorable-seen" }, seen, element("span", {}, "What the encoder sees: 28 × 28 pixels, scaled and centred as MNIST’s digits are"))),
        makeButtons(model, choose)),
      element("div", {}, element("p", { class: "explorable-heading" }, "Its Gaussian on the latent map"), map.root,
        element("div", { class: "explorable-reading" }, map.glass,
          element("dl", {}, ...term("mean μ", code.mu), ...term("sigma σ", code.sigma), ...term("log σ²", code.logvar))))),
    element("div", { class: "explorable-controls explorable-between" }, element("p", { class: "explorable-heading" }, "What the decoder makes of it"), roll),
    pictures.root, terms.root, spoken,
    element("p", { class: "explorable-quiet" }, "Draw with mouse or finger. With keys: arrows move the pen, Space puts it down and lifts it. The ellipses are one and two sigma; the square on the map is enlarged below it. The reconstruction term is the mean over the six samples.")));
  map.paint();
  show();
  const redraw = oncePerFrame(show), update = () => { if (!showing) redraw(); }, names = ["strokes", "pixels", "seed"].map((name) => `change:${name}`);
  names.forEach((name) => model.on(name, update));
  const stop = onThemeChange(map.paint);
  return () => { names.forEach((name) => model.off(name, update)); stop(); };
}

export default { render };
