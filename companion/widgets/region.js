// Regions in the plane: drag a centre, pull two sigmas; the mixture's density and the count of the numbers follow.

const LIMIT = 4, MOST = 5;
const FINE = 200; // pixels of the density's picture each way
const NONE = 1e-9; // a row this low has no shade, however narrow the region
const FULL = 170; // its strongest shade, of 255, from a density of 0.5 up: lines must stay visible on it
const SPARE = [[0, 2.5], [2.4, -2.2], [-2.6, 2.2], [2.6, 2.4], [0, 0], [-2.6, -2.6]]; // where an added region may go
const HOLDS = [1, 2, 3].map((r) => `${Math.round(100 * (1 - Math.exp((-r * r) / 2)))} %`);

/** Density of a mixture in equal shares at one point. */
function density(regions, [a, b]) {
  const each = regions.map(([m, n, s, t]) => Math.exp(-0.5 * (((a - m) / s) ** 2 + ((b - n) / t) ** 2)) / (2 * Math.PI * s * t));
  return each.reduce((sum, value) => sum + value, 0) / regions.length;
}

/**
 * The picture of the density, at the middle of each pixel: the square root is the shade. A diagonal Gaussian is a product of two curves,
 * so a region costs two short ones and a multiplication a pixel.
 */
function makeShade() {
  const canvas = element("canvas", { class: "explorable-shade", width: FINE, height: FINE, "aria-hidden": "true" });
  const context = canvas.getContext("2d", { willReadFrequently: true }), picture = context.createImageData(FINE, FINE), heights = new Float64Array(FINE * FINE);
  const at = Float64Array.from({ length: FINE }, (_, i) => ((i + 0.5) / FINE) * 2 * LIMIT - LIMIT);
  const curve = (mean, sigma) => at.map((value) => Math.exp(-0.5 * ((value - mean) / sigma) ** 2) / (Math.sqrt(2 * Math.PI) * sigma));
  return {
    canvas,
    tint(hex) {
      const channels = [1, 3, 5].map((place) => parseInt(hex.slice(place, place + 2), 16)); // "#1f629f"
      for (let k = 0; k < heights.length; k++) picture.data.set(channels, 4 * k);
    },
    paint(regions) {
      heights.fill(0);
      for (const [m, n, s, t] of regions) {
        const across = curve(m, s), up = curve(n, t);
        for (let row = 0; row < FINE; row++) {
          const height = (2 * up[FINE - 1 - row]) / regions.length;
          if (height < NONE) continue;
          for (let column = 0, k = row * FINE; column < FINE; column++, k++) heights[k] += height * across[column];
        }
      }
      const { data } = picture;
      for (let k = 0; k < heights.length; k++) data[4 * k + 3] = Math.min(FULL, FULL * Math.sqrt(heights[k])); // is rounded as it is stored
      context.putImageData(picture, 0, 0);
    },
  };
}

/** What share each ellipse of the selected region holds, written on its line: below the centre, or beside it when the region is flat. */
function makeShares(plane) {
  const texts = HOLDS.map((share) => element("text", { class: "explorable-share" }, share));
  const unit = plane.pixels / (2 * LIMIT);
  return {
    root: element("g", {}, ...texts),
    place([a, b, s, t]) {
      const [x, y] = plane.pixel([a, b]), flat = t * unit < 26;
      texts.forEach((text, i) => {
        put(text, { x: flat ? x - (i + 1) * s * unit : x, y: flat ? y : y + (i + 1) * t * unit });
        text.toggleAttribute("hidden", flat && s * unit < 55); // they would lie on each other
      });
    },
  };
}

/** The table of counts: rows of what is counted, a column for each kind of region. */
function makeCounts() {
  const rows = { centres: (m) => [2 * m, 2 * m, 2 * m], shapes: (m) => [m, 2 * m, 3 * m], weights: (m) => [m - 1, m - 1, m - 1], together: (m) => [4 * m - 1, 5 * m - 1, 6 * m - 1] };
  const caption = element("caption");
  const cells = Object.keys(rows).map(() => [0, 1, 2].map((kind) => element("td", { class: kind === 1 ? "explorable-own" : null })));
  const head = ["isotropic", "diagonal", "full"].map((kind, i) => element("th", { scope: "col", class: i === 1 ? "explorable-own" : null }, kind));
  const body = Object.keys(rows).map((name, i) => element("tr", { class: name === "together" ? "explorable-sum" : null }, element("th", { scope: "row" }, name), ...cells[i]));
  return {
    root: element("table", { class: "explorable-numbers explorable-counts" }, caption,
      element("thead", {}, element("tr", {}, element("td"), ...head)), element("tbody", {}, ...body)),
    place(m) {
      write(caption, m === 1 ? "Numbers for one region" : `Numbers for ${m} regions`);
      Object.values(rows).forEach((count, i) => count(m).forEach((value, kind) => write(cells[i][kind], value)));
    },
  };
}

/** The selected region's four numbers and the density at its centre. */
function makeReading() {
  const title = element("p", { class: "explorable-heading" }), names = ["μ", "σ"];
  const cells = names.map(() => [0, 1].map(() => makeCell()));
  const height = element("output", { class: "explorable-number explorable-density", "aria-live": "off" });
  return {
    root: element("div", {}, title,
      element("table", { class: "explorable-numbers explorable-four" },
        element("thead", {}, element("tr", {}, element("td"), element("th", { scope: "col" }, "z₁"), element("th", { scope: "col" }, "z₂"))),
        element("tbody", {}, ...names.map((name, i) => element("tr", {}, element("th", { scope: "row" }, name), ...cells[i].map((cell) => cell.root))))),
      element("p", { class: "explorable-quiet" }, "mixture density at μ ", height)),
    place(regions, chosen) {
      write(title, `Region ${chosen + 1} of ${regions.length}`);
      regions[chosen].forEach((value, i) => write(cells[i >> 1][i % 2].text, number(value)));
      write(height, number(density(regions, regions[chosen]), 3));
    },
  };
}

async function render({ model, el }) {
  const regionsNow = () => model.get("regions");
  const chosenNow = () => Math.min(model.get("selected"), regionsNow().length - 1);
  const save = (changes) => {
    Object.entries(changes).forEach(([name, value]) => model.set(name, value));
    model.save_changes();
  };
  const shade = makeShade(), plane = makePlane({ low: -LIMIT, high: LIMIT, label: "Plane of codes with regions", canvas: shade.canvas });
  plane.root.classList.add("explorable-handles-only");
  ruled(plane, 2, ["z₁", "z₂"]);
  const shares = makeShares(plane), counts = makeCounts(), reading = makeReading();
  const parts = Array.from({ length: MOST }, (_, i) => makePart(plane, i));
  overlay(plane, ...parts.map((part) => part.ellipses.root), shares.root);

  function makePart(onto, i) {
    const moved = (four) => save({ selected: i, regions: regionsNow().map((other, j) => (j === i ? four : other)) });
    const region = addRegion(onto, { value: [0, 0, 1, 1], name: ` of region ${i + 1}`, moved, taken: () => save({ selected: i }) });
    const [{ knob }] = region.handles;
    knob.dataset.number = i + 1;
    knob.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      save({ selected: i });
    });
    const button = element("button", { type: "button", "aria-label": `Region ${i + 1}`, onclick: () => save({ selected: i }) }, `${i + 1}`);
    return { region, knob, button, ellipses: makeEllipses(onto) };
  }

  const said = element("p", { class: "explorable-quiet explorable-said", "aria-live": "polite" });
  const tell = (what) => { said.textContent = `${what}: ${regionsNow().length === 1 ? "1 region" : `${regionsNow().length} regions`}, ${5 * regionsNow().length - 1} numbers.`; };
  const add = element("button", { type: "button", onclick() {
    const regions = regionsNow();
    const room = (spot) => Math.min(...regions.map(([a, b]) => Math.hypot(a - spot[0], b - spot[1])));
    const spot = SPARE.reduce((best, other) => (room(other) > room(best) ? other : best));
    save({ regions: [...regions, [...spot, 0.6, 0.6]], selected: regions.length });
    tell(`Region ${regions.length + 1} added`);
  } }, "Add");
  const remove = element("button", { type: "button", onclick() {
    const gone = chosenNow(), regions = regionsNow().filter((_, i) => i !== gone);
    save({ selected: Math.min(gone, regions.length - 1), regions });
    tell(`Region ${gone + 1} removed`);
  } }, "Remove");

  const paint = () => shade.tint(colour(plane.root, "blue"));
  const drawn = [];
  const update = () => {
    const regions = regionsNow(), chosen = chosenNow();
    parts.forEach(({ region, knob, button, ellipses }, i) => {
      const there = i < regions.length, own = i === chosen;
      region.handles.forEach((handle, j) => { handle.knob.hidden = !there || (j > 0 && !own); });
      put(ellipses.root, { class: own ? "explorable-own" : "explorable-other" });
      ellipses.root.toggleAttribute("hidden", !there);
      button.hidden = !there;
      put(button, { "aria-pressed": own });
      if (!there || (drawn[i] === regions[i] && knob.getAttribute("aria-current") === String(own))) return; // as it stood
      drawn[i] = regions[i];
      region.place(regions[i]);
      put(knob, { "aria-current": own });
      if (own) put(knob, { "aria-valuetext": `${knob.getAttribute("aria-valuetext")}, selected` });
      ellipses.place(regions[i]);
    });
    shares.place(regions[chosen]);
    shade.paint(regions);
    counts.place(regions.length);
    reading.place(regions, chosen);
    add.disabled = regions.length === MOST;
    remove.disabled = regions.length === 1;
    put(remove, { "aria-label": `Remove region ${chosen + 1}` });
  };

  el.append(element("div", { class: "explorable explorable-regions" },
    element("div", { class: "explorable-controls", role: "group", "aria-label": "Regions" }, element("span", {}, "Regions"), ...parts.map((part) => part.button), add, remove),
    element("div", { class: "explorable-columns explorable-uneven" }, plane.root, element("div", {}, reading.root, counts.root, said)),
    element("p", { class: "explorable-quiet" }, "Drag a centre, or the orange squares of the selected region, which stand one sigma from its centre; or use the arrow keys (with Shift for larger steps). The stronger the shade, the higher the density of the mixture. Per cent: what an ellipse holds of its region's draws.")));
  const redraw = oncePerFrame(update);
  paint();
  update();
  model.on("change:regions", redraw);
  model.on("change:selected", redraw);
  const stop = onThemeChange(() => { paint(); update(); });
  return () => { model.off("change:regions", redraw); model.off("change:selected", redraw); stop(); };
}

export default { render };
