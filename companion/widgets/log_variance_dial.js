// The log-variance dial beside the variance dial: one loss, one Gaussian, two rulers for it, plain gradient steps on each.

const WIDEST = 1.6; // the largest variance that a hand can set on either dial

/** What a dial's number means, and how fast sigma and log sigma squared move with it. */
const DIALS = {
  variance: {
    title: "variance dial", symbol: "a", means: "a = σ²", x: [-0.5, WIDEST], sigma: Math.sqrt, logvar: Math.log,
    sigmaSlope: (a) => 0.5 / Math.sqrt(a), logvarSlope: (a) => 1 / a,
  },
  logvar: {
    title: "log-variance dial", symbol: "v", means: "v = log σ²", x: [-7, Math.log(WIDEST)], sigma: (v) => Math.exp(0.5 * v), logvar: (v) => v,
    sigmaSlope: (v) => 0.5 * Math.exp(0.5 * v), logvarSlope: () => 1,
  },
};

/** Noise cost c/2 sigma² plus the KL of N(0, sigma²) to N(0, 1), in nats, and its slope in the dial's own number by the chain rule. */
function objective(dial, value, cost) {
  const sigma = dial.sigma(value), logvar = dial.logvar(value);
  return {
    sigma,
    loss: (cost / 2) * sigma ** 2 + 0.5 * (Math.exp(logvar) - 1 - logvar),
    slope: cost * sigma * dial.sigmaSlope(value) + 0.5 * (Math.exp(logvar) - 1) * dial.logvarSlope(value),
  };
}

/** "0.283", and for very small or large ones "1.3e−7". */
function figure(value) {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || value === 0 || (size >= 0.001 && size < 1e5)) return number(value, 3);
  return value.toExponential(1).replaceAll("-", "−").replace("+", "");
}

const clamp = (value, [low, high]) => Math.min(high, Math.max(low, value));

/** Points of the loss curve, close together at the wall. */
function curve(dial, cost) {
  const points = [];
  for (let v = -90; v < DIALS.logvar.x[1] + 0.02; v += v < -8 ? 1 : 0.04) {
    const value = dial === DIALS.variance ? Math.exp(v) : v;
    points.push([value, objective(dial, value, cost).loss]);
  }
  return points;
}

/** The bell of N(0, sigma²) from z = −2.5 to 2.5; one that is too high for its box is drawn as high as the box. */
function bellPath(sigma) {
  if (!(sigma > 0) || sigma === Infinity) return "";
  const points = Array.from({ length: 161 }, (_, i) => {
    const z = ((i - 80) / 32) * Math.min(1, Math.max(sigma * 1.6, 0.02));
    return [56 + 22.4 * z, 62 - Math.min(58, 26 / sigma) * Math.exp(-0.5 * (z / sigma) ** 2)];
  });
  return `M0 62L${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}L112 62Z`;
}

/** The bell that a dial describes, and its numbers. */
function makeReadings(dial, name) {
  const said = { value: dial.means, sigma: "σ", loss: "loss", slope: `slope in ${dial.symbol}`, steps: "steps" };
  const cells = Object.fromEntries(Object.keys(said).map((what) => [what, element("dd", { class: `explorable-${what}` })]));
  const bell = element("path", { class: `explorable-bell explorable-${name}` }), floor = element("path", { class: "explorable-grid", d: "M0 62.5H112" });
  const none = element("text", { x: 56, y: 42, "text-anchor": "middle" });
  const box = { class: "explorable-bell-box", viewBox: "0 0 112 64", role: "img", "aria-label": `Bell of the Gaussian on the ${dial.title}` };
  return {
    root: element("div", { class: "explorable-reading" },
      element("svg", box, bell, floor, none),
      element("dl", { class: "explorable-pairs" }, ...Object.entries(cells).flatMap(([what, dd]) => [element("dt", {}, said[what]), dd]))),
    show(numbers, steps) {
      Object.entries(numbers).forEach(([what, value]) => write(cells[what], figure(value)));
      write(cells.steps, steps);
      put(bell, { d: bellPath(numbers.sigma) });
      write(none, Number.isNaN(numbers.sigma) ? "no Gaussian" : "");
    },
  };
}

function makeDial(model, name) {
  const dial = DIALS[name];
  const part = (tag, kind) => element(tag, { class: `explorable-${kind}` });
  const wall = part("rect", "wall"), line = part("path", `curve explorable-${name}`), trail = part("path", "trail"), dots = part("path", "dots");
  const tangent = part("path", "dashes"), step = part("path", "arrow"), cross = part("path", "cross");
  const nan = element("text", { class: "explorable-nan", "text-anchor": "middle" }), far = element("text", { class: "explorable-far" });
  const chart = makeChart({
    x: dial.x, y: [0, 8], height: 236, left: 30, bottom: 26, countX: 4, draw: () => { frame(); update(); },
    label: `Loss against ${dial.means}`, title: "loss, nats", titleAt: name === "variance" ? 0 : dial.x[0],
  });
  chart.area.append(wall, line, trail, tangent, dots, cross, nan, far);
  chart.svg.append(step);
  const read = () => model.get(name).map((value) => value ?? NaN); // a NaN cannot travel as JSON
  const handle = chart.handle({
    label: `${dial.title}, ${dial.means}`, min: dial.x[0], max: dial.x[1],
    moved(value) { model.set(name, [Math.round(value * 1000) / 1000]); model.save_changes(); },
    describe(value) {
      const { sigma, loss } = objective(dial, value, model.get("cost"));
      return `${dial.symbol} = ${figure(value)}, sigma ${figure(sigma)}, loss ${figure(loss)}`;
    },
  });
  const readings = makeReadings(dial, name);
  const root = element("div", { class: `explorable-dial-${name}` }, element("p", { class: "explorable-heading" }, dial.title), chart.root, readings.root);

  function frame() {
    const cost = model.get("cost");
    chart.y = [0, Math.max(3.6, objective(DIALS.variance, WIDEST, cost).loss)];
    chart.frame();
    if (name === "variance") {
      const left = chart.at(dial.x[0]), floor = chart.height - chart.bottom;
      Object.entries({ x: left, y: chart.top, width: chart.at(0) - left, height: floor - chart.top }).forEach(([key, value]) => wall.setAttribute(key, value));
    }
    line.setAttribute("d", chart.path(curve(dial, cost)));
  }

  /** Where a value of the dial stands on the picture; what has no loss stands on the ruler. */
  function point(value) {
    const { loss } = objective(dial, value, model.get("cost"));
    return [clamp(value, dial.x), Number.isNaN(loss) ? chart.y[0] : clamp(loss, chart.y)];
  }

  let shown = "";
  function update() {
    const state = JSON.stringify([model.get(name), model.get("cost"), model.get("rate"), chart.framed]);
    if (state === shown) return; // it was the other dial that moved
    shown = state;
    const path = read(), value = path.at(-1), cost = model.get("cost");
    const { sigma, loss, slope } = objective(dial, value, cost);
    const stands = Number.isNaN(value) ? [clamp(path.at(-2) ?? 0, dial.x), chart.y[0]] : point(value);
    const visited = path.filter((a) => !Number.isNaN(a)).slice(-200).map(point);
    put(trail, { d: chart.path(visited) });
    put(dots, { d: visited.slice(0, -1).map(([x, y]) => `M${(chart.at(x) - 3).toFixed(1)} ${chart.up(y).toFixed(1)}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0`).join("") });
    handle.place(value, ...stands);
    root.classList.toggle("explorable-broken", Number.isNaN(loss));
    drawNext(value, loss, slope);
    mark(Number.isNaN(loss), value, stands);
    readings.show({ value, sigma, loss, slope }, path.length - 1);
  }

  /** Behind the wall a cross and "NaN"; left of the picture the number that the dial shows. */
  function mark(broken, value, [, height]) {
    const x = (chart.at(dial.x[0]) + chart.at(0)) / 2, y = chart.height / 2;
    put(cross, { d: broken ? `M${x - 10} ${y - 10}l20 20m0 -20l-20 20` : "" });
    write(nan, broken ? "NaN" : "");
    write(far, !broken && value < dial.x[0] ? `◂ ${dial.symbol} = ${figure(value)}` : "");
    put(nan, { x, y: y + 32 });
    put(far, { x: chart.left + 16, y: Math.max(chart.top + 28, chart.up(height) - 12) });
  }

  /** The tangent at the dial, and on the ruler a line that ends in a ring where the next step lands. */
  function drawNext(value, loss, slope) {
    const next = value - model.get("rate") * slope;
    const shown = Number.isFinite(next) && Number.isFinite(loss) && value >= dial.x[0];
    const from = chart.at(clamp(value, dial.x)), to = chart.at(clamp(next, dial.x)), floor = chart.height - chart.bottom;
    const edge = to - 4 * Math.sign(to - from);
    step.setAttribute("d", shown ? `M${from} ${floor}H${Math.abs(to - from) > 4 ? edge : from}M${to - 4} ${floor}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0` : "");
    step.classList.toggle("explorable-fatal", name === "variance" && next <= 0);
    const reach = 0.22 * (dial.x[1] - dial.x[0]), steep = (chart.up(0) - chart.up(1)) * Math.abs(slope) * reach;
    const half = reach * Math.min(1, 70 / Math.max(1e-9, steep)); // a steep tangent is as long on the picture as a flat one
    tangent.setAttribute("d", shown ? chart.path([[value - half, loss - half * slope], [value + half, loss + half * slope]]) : "");
  }

  /** One gradient step; a NaN stays where it is. Returns what to tell. */
  function go() {
    const path = model.get(name), value = path.at(-1) ?? NaN;
    if (Number.isNaN(value)) return;
    const next = value - model.get("rate") * objective(dial, value, model.get("cost")).slope;
    model.set(name, [...path, Number.isFinite(next) ? next : null]);
  }

  const tell = () => {
    const value = read().at(-1), { loss } = objective(dial, value, model.get("cost"));
    return `${dial.symbol} = ${figure(value)}, loss ${figure(loss)}`;
  };
  return { root, frame, update, go, tell };
}

async function render({ model, el }) {
  requireNumbers(model, "cost", "rate", "start");
  const dials = Object.keys(DIALS).map((name) => makeDial(model, name));
  const told = element("p", { class: "explorable-status", "aria-live": "polite" });
  const tell = () => {
    const wall = model.get("variance").findIndex((value) => value === null || value <= 0);
    const news = wall > 0 ? ` The variance dial went over the wall at step ${wall}: square root and logarithm are NaN.` : "";
    told.textContent = `${dials[0].tell()}; ${dials[1].tell()}.${news}`;
  };
  const steps = (count) => {
    for (let i = 0; i < count; i++) dials.forEach((dial) => dial.go());
    model.save_changes();
    tell();
  };
  const restart = () => {
    model.set("variance", [model.get("start")]);
    model.set("logvar", [Math.log(model.get("start"))]);
    model.save_changes();
    tell();
  };
  const rate = makeSlider({
    label: "learning rate", min: -3, max: 0, step: 0.02, value: Math.log10(model.get("rate")), text: (power) => String(Number((10 ** power).toPrecision(2))),
    moved(power) { model.set("rate", Number((10 ** power).toPrecision(2))); model.save_changes(); },
  });
  const cost = makeSlider({
    label: "noise cost c", min: 0, max: 50, step: 1, value: model.get("cost"), text: (value) => number(Number(value), 0),
    moved(value) { model.set("cost", value); model.save_changes(); },
  });
  el.append(element("div", { class: "explorable explorable-dials" },
    element("div", { class: "explorable-controls" },
      element("button", { type: "button", onclick: () => steps(1) }, "gradient step"),
      element("button", { type: "button", onclick: () => steps(10) }, "10 steps"),
      element("button", { type: "button", onclick: restart }, "restart")),
    rate.root, cost.root,
    element("div", { class: "explorable-columns" }, ...dials.map((dial) => dial.root)),
    told,
    element("p", { class: "explorable-quiet" }, "Both dials have the same loss, ½ c σ² + KL, and take the same gradient step. The ring on the ruler shows where the next one lands. Drag a dot along its curve, or use the arrow keys.")));
  const update = oncePerFrame(() => dials.forEach((dial) => dial.update()));
  const whole = oncePerFrame(() => dials.forEach((dial) => { dial.frame(); dial.update(); }));
  const turned = () => { rate.place(Math.log10(model.get("rate"))); update(); };
  const charged = () => { cost.place(model.get("cost")); whole(); };
  dials.forEach((dial) => { dial.frame(); dial.update(); });
  const watched = { "change:variance": update, "change:logvar": update, "change:rate": turned, "change:cost": charged };
  Object.entries(watched).forEach(([event, listener]) => model.on(event, listener));
  return () => Object.entries(watched).forEach(([event, listener]) => model.off(event, listener));
}

export default { render };
