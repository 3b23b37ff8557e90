// One eps, one z: the dice in one plane, z = mu + sigma * eps in the other, with the derivatives of z as arrows and 1,000 draws.

const LIMIT = 4, DRAWS = 1000;
const GAP = 15; // how far beside dz/dmu the arrow of dz/dsigma lies, so that neither hides the other
const HEAD = 17;
const DOT = 11; // radius of the points that arrows lead to

const both = (what) => [0, 1].map(what);

/** The eps of a seed, drawn once: DRAWS pairs. */
function drawAll(seed) {
  const normal = makeNormal(seed);
  return Array.from({ length: DRAWS }, () => [normal(), normal()]);
}

/** Mean and standard deviation of the draws, each way. */
function momentsOf(draws) {
  const mean = both((axis) => draws.reduce((sum, draw) => sum + draw[axis], 0) / DRAWS);
  return { mean, deviation: both((axis) => Math.sqrt(draws.reduce((sum, draw) => sum + (draw[axis] - mean[axis]) ** 2, 0) / (DRAWS - 1))) };
}

/** A straight arrow of an svg; `place(from, to)` in its pixels, `short` of its end, where a point stands. */
function makeArrow(name, colourOf, short = 0) {
  const line = element("line"), head = element("polygon");
  return {
    root: element("g", { class: `explorable-vector explorable-${name} explorable-of-${colourOf}` }, line, head),
    place([x, y], end) {
      const whole = Math.hypot(end[0] - x, end[1] - y) || 1, u = (end[0] - x) / whole, v = (end[1] - y) / whole;
      const length = Math.max(0, whole - short), size = Math.min(HEAD, length), [x2, y2] = [x + length * u, y + length * v];
      const back = [x2 - size * u, y2 - size * v];
      put(line, { x1: x, y1: y, x2: back[0] + u, y2: back[1] + v });
      const side = (turn) => [back[0] - turn * 0.45 * size * v, back[1] + turn * 0.45 * size * u];
      put(head, { points: [[x2, y2], side(1), side(-1)].map((point) => point.map((at) => at.toFixed(2)).join(",")).join(" ") });
    },
  };
}

/** Paint the draws of a region: all of them faintly, those that have been rolled strongly. */
function paintDraws(context, plane, draws, [a, b, s, t], rolled) {
  const dots = (count, size, fill) => { // squares of whole pixels: round ones take seven times as long
    context.fillStyle = fill;
    for (let i = 0; i < count; i++) {
      const [x, y] = plane.pixel([a + s * draws[i][0], b + t * draws[i][1]]);
      context.fillRect(Math.round(x - size / 2), Math.round(y - size / 2), size, size);
    }
  };
  dots(DRAWS, 2 * plane.scale, `rgba(${colour(plane.root, "far")}, .36)`);
  if (rolled) dots(Math.min(DRAWS, rolled + 1), 3.5 * plane.scale, colour(plane.root, "violet"));
}

/** A plane whose lines stay and whose draws, ellipses and arrows move. */
function makeStage(label, names, marks) {
  const plane = makePlane({ low: -LIMIT, high: LIMIT, label });
  plane.root.classList.add("explorable-handles-only");
  plane.canvas.classList.add("explorable-draws");
  ruled(plane, 2, names);
  const ellipses = makeEllipses(plane);
  overlay(plane, ellipses.root, ...marks);
  return { plane, ellipses, cloud: (draws, region, rolled) => plane.paint((context) => paintDraws(context, plane, draws, region, rolled)) };
}

/** The numbers, a row each: `place(name, [one, other], held)`. */
function makeNumbers() {
  const names = { mu: "μ", sigma: "σ", eps: "ε", z: "z = μ + σε", "dz-dmu": "∂z/∂μ", "dz-dsigma": "∂z/∂σ", mean: "draws, mean", deviation: "draws, deviation" };
  const rows = Object.fromEntries(Object.entries(names).map(([name, text]) => {
    const held = element("span", { class: "explorable-held" }), cells = both(() => makeCell());
    return [name, { held, cells, root: element("tr", { class: `explorable-row-${name}` }, element("th", { scope: "row" }, text, held), ...cells.map((cell) => cell.root)) }];
  }));
  const table = element("table", { class: "explorable-numbers" },
    element("thead", {}, element("tr", {}, element("td"), ...["direction 1", "direction 2"].map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...Object.values(rows).map((row) => row.root)));
  return {
    root: table,
    place(name, values, held = false) {
      values.forEach((value, axis) => write(rows[name].cells[axis].text, number(value)));
      write(rows[name].held, held ? " held" : "");
    },
  };
}

async function render({ model, el }) {
  const save = (changes) => {
    Object.entries(changes).forEach(([name, value]) => model.set(name, value));
    model.save_changes();
  };
  let draws = drawAll(model.get("seed")), moments = momentsOf(draws);
  const epsNow = () => draws[model.get("rolls") % DRAWS].map(hundredths);
  const vector = makeArrow("eps", "eps", DOT), step = makeArrow("step", "eps", DOT);
  const byMu = both((axis) => makeArrow(`dz-dmu-${axis + 1}`, "mu")), bySigma = both((axis) => makeArrow(`dz-dsigma-${axis + 1}`, "sigma"));
  const epsDot = element("circle", { class: "explorable-place explorable-of-eps", r: DOT }), zDot = element("circle", { class: "explorable-place explorable-z", r: DOT });
  const dice = makeStage("Plane of the dice", ["ε₁", "ε₂"], [vector.root, epsDot]);
  dice.plane.root.setAttribute("role", "img");
  const stage = makeStage("Plane of codes", ["z₁", "z₂"], [step.root, ...bySigma.map((arrow) => arrow.root), ...byMu.map((arrow) => arrow.root), zDot]);
  const region = addRegion(stage.plane, { value: model.get("region"), moved: (four) => save({ region: four }) });
  const numbers = makeNumbers();
  const said = element("p", { class: "explorable-quiet explorable-said", "aria-live": "polite" });

  const modes = { eps: "Hold ε, move μ and σ", region: "Hold μ and σ, roll ε" };
  const buttons = Object.entries(modes).map(([held, text]) => [held, element("button", { type: "button", onclick: () => save({ held }) }, text)]);
  const roll = element("button", { type: "button", class: "explorable-roll", onclick() {
    save({ rolls: model.get("rolls") + 1 });
    const [eps, z] = [epsNow(), zNow()].map((pair) => pair.map((value) => number(value)).join(", "));
    said.textContent = `Roll ${model.get("rolls")}: ε ${eps} gives z ${z}.`;
  } }, "Roll");
  const zNow = () => both((axis) => model.get("region")[axis] + model.get("region")[2 + axis] * epsNow()[axis]);

  const updateDice = () => {
    const eps = epsNow(), [x, y] = dice.plane.pixel(eps);
    dice.cloud(draws, [0, 0, 1, 1], model.get("rolls"));
    vector.place(dice.plane.pixel([0, 0]), [x, y]);
    put(epsDot, { cx: x, cy: y });
    put(dice.plane.root, { "aria-label": `Plane of the dice: eps is ${number(eps[0])}, ${number(eps[1])}` });
  };
  const updateArrows = (four, eps, z) => {
    const [x, y] = stage.plane.pixel(z), unit = stage.plane.pixels / (2 * LIMIT);
    step.place(stage.plane.pixel(four), [x, y]);
    put(zDot, { cx: x, cy: y });
    byMu[0].place([x, y], [x + unit, y]);
    byMu[1].place([x, y], [x, y - unit]);
    bySigma[0].place([x, y + GAP], [x + unit * eps[0], y + GAP]);
    bySigma[1].place([x - GAP, y], [x - GAP, y - unit * eps[1]]);
  };
  const updateNumbers = (four, eps, z) => {
    const held = model.get("held");
    const mean = both((axis) => four[axis] + four[2 + axis] * moments.mean[axis]); // of z = mu + sigma * eps, whose eps stay
    const deviation = both((axis) => four[2 + axis] * moments.deviation[axis]);
    const shown = { mu: four.slice(0, 2), sigma: four.slice(2), eps, z, "dz-dmu": [1, 1], "dz-dsigma": eps, mean, deviation };
    Object.entries(shown).forEach(([name, values]) => numbers.place(name, values, name === "eps" ? held === "eps" : held === "region" && (name === "mu" || name === "sigma")));
  };
  const update = () => {
    const four = model.get("region"), eps = epsNow(), z = zNow(), held = model.get("held");
    region.place(four);
    region.handles.forEach((handle) => handle.hold(held === "region"));
    stage.ellipses.place(four);
    stage.cloud(draws, four, model.get("rolls"));
    updateArrows(four, eps, z);
    updateNumbers(four, eps, z);
    buttons.forEach(([name, button]) => put(button, { "aria-pressed": name === held }));
    roll.disabled = held === "eps";
  };

  const key = (name, text) => element("li", {}, element("span", { class: `explorable-swatch explorable-of-${name}`, "aria-hidden": "true" }), text);
  el.append(element("div", { class: "explorable explorable-one-eps" },
    element("div", { class: "explorable-controls", role: "group", "aria-label": "What is held" }, ...buttons.map(([, button]) => button), roll),
    element("div", { class: "explorable-columns" },
      element("div", { class: "explorable-dice" }, element("p", { class: "explorable-heading" }, "The dice: ε"), dice.plane.root),
      element("div", {}, element("p", { class: "explorable-heading" }, "The region: z = μ + σε"), stage.plane.root)),
    element("div", { class: "explorable-columns" },
      element("div", {}, numbers.root),
      element("div", {},
        element("ul", { class: "explorable-key" }, key("eps", "ε, and σε from μ to z"), key("mu", "∂z/∂μ: points to z for μ + 1"), key("sigma", "∂z/∂σ: points to z for σ + 1")),
        element("p", { class: "explorable-quiet" }, "Drag μ (blue) or the orange squares, one sigma from it, or use the arrow keys (with Shift for larger steps). Grey: 1,000 draws; their ε were drawn once. Violet dots: your rolls."),
        said))));
  const all = () => { updateDice(); update(); };
  dice.ellipses.place([0, 0, 1, 1]);
  all();
  const redraw = oncePerFrame(update), redrawAll = oncePerFrame(all);
  const reseed = () => { draws = drawAll(model.get("seed")); moments = momentsOf(draws); redrawAll(); };
  const listeners = { "change:region": redraw, "change:held": redraw, "change:rolls": redrawAll, "change:seed": reseed };
  Object.entries(listeners).forEach(([event, listener]) => model.on(event, listener));
  const stop = onThemeChange(all);
  return () => { Object.entries(listeners).forEach(([event, listener]) => model.off(event, listener)); stop(); };
}

export default { render };
