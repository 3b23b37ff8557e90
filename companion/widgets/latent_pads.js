// Two latent pads: what each decoder draws at the pointer, and how far that is from the nearest training image.

/** Read a distance map of side x side bytes (first row: highest z2) between its grid points. */
function readDistance(pad, [a, b]) {
  const levels = bytes(pad.distances), { low, high, side, farthest } = pad;
  const column = ((a - low) / (high - low)) * (side - 1), row = ((high - b) / (high - low)) * (side - 1);
  const left = Math.min(side - 2, Math.floor(column)), top = Math.min(side - 2, Math.floor(row));
  const u = column - left, v = row - top;
  const at = (r, c) => levels[r * side + c];
  const mixed = (1 - v) * ((1 - u) * at(top, left) + u * at(top, left + 1)) + v * ((1 - u) * at(top + 1, left) + u * at(top + 1, left + 1));
  return (mixed / 255) * farthest;
}

/** Shade the plane by distance: the darker, the farther from every training image. */
function shadeDistance(context, plane, pad) {
  const levels = bytes(pad.distances), { side } = pad;
  const nearest = Math.min(...levels), farthest = Math.max(...levels);
  const small = element("canvas", { width: side, height: side });
  const picture = new ImageData(side, side);
  const ink = colour(plane.root, "far").split(",").map(Number);
  levels.forEach((level, i) => picture.data.set([...ink, 110 * ((level - nearest) / Math.max(1, farthest - nearest))], 4 * i));
  small.getContext("2d").putImageData(picture, 0, 0);
  const margin = plane.pixels / (side - 1) / 2; // a grid point stands in the middle of its pixel
  context.drawImage(small, -margin, -margin, plane.pixels + 2 * margin, plane.pixels + 2 * margin);
}

async function makePad(model, index, labels) {
  const pad = model.get("pads")[index];
  const layers = await loadWeights(model, model.get("decoders")[index]);
  const codes = unpackCodes(pad.codes, pad.low, pad.high);
  const plane = makePlane({ low: pad.low, high: pad.high, label: `Latent plane of the ${pad.name}` });
  const picture = digitCanvas(`What the ${pad.name} decodes`);
  const where = element("dd"), far = element("dd", { class: "explorable-distance" });
  const text = ([a, b]) => `z = (${number(a)}, ${number(b)})`;
  const distance = (point) => number(readDistance(pad, point), 1);
  const handle = plane.handle({
    label: `Code of the ${pad.name}`, value: model.get("points")[index], anywhere: true,
    describe: (point) => `${text(point)}, distance to the nearest training image ${distance(point)}`,
    moved(point) {
      const points = model.get("points").slice();
      points[index] = point;
      model.set("points", points);
      model.save_changes();
    },
  });
  const paint = () => plane.paint((context) => {
    shadeDistance(context, plane, pad);
    paintCodes(context, plane, codes, labels);
  });
  let shown = null;
  const update = () => {
    const point = model.get("points")[index];
    if (point === shown) return; // it was the other one that moved
    shown = point;
    handle.place(point);
    paintDigit(picture, decode(layers, point));
    write(where, text(point));
    write(far, distance(point));
  };
  const readings = element("dl", {}, element("dt", {}, "code"), where, element("dt", {}, "distance to the nearest training image"), far);
  const root = element("div", {}, element("p", { class: "explorable-heading" }, pad.name), plane.root, element("div", { class: "explorable-reading" }, picture, readings));
  return { root, paint, update };
}

async function render({ model, el }) {
  const labels = bytes(model.get("labels"));
  const pads = await Promise.all([0, 1].map((index) => makePad(model, index, labels)));
  el.append(element("div", { class: "explorable" },
    element("div", { class: "explorable-columns" }, ...pads.map((pad) => pad.root)),
    element("p", { class: "explorable-quiet" }, "Drag the dark point, press anywhere in a plane, or use the arrow keys (with Shift for larger steps). The more shade, the farther from every training image.")));
  const paint = () => pads.forEach((pad) => pad.paint());
  const update = oncePerFrame(() => pads.forEach((pad) => pad.update()));
  paint();
  pads.forEach((pad) => pad.update());
  model.on("change:points", update);
  const stop = onThemeChange(paint);
  return () => { model.off("change:points", update); stop(); };
}

export default { render };
