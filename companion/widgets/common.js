// Shared by every explorable: elements, colours, the decoder's arithmetic, pictures of digits, a plane to point at, dice.
// It is put in front of each explorable's own file, which ends with `export default { render }`.

const PALETTE = ["#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd"];
const SIDE = 28;

/** Make an element: attributes by name, functions as listeners (`onclick`), children as nodes or text. */
function element(tag, attributes = {}, ...children) {
  const svg = ["svg", "g", "path", "line", "circle", "ellipse", "rect", "text", "polyline", "polygon"].includes(tag);
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  // JupyterLab's own keys stay off what has the focus here: "x" on a handle would cut a cell.
  if ("tabindex" in attributes || ["button", "input", "select"].includes(tag)) made.setAttribute("data-lm-suppress-shortcuts", "true");
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Set the attributes that have another value: an equal one, too, makes the browser look at style and layout again. */
function put(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** Write a text where another one stands, into the node that holds it: a new node is laid out anew, and who watches the page is told. */
function write(node, text) {
  const holder = node.firstChild ?? node.appendChild(document.createTextNode(""));
  if (holder.data !== String(text)) holder.data = text;
}

/** A cell of a table whose number changes: `root` for the row, `text` to write into, a box of its own size, so that no other cell moves. */
function makeCell(attributes = {}, ...children) {
  const text = element("span", { class: "explorable-value" }, ...children);
  return { root: element("td", attributes, text), text };
}

const colours = new Map(); // asked for since the page last turned light or dark: asking stops the browser to work out its style

/** A colour of the style sheet, as it is now: light and dark have their own. */
function colour(root, name) {
  const found = colours.get(name) ?? getComputedStyle(root).getPropertyValue(`--explorable-${name}`).trim();
  if (found) colours.set(name, found); // an element that is on no page yet has none
  return found;
}

/**
 * Run `draw` once when the event at hand has been heard, so that the time until the next frame is not lost; what is asked for after that,
 * once in the frame.
 */
function oncePerFrame(draw) {
  let state = "idle"; // then asked, drawn, and again when it was asked for after it was drawn
  return () => {
    if (state === "drawn") state = "again";
    if (state !== "idle") return;
    state = "asked";
    queueMicrotask(() => { state = "drawn"; draw(); });
    requestAnimationFrame(() => {
      const late = state === "again";
      state = "idle";
      if (late) draw();
    });
  };
}

/** Start to hear every key of the page before anyone else does; the map says what an element does with its own. */
function listenForKeys() {
  const keys = new WeakMap();
  window.addEventListener("keydown", (event) => { if (keys.get(event.composedPath()[0])?.(event)) event.stopImmediatePropagation(); }, { capture: true });
  return keys;
}

/**
 * Give the keys of an element to `take(event)`, which says whether a key was its own. Then nobody else hears it: a site's scripts search the
 * whole page at each key, and a notebook takes arrow keys for its cells.
 */
function ownKeys(node, take) {
  (window.explorableKeys ??= listenForKeys()).set(node, take);
}

/** Call `redraw` when the page turns light or dark, and once when the explorable stands on it; returns the function that stops it. */
function onThemeChange(redraw) {
  const turn = () => { colours.clear(); redraw(); };
  requestAnimationFrame(turn); // an element that is on no page yet has no colours
  const watcher = new MutationObserver(turn);
  watcher.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  watcher.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  return () => watcher.disconnect();
}

/** "−1.50": a number with a real minus sign and a fixed number of places. */
function number(value, places = 2) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const text = value.toFixed(places);
  return /^-0\.?0*$/.test(text) ? text.slice(1) : text.replace("-", "−");
}

/** Throw unless the saved state has a number for each of these names, so that a damaged page shows its still picture instead. */
function requireNumbers(model, ...names) {
  const missing = names.filter((name) => !Number.isFinite(model.get(name)));
  if (missing.length) throw new Error(`explorable: expected numbers, and the saved state has none for ${missing.join(", ")}`);
}

// ---------------------------------------------------------------- weights and the forward pass

/** The bytes of a trait, whether it came as DataView, ArrayBuffer or typed array. */
function bytes(value) {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw new Error("explorable: expected bytes, and the saved state has none");
}

/** Load a Weights model that a trait points at ("IPY_MODEL_…") and unpack its layers. */
async function loadWeights(model, reference) {
  const weights = await model.widget_manager.get_model(reference.slice("IPY_MODEL_".length));
  return unpackWeights(weights.get("shapes"), weights.get("bits"), bytes(weights.get("data")));
}

/** `count` whole numbers of `bits` bits each (at most 8), one after the other, the first bit first. */
function unpackBits(data, count, bits) {
  const values = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const at = (i * bits) >> 3, shift = 16 - bits - ((i * bits) & 7);
    values[i] = ((data[at] << 8) | (data[at + 1] ?? 0)) >> shift & ((1 << bits) - 1);
  }
  return values;
}

/** A finite float16 from its 16 bits. */
function half(code) {
  const sign = code >> 15 ? -1 : 1, exponent = (code >> 10) & 31, fraction = (code & 1023) / 1024;
  return sign * (exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14);
}

/** The bytes that Weights (weights.py) describes -> [{ weight: Float32Array (out x in), bias, inputs, outputs }]. */
function unpackWeights(shapes, bits, data) {
  const count = shapes.reduce((sum, [outputs, inputs]) => sum + outputs * inputs, 0);
  const rows = shapes.reduce((sum, [outputs]) => sum + outputs, 0);
  const lowAt = Math.ceil((6 * count) / 8), numbersAt = lowAt + Math.ceil(((bits - 6) * count) / 8);
  const wanted = numbersAt + 4 * rows;
  if (wanted !== data.byteLength) throw new Error(`explorable: the weights have ${data.byteLength} bytes, expected ${wanted}`);
  const high = unpackBits(data, count, 6), low = unpackBits(data.subarray(lowAt), count, bits - 6);
  const numbers = Float32Array.from({ length: 2 * rows }, (_, i) => half(data[numbersAt + 2 * i] | (data[numbersAt + 2 * i + 1] << 8)));
  let at = 0, row = 0;
  return shapes.map(([outputs, inputs]) => {
    const weight = new Float32Array(outputs * inputs);
    for (let i = 0; i < weight.length; i++) {
      const level = (high[at + i] << (bits - 6)) + low[at + i] - (1 << (bits - 1));
      weight[i] = level * numbers[row + Math.floor(i / inputs)];
    }
    const bias = numbers.slice(rows + row, rows + row + outputs);
    at += weight.length;
    row += outputs;
    return { weight, bias, inputs, outputs };
  });
}

/** weight (outputs x inputs) times x plus bias: four rows at a time, since a sum must wait for its own last term, but not for the others'. */
function affine({ weight, bias, inputs, outputs }, x) {
  const y = Float64Array.from(bias), whole = outputs - (outputs % 4);
  for (let row = 0; row < whole; row += 4) {
    const k = row * inputs;
    let a = 0, b = 0, c = 0, d = 0;
    for (let column = 0; column < inputs; column++) {
      const value = x[column], at = k + column;
      a += weight[at] * value;
      b += weight[at + inputs] * value;
      c += weight[at + 2 * inputs] * value;
      d += weight[at + 3 * inputs] * value;
    }
    y[row] += a;
    y[row + 1] += b;
    y[row + 2] += c;
    y[row + 3] += d;
  }
  for (let row = whole; row < outputs; row++) for (let column = 0; column < inputs; column++) y[row] += weight[row * inputs + column] * x[column];
  return y;
}

/** The MLP: linear layers with SiLU between; also behind the last one with `activateLast`. */
function forward(layers, input, activateLast = false) {
  let x = Float64Array.from(input);
  layers.forEach((layer, index) => {
    x = affine(layer, x);
    if (index < layers.length - 1 || activateLast) for (let row = 0; row < x.length; row++) x[row] /= 1 + Math.exp(-x[row]);
  });
  return x;
}

const sigmoid = (a) => 1 / (1 + Math.exp(-a));

/** Decode one code into 784 probabilities of ink. */
const decode = (layers, z) => forward(layers, z).map(sigmoid);

// ---------------------------------------------------------------- pictures

/** A canvas of 28 x 28 pixels, enlarged by the style sheet; dark ink on white, as in the book's figures. */
function digitCanvas(label) {
  return element("canvas", { class: "explorable-digit", width: SIDE, height: SIDE, role: "img", "aria-label": label });
}

const PAPER = new ImageData(SIDE, SIDE); // the one picture that all digits are painted by way of
PAPER.data.fill(255);

/** Paint 784 grey values in [0, 1]: level 255 * (1 - value), rounded. */
function paintDigit(canvas, values) {
  const { data } = PAPER;
  for (let i = 0, k = 0; i < values.length; i++, k += 4) data[k] = data[k + 1] = data[k + 2] = Math.round(255 * (1 - values[i]));
  canvas.getContext("2d", { willReadFrequently: true }).putImageData(PAPER, 0, 0);
}

/** Scatter codes, given as numbers, in the colours of their labels; with `names` each label is written at the median of its codes. */
function paintCodes(context, plane, codes, labels, { size = 2, alpha = 0.75, names = true } = {}) {
  context.globalAlpha = alpha;
  codes.forEach(([a, b], i) => {
    const [x, y] = plane.pixel([a, b]);
    context.fillStyle = PALETTE[labels[i]];
    context.beginPath();
    context.arc(x, y, size * plane.scale, 0, 2 * Math.PI);
    context.fill();
  });
  context.globalAlpha = 1;
  if (!names) return;
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  context.font = `bold ${14 * plane.scale}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3 * plane.scale;
  context.strokeStyle = colour(plane.coloured, "page");
  context.fillStyle = colour(plane.coloured, "ink");
  for (const label of new Set(labels)) {
    const own = codes.filter((_, i) => labels[i] === label);
    const [x, y] = plane.pixel([0, 1].map((axis) => median(own.map((code) => code[axis]))));
    context.strokeText(label, x, y);
    context.fillText(label, x, y);
  }
}

/** Codes stored as two bytes each, 0 to 255 across [low, high]. */
function unpackCodes(data, low, high) {
  const levels = bytes(data);
  const at = (i) => low + ((high - low) * levels[i]) / 255;
  return Array.from({ length: levels.length / 2 }, (_, i) => [at(2 * i), at(2 * i + 1)]);
}

// ---------------------------------------------------------------- a plane to point at

/**
 * A square of the plane, [low, high] both ways, with a canvas to paint on and handles to drag.
 * `plane.handle({ label, value, moved, describe })` adds a point that mouse, touch and arrow keys move; with `anywhere`, a press
 * on the free plane takes it there. It is a slider to a screen reader, whose value text `describe(point)` gives. A plane that stands on no
 * page, and is only painted, takes its colours from the element `coloured`. Every canvas of a page costs time in every frame, so a plane
 * whose picture moves has that for its `canvas`, and its lines and numbers in an svg (`ruled`).
 */
function makePlane({ low, high, label, pixels = 600, coloured = null, canvas = element("canvas", { width: pixels, height: pixels, "aria-hidden": "true" }) }) {
  const root = element("div", { class: "explorable-plane", role: "group", "aria-label": label }, canvas);
  const share = (value) => (value - low) / (high - low);
  const plane = {
    root, canvas, low, high, pixels, scale: pixels / 300, coloured: coloured ?? root,
    pixel: ([a, b]) => [share(a) * pixels, (1 - share(b)) * pixels],
    paint(draw) {
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.clearRect(0, 0, pixels, pixels);
      draw(context);
    },
    /** Lines at the whole numbers `every`, the axes a little stronger. */
    grid(context, every) {
      context.strokeStyle = colour(plane.coloured, "line");
      for (let value = Math.ceil(low / every) * every; value <= high; value += every) {
        context.lineWidth = (Math.abs(value) < every / 2 ? 1.6 : 0.6) * plane.scale;
        context.beginPath();
        for (const [from, to] of [[[value, low], [value, high]], [[low, value], [high, value]]]) {
          context.moveTo(...plane.pixel(from));
          context.lineTo(...plane.pixel(to));
        }
        context.stroke();
      }
    },
    /** Numbers at the grid lines and the names of the two axes. */
    ticks(context, every, [across, up]) {
      const margin = 4 * plane.scale;
      context.font = `${11 * plane.scale}px system-ui, sans-serif`;
      context.fillStyle = colour(plane.coloured, "quiet");
      const write = (text, [x, y], align, baseline) => {
        context.textAlign = align;
        context.textBaseline = baseline;
        context.fillText(text, x, y);
      };
      for (let value = Math.ceil(low / every) * every; value < high; value += every) {
        if (value === low) continue;
        write(number(value, 0), [plane.pixel([value, 0])[0], pixels - margin], "center", "bottom");
        write(number(value, 0), [margin, plane.pixel([0, value])[1]], "left", "middle");
      }
      write(across, [pixels - margin, pixels - margin], "right", "bottom");
      write(up, [margin, margin], "left", "top");
    },
    pointAt(event) {
      const box = canvas.getBoundingClientRect();
      const inside = (value) => Math.min(1, Math.max(0, value));
      const x = inside((event.clientX - box.left) / box.width), y = inside((event.clientY - box.top) / box.height);
      return [low + x * (high - low), high - y * (high - low)];
    },
    handle: (options) => addHandle(plane, options),
    handles: [],
    /** Of the handles that lie one on the other under a finger, the one that it is nearest to. */
    nearest: (event, pressed) => nearestHandle(plane.handles, event, pressed),
  };
  return plane;
}

/** Of handles that lie one on the other under a finger, the one whose middle is nearest to it. */
function nearestHandle(handles, event, pressed) {
  const distance = ({ knob }) => {
    const box = knob.getBoundingClientRect();
    return Math.hypot(box.left + box.width / 2 - event.clientX, box.top + box.height / 2 - event.clientY);
  };
  return handles.filter((handle) => !handle.knob.hidden && !handle.held).reduce((best, other) => (distance(other) < distance(best) ? other : best), pressed);
}

/** From a "pointerdown" on: focus `knob` and call `follow(event)` for every move until the pointer lets go. */
function followPointer(event, knob, follow) {
  event.preventDefault();
  event.stopPropagation();
  knob.focus({ preventScroll: true });
  const target = event.currentTarget;
  target.setPointerCapture(event.pointerId);
  const stop = () => ["pointermove", "pointerup", "pointercancel"].forEach((name) => target.removeEventListener(name, name === "pointermove" ? follow : stop));
  target.addEventListener("pointermove", follow);
  target.addEventListener("pointerup", stop);
  target.addEventListener("pointercancel", stop);
}

function addHandle(plane, { label, value, moved, describe, anywhere = false, kind = "point", nudge = null, taken = null }) {
  const { low, high, root } = plane;
  const knob = element("div", {
    class: `explorable-handle explorable-${kind}`, tabindex: 0, role: "slider", "aria-label": label,
    "aria-valuemin": number(low).replace("−", "-"), "aria-valuemax": number(high).replace("−", "-"),
  });
  const handle = {
    value, knob, held: false,
    /** Leave it where it is: no pointer, no key moves it. */
    hold(held) {
      if (held === handle.held) return; // even an equal tabindex has the whole page laid out at once
      handle.held = held;
      knob.tabIndex = held ? -1 : 0;
      knob.setAttribute("aria-disabled", held);
    },
    place(point) {
      handle.value = point;
      knob.style.left = `${(100 * (point[0] - low)) / (high - low)}%`;
      knob.style.top = `${(100 * (high - point[1])) / (high - low)}%`;
      put(knob, { "aria-valuenow": point[0].toFixed(3), "aria-valuetext": describe(point) });
    },
  };
  const inside = (a) => Math.min(high, Math.max(low, a));
  const go = (point) => {
    handle.value = point.map(inside); // the next key may come before the next frame
    moved(handle.value);
  };
  const drag = handle.drag = (event) => {
    if (event.button > 0 || handle.held) return;
    const grip = plane.pointAt(event).map((a, axis) => (anywhere ? 0 : handle.value[axis] - a)); // where it was taken, so that it does not jump
    followPointer(event, knob, (later) => go(plane.pointAt(later).map((a, axis) => a + grip[axis])));
    taken?.();
    if (anywhere) go(plane.pointAt(event));
  };
  knob.addEventListener("pointerdown", (event) => plane.nearest(event, handle).drag(event));
  if (anywhere) plane.canvas.addEventListener("pointerdown", drag);
  ownKeys(knob, (event) => {
    const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
    const direction = directions[event.key];
    if (!direction || handle.held) return false;
    event.preventDefault();
    const step = ((high - low) / 100) * (event.shiftKey ? 5 : 1);
    if (nudge) nudge(step * (direction[0] + direction[1]));
    else go([0, 1].map((axis) => handle.value[axis] + step * direction[axis]));
    return true;
  });
  root.append(knob);
  plane.handles.push(handle);
  handle.place(value);
  return handle;
}

const hundredths = (value) => Math.round(100 * value) / 100;

/**
 * Three handles of a diagonal Gaussian [mu1, mu2, sigma1, sigma2]: its centre and, one sigma away from it, one for each sigma.
 * `moved` gets the four numbers, in hundredths, so that what is shown is what is. A sigma's handle stands where it has room.
 */
function addRegion(plane, { value, moved, name = "", least = 0.2, most = 2, taken = null }) {
  const region = { value };
  const side = (axis) => (region.value[axis] + region.value[2 + axis] <= plane.high ? 1 : -1);
  const change = (four) => {
    region.value = four;
    moved(four);
  };
  const resize = (axis, sigma) => change(region.value.map((old, i) => (i === 2 + axis ? hundredths(Math.min(most, Math.max(least, sigma))) : old)));
  const centre = plane.handle({
    label: `Centre${name}`, value: value.slice(0, 2), describe: ([a, b]) => `mu ${number(a)}, ${number(b)}`,
    moved: (point) => change([...point.map(hundredths), ...region.value.slice(2)]), taken,
  });
  const stretches = [0, 1].map((axis) => plane.handle({
    label: `Sigma ${axis + 1}${name}`, value: value.slice(0, 2), kind: "stretch", describe: () => number(region.value[2 + axis]),
    moved: (point) => resize(axis, side(axis) * (point[axis] - region.value[axis])),
    nudge: (step) => resize(axis, region.value[2 + axis] + step / 2),
  }));
  region.handles = [centre, ...stretches];
  region.place = (four) => {
    region.value = four;
    centre.place(four.slice(0, 2));
    stretches.forEach((handle, axis) => {
      handle.place([0, 1].map((other) => four[other] + (other === axis ? side(axis) * four[2 + axis] : 0)));
      put(handle.knob, { "aria-valuemin": least, "aria-valuemax": most, "aria-valuenow": four[2 + axis] });
    });
  };
  region.place(value);
  return region;
}

/** Ellipses at 1, 2 and 3 sigma (or other `radii`) as lines of an svg that lies on a plane; `place([mu1, mu2, sigma1, sigma2])` moves them. */
function makeEllipses(plane, radii = [1, 2, 3]) {
  const rings = radii.map(() => element("ellipse", { class: "explorable-ellipse" }));
  const unit = plane.pixels / (plane.high - plane.low);
  return {
    root: element("g", {}, ...rings),
    place([a, b, s, t]) {
      const [x, y] = plane.pixel([a, b]);
      rings.forEach((ring, i) => put(ring, { cx: x, cy: y, rx: radii[i] * s * unit, ry: radii[i] * t * unit }));
    },
  };
}

/** An svg as large as a plane, in the coordinates of `plane.pixel`. */
const onPlane = (plane, ...children) => element("svg", { viewBox: `0 0 ${plane.pixels} ${plane.pixels}`, "aria-hidden": "true" }, ...children);

/** An svg over a plane's canvas. */
function overlay(plane, ...children) {
  const svg = onPlane(plane, ...children);
  plane.canvas.after(svg);
  return svg;
}

/** Under a plane's canvas: lines at the whole numbers, stronger axes, and the numbers and the names of the axes as `plane.ticks` writes them. */
function ruled(plane, every, [across, up]) {
  const { low, high, pixels, pixel } = plane, inside = (step) => Array.from({ length: high - low + 1 }, (_, i) => low + i).filter((value) => value % step === 0);
  const line = (value) => `M${pixel([value, low]).join(" ")}V0M${pixel([low, value]).join(" ")}H${pixels}`, margin = 4 * plane.scale;
  const text = ([x, y], anchor, baseline, said) => element("text", { x, y, "text-anchor": anchor, "dominant-baseline": baseline, "font-size": 11 * plane.scale }, said);
  const numbered = inside(every).filter((value) => value > low && value < high);
  plane.canvas.before(element("div", { class: "explorable-ground" }, onPlane(plane,
    element("path", { class: "explorable-grid", d: inside(1).map(line).join(""), "stroke-width": 0.6 * plane.scale }),
    element("path", { class: "explorable-grid", d: line(0), "stroke-width": 1.6 * plane.scale }),
    ...numbered.map((value) => text([pixel([value, 0])[0], pixels - margin], "middle", "auto", number(value, 0))),
    ...numbered.map((value) => text([margin, pixel([0, value])[1]], "start", "central", number(value, 0))),
    text([pixels - margin, pixels - margin], "end", "auto", across), text([margin, margin], "start", "hanging", up))));
}

/** A labelled slider for one number; `text(value)` is shown beside it, `say(value)` read out. */
function makeSlider({ label, min, max, step, value, text = (v) => number(v), say = text, moved }) {
  const shown = element("output", { class: "explorable-number", "aria-live": "off" }); // the slider itself says it
  const input = element("input", { type: "range", min, max, step, value, "aria-label": label });
  const slider = {
    root: element("label", { class: "explorable-slider" }, element("span", {}, label), input, shown),
    input,
    place(next) {
      if (input.value !== String(next)) input.value = next;
      write(shown, text(next));
      put(input, { "aria-valuetext": say(next) });
    },
  };
  input.addEventListener("input", () => moved(Number(input.value)));
  ownKeys(input, (event) => /^(Arrow|Page|Home|End)/.test(event.key)); // the browser moves it
  slider.place(value);
  return slider;
}

// ---------------------------------------------------------------- a chart with a ruler below

/** About `count` round numbers (1, 2 or 5 times a power of ten apart) from low to high, and how many places they need. */
function ticks([low, high], count) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.7);
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return { values: Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step), places: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

/** Texts of an svg; `show([[text, attributes], …])` writes them into the nodes that are there, and hides what is over. */
function makeTexts() {
  const root = element("g");
  return {
    root,
    show(texts) {
      while (root.children.length < texts.length) root.append(element("text"));
      [...root.children].forEach((node, i) => {
        node.toggleAttribute("hidden", i >= texts.length);
        if (i >= texts.length) return;
        write(node, texts[i][0]);
        put(node, texts[i][1]);
      });
    },
  };
}

/**
 * An SVG chart as wide as its room and `height` pixels high, so that its letters keep their size. `x` and `y` are [low, high]; `draw(chart)`
 * runs whenever the width changes. `chart.at(x)` and `chart.up(y)` are pixels, `chart.path(points)` a path's text, `chart.frame()` draws
 * grid and rulers if they changed and says whether. What is added to `chart.area` is cut off at the frame, what is added to `chart.svg` is not. `chart.handle(options)` adds a knob that moves along x.
 */
function makeChart({ x, y, height, label, title, draw, titleAt = x[0], left = 34, bottom = 24, countX = 6, countY = 4 }) {
  const grid = element("path", { class: "explorable-grid" }), rulers = makeTexts(), heading = element("text", { class: "explorable-title" }, title), area = element("svg");
  const svg = element("svg", { "aria-hidden": "true" }, grid, rulers.root, heading, area);
  const root = element("div", { class: "explorable-chart", role: "group", "aria-label": label, style: `height: ${height}px` }, svg);
  const chart = {
    root, svg, area, x, y, height, left, bottom, width: 300, right: 8, top: 8, handles: [],
    at: (value) => left + ((value - chart.x[0]) / (chart.x[1] - chart.x[0])) * (chart.width - left - chart.right),
    up: (value) => chart.top + ((chart.y[1] - value) / (chart.y[1] - chart.y[0])) * (height - chart.top - bottom),
    valueAt(event) {
      const box = svg.getBoundingClientRect(), share = (event.clientX - box.left - left) / (box.width - left - chart.right);
      return chart.x[0] + Math.min(1, Math.max(0, share)) * (chart.x[1] - chart.x[0]);
    },
    path: (points) => points.map(([a, b], i) => `${i ? "L" : "M"}${chart.at(a).toFixed(1)} ${chart.up(b).toFixed(1)}`).join(""),
    frame() {
      const key = [chart.width, ...chart.x, ...chart.y].join(" ");
      if (key === chart.framed) return false;
      chart.framed = key;
      const inner = { x: left, y: chart.top, width: Math.max(1, chart.width - left - chart.right), height: height - chart.top - bottom };
      put(area, { ...inner, viewBox: Object.values(inner).join(" ") });
      const across = ticks(chart.x, countX), upward = ticks(chart.y, countY);
      const lines = [...across.values.map((value) => `M${chart.at(value)} ${chart.top}V${height - bottom}`), ...upward.values.map((value) => `M${left} ${chart.up(value)}H${chart.width - chart.right}`)];
      put(grid, { d: lines.join("") });
      const below = bottom < 20 ? [] : across.values.map((value) => [number(value, across.places), { x: chart.at(value), y: height - bottom + 16, "text-anchor": "middle" }]);
      const beside = upward.values.map((value) => [number(value, upward.places), { x: left - 6, y: chart.up(value) + 4, "text-anchor": "end" }]);
      rulers.show([...below, ...beside]);
      put(heading, { x: chart.at(titleAt) + 6, y: chart.top + 11 });
      return true;
    },
    handle: (options) => addChartHandle(chart, options),
  };
  new ResizeObserver(([entry]) => {
    if (!entry.contentRect.width || entry.contentRect.width === chart.drawn) return;
    chart.width = chart.drawn = entry.contentRect.width;
    svg.setAttribute("viewBox", `0 0 ${chart.width} ${height}`);
    draw(chart);
  }).observe(root);
  return chart;
}

/** A knob for one number from `min` to `max`: `moved(value)` when mouse, touch or keys move it; `place(value, x, y)` puts it at a point. */
function addChartHandle(chart, { label, min, max, moved, describe, fromX = (x) => x, kind = "point" }) {
  const knob = element("div", {
    class: `explorable-handle explorable-${kind}`, tabindex: 0, role: "slider", "aria-label": label, "aria-valuemin": min.toFixed(2), "aria-valuemax": max.toFixed(2),
  });
  const go = (value) => moved((handle.value = Math.min(max, Math.max(min, value)))); // two keys may come in one frame
  const handle = {
    knob,
    place(value, x, y) {
      Object.assign(handle, { value, x });
      knob.style.left = `${chart.at(x)}px`;
      knob.style.top = `${chart.up(y)}px`;
      put(knob, { "aria-valuenow": (Number.isFinite(value) ? value : min).toFixed(3), "aria-valuetext": describe(value) });
    },
  };
  handle.drag = (event) => {
    const grip = handle.x - chart.valueAt(event); // where it was taken, so that it does not jump
    followPointer(event, knob, (later) => go(fromX(chart.valueAt(later) + grip)));
  };
  knob.addEventListener("pointerdown", (event) => { if (event.button <= 0) nearestHandle(chart.handles, event, handle).drag(event); });
  ownKeys(knob, (event) => {
    const step = ((max - min) / 100) * (event.shiftKey ? 5 : 1), value = Number.isFinite(handle.value) ? handle.value : min;
    const next = { ArrowLeft: value - step, ArrowDown: value - step, ArrowRight: value + step, ArrowUp: value + step, Home: min, End: max }[event.key];
    if (next === undefined) return false;
    event.preventDefault();
    go(next);
    return true;
  });
  chart.root.append(knob);
  chart.handles.push(handle);
  return handle;
}

// ---------------------------------------------------------------- dice

/** A seeded generator of numbers in [0, 1) (mulberry32), so that a roll can be made again. */
function makeUniform(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A seeded generator of standard normal numbers (Box and Muller 1958). */
function makeNormal(seed) {
  const uniform = makeUniform(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
