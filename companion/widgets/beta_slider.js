// The beta slider: one knob moves the latent map, the reconstructions, the samples and the point on the curve together.

const SHOWN = 6;

/** What stands still on the map of a stage, for a plane from -reach to reach: painted when it is first asked for, and after `forget`. */
function makeGround(stage, labels) {
  const { reach } = stage, every = reach < 8 ? 1 : 5, codes = unpackCodes(stage.codes, -reach, reach);
  const spread = Math.max(...codes.map((code) => Math.hypot(...code)));
  let painted = null;
  return {
    has: () => painted !== null,
    forget() { painted = null; },
    /** The picture, in the colours that `root`, an element of the page, has now. */
    get(root) {
      if (painted) return painted;
      const plane = makePlane({ low: -reach, high: reach, label: "", coloured: root });
      plane.paint((context) => {
        plane.grid(context, every);
        plane.ticks(context, 2 * every, ["z₁", "z₂"]);
        paintCodes(context, plane, codes, labels, { names: spread > 0.5 }); // collapsed codes would write ten labels in one place
      });
      return (painted = plane.canvas);
    },
  };
}

/** The map: the codes of a stage in its own scale, the prior's circles of one and two sigma around the origin, and the draws. */
function makeMap(stages, labels) {
  const plane = makePlane({ low: -1, high: 1, label: "Latent map" }), prior = makeEllipses(plane, [1, 2]); // its unit is the stage's reach
  const dots = Array.from({ length: SHOWN }, () => element("circle", { class: "explorable-dot", r: 9 })), grounds = stages.map((stage) => makeGround(stage, labels));
  plane.root.classList.add("explorable-fixed");
  prior.root.setAttribute("class", "explorable-prior");
  overlay(plane, prior.root, ...dots);
  let painted = null;
  const show = (i, samples) => {
    const { reach, beta } = stages[i], ground = grounds[i].get(plane.root);
    if (ground !== painted) plane.paint((context) => context.drawImage(ground, 0, 0));
    painted = ground;
    put(plane.root, { "aria-label": `Latent map for beta ${beta}, from ${number(-reach, 1)} to ${number(reach, 1)}` });
    prior.place([0, 0, 1 / reach, 1 / reach]);
    samples.forEach((z, k) => {
      const [cx, cy] = plane.pixel(z.map((value) => value / reach));
      put(dots[k], { cx, cy });
    });
  };
  return { root: plane.root, show, has: (i) => grounds[i].has(), prepare: (i) => grounds[i].get(plane.root), forget: () => grounds.forEach((ground) => ground.forget()) };
}

/** All models in the plane of rate and distortion; the current one marked, with the line of slope -beta through it. */
function makeCurve(stages) {
  const widest = 1.2 * Math.max(...stages.map((stage) => (stage.beta > 0 ? stage.rate : 0)), 0.1);
  const heights = stages.map((stage) => stage.distortion), lowest = Math.min(...heights), highest = Math.max(...heights), room = 0.14 * (highest - lowest || 1);
  const line = element("path", { class: "explorable-tangent" }), mark = element("circle", { class: "explorable-mark", r: 7 });
  const dots = stages.map(() => element("circle", { class: "explorable-stop", r: 4 })), names = stages.map((stage) => element("text", {}, `${stage.beta}`));
  let current = 0;
  const beyond = (stage) => stage.rate > widest;
  const draw = () => {
    chart.frame();
    const at = (stage) => [chart.at(Math.min(stage.rate, widest)) - (beyond(stage) ? 8 : 0), chart.up(stage.distortion)];
    stages.forEach((stage, i) => {
      const [x, y] = at(stage), own = i === current;
      put(dots[i], { cx: x, cy: y });
      put(names[i], { x: x + (beyond(stage) ? 4 : 8), y: beyond(stage) ? y + 20 : y - 9, "text-anchor": beyond(stage) ? "end" : "start", class: own ? "explorable-title" : "" });
      write(names[i], beyond(stage) ? `β ${stage.beta}, rate ${number(stage.rate, 1)} →` : `${i === 0 || own ? "β " : ""}${stage.beta}`);
    });
    const now = stages[current], [x, y] = at(now), [from, to] = chart.x;
    put(mark, { cx: x, cy: y });
    put(line, { d: chart.path([from, to].map((rate) => [rate, now.distortion - now.beta * (rate - now.rate)])) });
    line.toggleAttribute("hidden", beyond(now));
  };
  const chart = makeChart({ x: [-0.06 * widest, widest], y: [lowest - room, highest + room], height: 270, label: "Rate and distortion", title: "distortion, nats", draw, titleAt: 0.3 * widest, left: 36 });
  chart.area.append(line, ...dots, mark, ...names);
  chart.root.setAttribute("role", "img");
  const place = (index) => {
    current = index;
    const { beta, rate, distortion } = stages[index];
    put(chart.root, { "aria-label": `Rate-distortion curve of ${stages.length} models; beta ${beta} stands at rate ${number(rate)}, distortion ${number(distortion)}` });
    draw();
  };
  return { root: chart.root, place, draw };
}

function makeRows(model, roll) {
  const row = (name) => Array.from({ length: SHOWN }, (_, i) => digitCanvas(`${name} ${i + 1} of ${SHOWN}`));
  const digits = row("test digit"), reconstructions = row("reconstruction"), samples = row("sample from the prior"), levels = bytes(model.get("digits"));
  digits.forEach((canvas, i) => paintLevels(canvas, levels, i));
  const live = element("div", { class: "explorable-live-rows" },
    element("p", { class: "explorable-quiet" }, "The same, encoded and decoded: reconstructions"), element("div", { class: "explorable-six" }, ...reconstructions),
    element("div", { class: "explorable-controls explorable-between" }, element("span", { class: "explorable-quiet" }, "Six draws from the prior, decoded: samples"), roll),
    element("div", { class: "explorable-six" }, ...samples));
  const root = element("div", {}, element("p", { class: "explorable-quiet" }, "Six test digits"), element("div", { class: "explorable-six" }, ...digits), live);
  return { root, live, canvases: [...reconstructions, ...samples] };
}

/** Paint picture `i` of stored grey levels. */
function paintLevels(canvas, levels, i) {
  paintDigit(canvas, Array.from(levels.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE), (level) => 1 - level / 255));
}

function makeFigures() {
  const names = { rate: "rate (KL), nats", distortion: "distortion (reconstruction), nats", sum: "their sum (−ELBO), nats" };
  const cells = Object.fromEntries(Object.keys(names).map((name) => [name, element("dd", { class: `explorable-${name}` })]));
  const root = element("dl", { class: "explorable-figures" }, ...Object.entries(names).map(([name, text]) => element("div", {}, element("dt", {}, text), cells[name])));
  const show = ({ rate, distortion }) => {
    Object.entries({ rate, distortion, sum: rate + distortion }).forEach(([name, value]) => write(cells[name], number(value)));
  };
  return { root, show };
}

/** The pictures of each stage, decoded once for a seed: means of the test digits, then samples. */
function makePictures(stages, layers) {
  const kept = stages.map(() => ({ seed: null, pictures: null }));
  return {
    has: (i, seed) => kept[i].seed === seed,
    get(i, seed) {
      if (kept[i].seed !== seed) kept[i] = { seed, pictures: [...stages[i].means, ...samplesOf(seed)].map((z) => decode(layers[i], z)) };
      return kept[i].pictures;
    },
  };
}

/** The draws from the prior that belong to a seed, the same for every stage. */
function samplesOf(seed) {
  const normal = makeNormal(seed);
  return Array.from({ length: SHOWN }, () => [normal(), normal()]);
}

/** Do what `next()` gives, a function or null, one after the other, whenever the page has nothing else to do. */
function whenIdle(next) {
  const wait = window.requestIdleCallback ?? ((run) => setTimeout(run, 50));
  let waiting = false;
  const run = () => {
    waiting = false;
    const work = next();
    if (!work) return;
    work();
    start();
  };
  const start = () => {
    if (!waiting) wait(run);
    waiting = true;
  };
  return start;
}

/** The decoders of all stages, fetched together when first asked for; the one that is on show comes first. */
function makeDecoders(model, { came, failed }) {
  const references = model.get("decoders"), layers = references.map(() => null);
  let asked = false;
  return {
    layers,
    async fetch() {
      if (asked) return;
      asked = true;
      const now = model.get("index"), order = references.map((_, i) => i).sort((a, b) => Math.abs(a - now) - Math.abs(b - now));
      await Promise.all(order.map(async (i) => {
        layers[i] = await loadWeights(model, references[i]);
        if (i === model.get("index")) came();
      })).catch(failed);
    },
  };
}

async function render({ model, el }) {
  const stages = model.get("stages"), labels = bytes(model.get("labels")), pictures = bytes(model.get("pictures"));
  const save = (name, value) => { model.set(name, value); model.save_changes(); };
  const map = makeMap(stages, labels), figures = makeFigures(), curve = makeCurve(stages);
  const status = element("p", { class: "explorable-quiet", role: "status" });
  const roll = element("button", { type: "button", class: "explorable-roll", onclick() {
    save("seed", model.get("seed") + 1);
    status.textContent = `Roll ${model.get("seed")}: six new draws, the same for every β.`;
  } }, "Roll");
  const rows = makeRows(model, roll);
  const slider = makeSlider({
    label: "β", min: 0, max: stages.length - 1, step: 1, value: model.get("index"), text: (i) => `${stages[i].beta}`, moved: (i) => save("index", i),
    say: (i) => `beta ${stages[i].beta}: rate ${number(stages[i].rate)}, distortion ${number(stages[i].distortion)} nats`,
  });

  const paintPictures = (i) => {
    const seed = model.get("seed"), stored = i === model.get("start") && seed === 0;
    const ready = stored || decoders.layers[i] !== null;
    rows.live.classList.toggle("explorable-waiting", !ready);
    put(rows.live, { "aria-busy": !ready });
    if (stored) rows.canvases.forEach((canvas, k) => paintLevels(canvas, pictures, k));
    else if (ready) decoded.get(i, seed).forEach((values, k) => paintDigit(rows.canvases[k], values));
    else decoders.fetch();
  };
  const update = () => {
    const i = model.get("index"), stage = stages[i];
    slider.place(i);
    figures.show(stage);
    map.show(i, samplesOf(model.get("seed")));
    curve.place(i);
    paintPictures(i);
    if (decoders.layers[i]) prepare();
  };
  const redraw = oncePerFrame(update);
  const decoders = makeDecoders(model, { came: redraw, failed() { status.textContent = "The decoders could not be loaded: the pictures of this β are missing."; } });
  const decoded = makePictures(stages, decoders.layers);
  const prepare = whenIdle(() => { // what the slider may show next, so that it need not wait for it
    const seed = model.get("seed"), todo = stages.findIndex((_, i) => decoders.layers[i] && !(decoded.has(i, seed) && map.has(i)));
    return todo < 0 ? null : () => { map.prepare(todo); decoded.get(todo, seed); };
  });

  const marks = element("div", { class: "explorable-slider explorable-stops", "aria-hidden": "true" }, element("span"), element("div", {}, ...stages.map((stage) => element("span", {}, `${stage.beta}`))), element("span"));
  const root = element("div", { class: "explorable explorable-beta-slider", onpointerdown: decoders.fetch, oninput: decoders.fetch },
    element("div", { class: "explorable-knob" }, slider.root, marks), figures.root,
    element("div", { class: "explorable-columns" },
      element("div", {}, element("p", { class: "explorable-heading" }, "Latent map"), map.root),
      element("div", {}, element("p", { class: "explorable-heading" }, "Rate and distortion"), curve.root, element("p", { class: "explorable-quiet explorable-under" }, "rate, nats; the line has slope −β"))),
    rows.root, status,
    element("p", { class: "explorable-quiet" }, "Move the slider, also with the arrow keys. Dashed: the prior at one and two sigma. Orange: the six draws. Each β has a map of its own scale."));
  el.append(root);
  update();
  ["index", "seed"].forEach((name) => model.on(`change:${name}`, redraw));
  const stop = onThemeChange(() => { map.forget(); map.show(model.get("index"), samplesOf(model.get("seed"))); });
  return () => { ["index", "seed"].forEach((name) => model.off(`change:${name}`, redraw)); stop(); };
}

export default { render };
