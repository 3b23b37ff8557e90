// Two Gaussians: q = N(mu, sigma²), which you move, against p = N(0, 1): both divergences, a Monte Carlo estimate, the KL's two slopes.

const LEVELS = [0.1, 0.5, 1, 2, 4, 8]; // nats, of the contours in the plane
const REACH = 3; // mu and log sigma² go from −3 to 3
const SHARE = 0.5; // an arrow is as long as a step at this learning rate, up to
const LONGEST = 110; // pixels of 300

const klForward = (mu, v) => 0.5 * (Math.exp(v) + mu ** 2 - 1 - v);
const klReverse = (mu, v) => 0.5 * ((1 + mu ** 2) * Math.exp(-v) - 1 + v);
const slopes = (mu, v) => [mu, 0.5 * (Math.exp(v) - 1)];

const density = (z, mu, v) => Math.exp(-0.5 * (z - mu) ** 2 * Math.exp(-v) - 0.5 * v) / Math.sqrt(2 * Math.PI);

/** log q(z) − log p(z): what one z counts, in nats. */
const logRatio = (z, mu, v) => 0.5 * (z ** 2 - (z - mu) ** 2 * Math.exp(-v) - v);

/** The mean of log q/p at n values z = mu + sigma eps, and its standard error: the sample's standard deviation over root n. */
function monteCarlo(mu, v, eps) {
  const counts = eps.map((e) => logRatio(mu + Math.exp(0.5 * v) * e, mu, v));
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const squares = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (counts.length - 1) / counts.length) };
}

/** Curve (mu(t), v(t)) on which the KL is `level`, as pairs: for every v with room left, the two mu. */
function contour(level) {
  const side = [];
  for (let v = -REACH; v <= REACH; v += 0.01) {
    const left = 2 * level - (Math.exp(v) - 1 - v);
    if (left >= 0) side.push([Math.sqrt(left), v]);
  }
  return [...side, ...side.slice().reverse().map(([mu, v]) => [-mu, v])];
}

/** The smallest of 0.5, 1, 2, 5, 10, … that is at least `value`. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return Math.max(0.5, power * [1, 2, 5, 10].find((factor) => factor * power >= value));
}

/** The z at which a bell is drawn: five sigma each way, close enough for a smooth line. */
const acrossBell = (mu, sigma) => Array.from({ length: 121 }, (_, i) => mu + (sigma * (i - 60)) / 12);

const STEPS = Array.from({ length: 161 }, (_, i) => -8 + i * 0.1);

function makeDensities(model, at, move) {
  const [p, q, rug] = ["p", "q", "rug"].map((kind) => element("path", { class: `explorable-curve explorable-gaussian-${kind}` }));
  const stem = element("path", { class: "explorable-dashes" });
  const names = { p: element("text", { class: "explorable-name-p" }, "p"), q: element("text", { class: "explorable-name-q" }, "q") };
  let update = () => {};
  const chart = makeChart({ x: [-8, 8], y: [0, 0.5], height: 200, label: "Densities of q and p", title: "density", bottom: 24, countY: 3, draw: () => update() });
  chart.area.append(p, q, stem, rug, names.p, names.q);
  const mean = chart.handle({ label: "Mean of q", min: -REACH, max: REACH, moved: (mu) => move({ mu }), describe: (mu) => `mu ${number(mu)}` });
  const spread = chart.handle({
    label: "Sigma of q", min: Math.exp(-REACH / 2), max: Math.exp(REACH / 2), kind: "stretch", fromX: (x) => x - at().mu,
    moved: (sigma) => move({ logvar: 2 * Math.log(sigma) }), describe: (sigma) => `sigma ${number(sigma)}`,
  });
  update = () => {
    const { mu, v, sigma, eps } = at();
    chart.y = [0, roundUp(1.06 * Math.max(density(0, 0, 0), density(mu, mu, v)))];
    if (chart.frame()) p.setAttribute("d", chart.path(STEPS.map((z) => [z, density(z, 0, 0)])));
    put(q, { d: chart.path(acrossBell(mu, sigma).map((z) => [z, density(z, mu, v)])) });
    const floor = chart.height - chart.bottom;
    put(rug, { d: eps.map((e) => `M${chart.at(mu + sigma * e).toFixed(1)} ${floor}v-9`).join("") });
    const top = density(mu, mu, v), half = density(mu + sigma, mu, v);
    put(stem, { d: chart.path([[mu, half], [mu + sigma, half]]) });
    mean.place(mu, mu, top);
    spread.place(sigma, mu + sigma, half);
    const mode = mu >= 0 ? 1 : -1;
    put(names.p, { x: chart.at(-1.35 * mode), y: chart.up(density(1.35, 0, 0)) - 6, "text-anchor": mode > 0 ? "end" : "start" });
    put(names.q, { x: chart.at(mu) + 18, y: Math.max(chart.top + 12, chart.up(top) + 5) });
  };
  return { root: chart.root, update: () => update() };
}

function makeIntegrand(at) {
  const [above, below, line] = ["above", "below", "integrand"].map((kind) => element("path", { class: `explorable-curve explorable-${kind}` }));
  let update = () => {};
  const chart = makeChart({ x: [-8, 8], y: [-0.5, 0.5], height: 132, label: "q log q/p; its signed area is the KL from q to p", title: "q log(q / p)", bottom: 8, countY: 2, draw: () => update() });
  chart.area.append(above, below, line);
  update = () => {
    const { mu, v, sigma } = at();
    const points = acrossBell(mu, sigma).map((z) => [z, density(z, mu, v) * logRatio(z, mu, v)]);
    const high = roundUp(1.05 * Math.max(...points.map((point) => point[1])));
    chart.y = [-Math.max(0.25, high / 4), high];
    chart.frame();
    const ends = (i) => i === 0 || i === points.length - 1;
    const area = (inside) => { // along the line where it is on that side, along zero elsewhere
      const on = points.map(([, y]) => inside(y)), turns = points.filter((_, i) => ends(i) || on[i - 1] || on[i] || on[i + 1]);
      return `${chart.path(turns.map(([z, y]) => [z, inside(y) ? y : 0]))}Z`;
    };
    put(above, { d: area((y) => y > 0) });
    put(below, { d: area((y) => y < 0) });
    put(line, { d: chart.path(points) });
  };
  return { root: chart.root, update: () => update() };
}

function makeSlopes(at, move) {
  const plane = makePlane({ low: -REACH, high: REACH, label: "Plane of mu and log sigma squared, with lines of equal KL" });
  const arrows = ["mu", "logvar"].map((kind) => element("path", { class: `explorable-arrow explorable-slope-${kind}` }));
  plane.root.append(element("svg", { viewBox: "0 0 300 300", "aria-hidden": "true" }, ...arrows));
  const handle = plane.handle({
    label: "mu and log sigma squared of q", value: [0, 0], anywhere: true,
    moved: ([mu, logvar]) => move({ mu, logvar }), describe: ([mu, v]) => `mu ${number(mu)}, log sigma squared ${number(v)}, KL ${number(klForward(mu, v), 3)}`,
  });
  const paint = () => plane.paint((context) => {
    plane.grid(context, 1);
    context.strokeStyle = colour(plane.root, "edge");
    context.fillStyle = colour(plane.root, "quiet");
    context.lineWidth = 1.4 * plane.scale;
    LEVELS.forEach((level) => {
      const line = contour(level).map(plane.pixel);
      context.beginPath();
      line.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
      context.closePath();
      context.stroke();
    });
    plane.ticks(context, 1, ["μ", "log σ²"]);
    Object.assign(context, { textAlign: "center", textBaseline: "middle", strokeStyle: colour(plane.root, "page"), lineWidth: 4 * plane.scale });
    LEVELS.slice(0, -1).forEach((level) => { // each on its line, right above the middle
      const [x, y] = plane.pixel([0, Math.max(...contour(level).map((point) => point[1]))]);
      context.strokeText(String(level), x, y);
      context.fillText(String(level), x, y);
    });
  });
  const update = () => {
    const { mu, v } = at(), [x, y] = plane.pixel([mu, v]).map((pixel) => pixel / plane.scale);
    const [across, up] = slopes(mu, v).map((slope) => Math.max(-LONGEST, Math.min(LONGEST, (-slope * SHARE * 300) / (2 * REACH))));
    handle.place([mu, v]);
    put(arrows[0], { d: arrow([x, y], [Math.sign(across), 0], Math.abs(across)) });
    put(arrows[1], { d: arrow([x, y], [0, -Math.sign(up)], Math.abs(up)) });
  };
  return { root: plane.root, paint, update };
}

/** A shaft `length` pixels long from the rim of the handle at [x, y] along an axis [u, w], with a head. */
function arrow([x, y], [u, w], length) {
  if (length < 0.5) return "";
  const head = Math.min(7, length), rim = 14, [fromX, fromY] = [x + rim * u, y + rim * w], [toX, toY] = [fromX + length * u, fromY + length * w];
  return `M${fromX} ${fromY}L${toX} ${toY}M${toX - head * (u + w)} ${toY - head * (w + u)}L${toX} ${toY}L${toX - head * (u - w)} ${toY - head * (w - u)}`;
}

function makeReadings(model, at, roll) {
  const rows = {
    q: ["q", "μ, σ"], forward: ["KL(q ‖ p)", "closed form"], estimate: ["its estimate", "± standard error"],
    reverse: ["KL(p ‖ q)", "the other way"], mu: ["∂KL/∂μ", "= μ"], logvar: ["∂KL/∂log σ²", "= (σ² − 1) / 2"],
  };
  const values = Object.fromEntries(Object.keys(rows).map((name) => [name, element("dd", { class: `explorable-${name}` })]));
  const list = element("dl", { class: "explorable-pairs" }, ...Object.entries(rows).flatMap(([name, [title, more]]) =>
    [element("dt", {}, title, element("span", {}, more)), values[name]]));
  // Buttons, not a menu: a menu's list belongs to the whole page, and the browser then lays the whole page out when a number changes.
  const counts = [10, 100, 1000].map((n) => [n, element("button", { type: "button", onclick: () => { model.set("samples", n); model.save_changes(); } }, n.toLocaleString("en"))]);
  const told = element("p", { class: "explorable-quiet explorable-status", "aria-live": "polite" });
  const button = element("button", { type: "button", onclick: () => { roll(); told.textContent = `Rolled: ${text(at())}.`; } }, "roll");
  const text = ({ mu, v, eps }) => {
    const { mean, error } = monteCarlo(mu, v, eps);
    return `estimate ${number(mean, 3)}, ${number(Math.abs(mean - klForward(mu, v)) / error, 1)} standard errors from ${number(klForward(mu, v), 3)}`;
  };
  const update = () => {
    const now = at(), { mu, v, sigma, eps } = now, { mean, error } = monteCarlo(mu, v, eps), [across, up] = slopes(mu, v);
    const shown = {
      q: `${number(mu)}, ${number(sigma)}`, forward: number(klForward(mu, v), 3), estimate: `${number(mean, 3)} ± ${number(error, 3)}`,
      reverse: number(klReverse(mu, v), 3), mu: number(across, 3), logvar: number(up, 3),
    };
    Object.entries(shown).forEach(([name, said]) => write(values[name], said));
    counts.forEach(([n, choice]) => put(choice, { "aria-pressed": n === eps.length }));
  };
  const root = element("div", { class: "explorable-reading-column" }, list, element("div", { class: "explorable-controls", role: "group", "aria-label": "Number of samples" }, "samples", ...counts.map(([, choice]) => choice), button), told);
  return { root, update, quiet: () => { told.textContent = ""; } };
}

async function render({ model, el }) {
  requireNumbers(model, "mu", "logvar", "samples", "seed");
  let eps = [], rolled = "";
  /** q as it stands, and its noise: the same for the same seed, wherever q is moved. */
  const at = () => {
    const seed = model.get("seed"), n = model.get("samples");
    if (rolled !== `${seed} ${n}`) {
      const normal = makeNormal(seed);
      eps = Array.from({ length: n }, normal);
      rolled = `${seed} ${n}`;
    }
    const v = model.get("logvar");
    return { mu: model.get("mu"), v, sigma: Math.exp(0.5 * v), eps };
  };
  const thousandths = (value) => Math.round(1000 * value) / 1000;
  const move = (changes) => {
    Object.entries(changes).forEach(([name, value]) => model.set(name, thousandths(value)));
    model.save_changes();
  };
  const roll = () => { model.set("seed", model.get("seed") + 1); model.save_changes(); };
  const densities = makeDensities(model, at, move), integrand = makeIntegrand(at), plane = makeSlopes(at, move), readings = makeReadings(model, at, roll);
  const parts = [densities, integrand, plane, readings];
  el.append(element("div", { class: "explorable explorable-gaussians" },
    densities.root, integrand.root,
    element("div", { class: "explorable-columns" }, readings.root, plane.root),
    element("p", { class: "explorable-quiet" }, "Drag the round handle for the mean of q and the square one for its sigma, or the point in the plane; arrow keys work too. The shaded area below the curves, blue minus orange, is KL(q ‖ p). The arrows in the plane point against the slopes.")));
  const update = oncePerFrame(() => parts.forEach((part) => part.update()));
  const moved = () => { readings.quiet(); update(); };
  plane.paint();
  parts.forEach((part) => part.update());
  const watched = { "change:mu": moved, "change:logvar": moved, "change:samples": moved, "change:seed": update };
  Object.entries(watched).forEach(([event, listener]) => model.on(event, listener));
  const stop = onThemeChange(plane.paint);
  return () => { Object.entries(watched).forEach(([event, listener]) => model.off(event, listener)); stop(); };
}

export default { render };
