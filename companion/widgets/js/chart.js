// An SVG chart with rulers, as wide as its room, whose letters keep their size.

import { element, put, write } from "./dom.js";
import { ownKeys } from "./keys.js";
import { clamp, number, ticks } from "./numbers.js";
import { followPointer, nearestHandle } from "./pointer.js";

/** @typedef {import("./bind.js").View} View */
/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./numbers.js").Range} Range */
/** @typedef {ReturnType<typeof makeChart>} Chart */
/** @typedef {import("./pointer.js").Handle} Handle */
/** @typedef {[text: string, attributes: Record<string, any>]} SvgText */

const RIGHT = 8; // pixels beside the frame, and above it
const TOP = 8;
const APART = 38; // pixels from a number below the frame to the next, about
const ROOM = 20; // pixels below the frame that numbers need

/**
 * Texts of an svg; `show(texts)` writes them into the nodes that are there, and hides what is over.
 */
function makeTexts() {
  const root = element("g");
  return {
    root,
    /** @param {SvgText[]} texts */
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
 * The text of a path around a disc, for a dot of a chart.
 * @type {(x: number, y: number, r: number) => string}
 */
export const disc = (x, y, r) =>
  `M${(x - r).toFixed(1)} ${y.toFixed(1)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;

/**
 * The same around a square, for a dot of another kind.
 * @type {(x: number, y: number, r: number) => string}
 */
export const square = (x, y, r) => `M${(x - r).toFixed(1)} ${(y - r).toFixed(1)}h${2 * r}v${2 * r}h${-2 * r}z`;

/**
 * @typedef {object} ChartOptions
 * @property {Range} x
 * @property {Range} y
 * @property {number | ((width: number) => number)} height pixels
 * @property {string} label
 * @property {string} title
 * @property {() => void} draw runs whenever the width changes
 * @property {number} [titleAt] where along x the title begins
 * @property {number} [left] pixels
 * @property {number} [bottom] pixels
 * @property {number} [countX] numbers along x, about
 * @property {number} [countY]
 * @property {(value: number) => string} [nameX] what stands below a number of x, where that is not the number
 * @property {(value: number) => string} [nameY] and beside a number of y
 */

/**
 * A chart. What is added to `area` is cut off at the frame, what is added to `svg` is not.
 * @param {View} view
 * @param {ChartOptions} options
 */
export function makeChart(view, options) {
  const { label, title, draw, titleAt = options.x[0], left = 34, bottom = 24 } = options;
  const { countX = 6, countY = 4, nameX, nameY } = options;
  const grid = element("path", { class: "explorable-grid" });
  const rulers = makeTexts();
  const heading = element("text", { class: "explorable-title" }, title);
  const area = element("svg");
  const svg = element("svg", { "aria-hidden": "true" }, grid, rulers.root, heading, area);
  const heightOf = (/** @type {number} */ width) =>
    typeof options.height === "number" ? options.height : options.height(width);
  const style = `height: ${heightOf(300)}px`;
  const root = element("div", { class: "explorable-chart", role: "group", "aria-label": label, style }, svg);
  const chart = {
    root,
    svg,
    area,
    x: options.x,
    y: options.y,
    height: heightOf(300),
    left,
    bottom,
    width: 300,
    top: TOP,
    /** @type {Handle[]} */
    handles: [],
    framed: "",

    /**
     * Pixels from the left.
     * @param {number} value
     */
    at: (value) => left + ((value - chart.x[0]) / (chart.x[1] - chart.x[0])) * (chart.width - left - RIGHT),

    /**
     * Pixels from above.
     * @param {number} value
     */
    up: (value) => TOP + ((chart.y[1] - value) / (chart.y[1] - chart.y[0])) * (chart.height - TOP - bottom),

    /** @param {PointerEvent} event */
    valueAt(event) {
      const box = svg.getBoundingClientRect();
      const share = (event.clientX - box.left - left) / (box.width - left - RIGHT);
      return chart.x[0] + clamp(share, [0, 1]) * (chart.x[1] - chart.x[0]);
    },

    /**
     * The text of a path through points.
     * @param {number[][]} points
     */
    path: (points) =>
      points.map(([a, b], i) => `${i ? "L" : "M"}${chart.at(a).toFixed(1)} ${chart.up(b).toFixed(1)}`).join(""),

    /** Draw grid and rulers if they changed; say whether. */
    frame() {
      const key = [chart.width, ...chart.x, ...chart.y].join(" ");
      if (key === chart.framed) return false;
      chart.framed = key;
      const wide = Math.max(1, chart.width - left - RIGHT);
      const inner = { x: left, y: TOP, width: wide, height: chart.height - TOP - bottom };
      put(area, { ...inner, viewBox: Object.values(inner).join(" ") });
      const across = ticks(chart.x, Math.min(countX, Math.max(2, wide / APART)));
      const upward = ticks(chart.y, countY);
      put(grid, { d: gridLines(chart, across.values, upward.values) });
      rulers.show([
        ...(bottom < ROOM ? [] : numbersBelow(chart, across, nameX)),
        ...numbersBeside(chart, upward, nameY),
      ]);
      put(heading, { x: chart.at(titleAt) + 6, y: TOP + 11 });
      return true;
    },
  };
  let drawn = 0;
  view.watchSize(root, ({ contentRect: { width } }) => {
    if (!width || width === drawn) return;
    drawn = width;
    chart.width = width;
    chart.height = heightOf(width);
    root.style.height = `${chart.height}px`;
    svg.setAttribute("viewBox", `0 0 ${width} ${chart.height}`);
    draw();
  });
  return chart;
}

/**
 * @typedef {object} Frame what the rulers need of a chart
 * @property {number} left
 * @property {number} bottom
 * @property {number} width
 * @property {number} height
 * @property {(value: number) => number} at
 * @property {(value: number) => number} up
 */
/** @typedef {{ values: number[], places: number }} Ticks */

/** @type {(chart: Frame, across: number[], upward: number[]) => string} */
function gridLines({ left, bottom, width, height, at, up }, across, upward) {
  const upright = across.map((value) => `M${at(value)} ${TOP}V${height - bottom}`);
  const level = upward.map((value) => `M${left} ${up(value)}H${width - RIGHT}`);
  return [...upright, ...level].join("");
}

/** @type {(chart: Frame, ticks: Ticks, nameX?: (value: number) => string) => SvgText[]} */
function numbersBelow({ at, height, bottom }, { values, places }, nameX) {
  const name = nameX ?? ((/** @type {number} */ value) => number(value, places));
  const y = height - bottom + 16;
  return values.map((value) => [name(value), { x: at(value), y, "text-anchor": "middle" }]);
}

/** @type {(chart: Frame, ticks: Ticks, nameY?: (value: number) => string) => SvgText[]} */
function numbersBeside({ up, left }, { values, places }, nameY) {
  const name = nameY ?? ((/** @type {number} */ value) => number(value, places));
  return values.map((value) => [name(value), { x: left - 6, y: up(value) + 4, "text-anchor": "end" }]);
}

/**
 * @typedef {object} ChartHandleOptions
 * @property {string} label
 * @property {number} min
 * @property {number} max
 * @property {(value: number) => void} moved
 * @property {(value: number) => string} describe
 * @property {(x: number) => number} [fromX] the handle's value where it stands at x
 * @property {number} [factor] what an arrow key multiplies by, in place of a hundredth of the range that it adds
 * @property {"point" | "stretch"} [kind]
 */

/**
 * A knob for one number: mouse, touch and keys move it along x, and `place(value, x, y)` puts it at a point.
 * @param {Chart} chart
 * @param {ChartHandleOptions} options
 */
export function addChartHandle(chart, options) {
  const { label, min, max, moved, describe, fromX = (x) => x, factor, kind = "point" } = options;
  const knob = element("div", {
    class: `explorable-handle explorable-${kind}`,
    tabindex: 0,
    role: "slider",
    "aria-label": label,
    "aria-valuemin": min.toFixed(2),
    "aria-valuemax": max.toFixed(2),
  });
  const handle = {
    knob,
    value: min,
    x: min,

    /** @type {(value: number, x: number, y: number) => void} */
    place(value, x, y) {
      Object.assign(handle, { value, x });
      knob.style.left = `${chart.at(x)}px`;
      knob.style.top = `${chart.up(y)}px`;
      const now = Number.isFinite(value) ? value : min;
      put(knob, { "aria-valuenow": now.toFixed(3), "aria-valuetext": describe(value) });
    },

    /** @param {number} value */
    go(value) {
      handle.value = clamp(value, [min, max]); // two keys may come in one frame
      moved(handle.value);
    },

    /** @param {PointerEvent} event */
    drag(event) {
      const grip = handle.x - chart.valueAt(event); // where it was taken, so that it does not jump
      followPointer(event, knob, (later) => handle.go(fromX(chart.valueAt(later) + grip)));
    },
  };
  knob.addEventListener("pointerdown", (event) => {
    if (event.button <= 0) nearestHandle(chart.handles, event, handle).drag(event);
  });
  ownKeys(knob, (event) => {
    const next = valueByKey(event, Number.isFinite(handle.value) ? handle.value : min, [min, max], factor);
    if (next === undefined) return false;
    event.preventDefault();
    handle.go(next);
    return true;
  });
  chart.root.append(knob);
  chart.handles.push(handle);
  return handle;
}

/**
 * Where a key takes a value of a range; undefined for a key of no meaning here.
 * @param {KeyboardEvent} event
 * @param {number} value
 * @param {Range} range
 * @param {number} [factor]
 * @returns {number | undefined}
 */
function valueByKey({ key, shiftKey }, value, [min, max], factor) {
  const steps = shiftKey ? 5 : 1;
  const moved = (/** @type {number} */ by) => (factor ? value * factor ** by : value + (by * (max - min)) / 100);
  /** @type {Record<string, number>} */
  const keys = {
    ArrowLeft: moved(-steps),
    ArrowDown: moved(-steps),
    ArrowRight: moved(steps),
    ArrowUp: moved(steps),
    Home: min,
    End: max,
  };
  return keys[key];
}
