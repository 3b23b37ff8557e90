// A square of a latent plane: painted on a canvas, with handles to drag.

import { brushOf, element, put } from "./dom.js";
import { makeSquare } from "./geometry.js";
import { ownKeys } from "./keys.js";
import { number } from "./numbers.js";
import { followPointer, nearestHandle } from "./pointer.js";
import { colour } from "./theme.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {ReturnType<typeof makePlane>} Plane */
/** @typedef {import("./pointer.js").Handle} Handle */

/**
 * @typedef {object} PlaneOptions
 * @property {number} low
 * @property {number} high
 * @property {string} label
 * @property {number} [pixels]
 * @property {number} [rise] how much higher the range of the second direction lies
 * @property {Element | null} [coloured] where a plane that stands on no page, and is only painted, takes its colours from
 * @property {HTMLCanvasElement} [canvas]
 */

/**
 * A square of the plane, [low, high] both ways. Every canvas of a page costs time in every frame, so a plane whose
 * picture moves has that for its `canvas`, and its lines and numbers in an svg (`ruled` of lines.js).
 * @param {PlaneOptions} options
 */
export function makePlane({ low, high, label, pixels = 600, rise = 0, coloured = null, canvas = makeCanvas(pixels) }) {
  const root = element("div", { class: "explorable-plane", role: "group", "aria-label": label }, canvas);
  const square = makeSquare(low, high, pixels, rise);
  /** @type {Handle[]} */
  const handles = [];
  const plane = {
    ...square,
    root,
    canvas,
    coloured: coloured ?? root,
    handles,

    /** @param {(brush: CanvasRenderingContext2D) => void} draw */
    paint(draw) {
      const brush = brushOf(canvas);
      brush.clearRect(0, 0, pixels, pixels);
      draw(brush);
    },

    /**
     * Where a pointer is.
     * @param {PointerEvent} event
     */
    pointAt(event) {
      const box = canvas.getBoundingClientRect();
      return square.pointAtShare((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    },
  };
  return plane;
}

/** @param {number} pixels */
const makeCanvas = (pixels) => element("canvas", { width: pixels, height: pixels, "aria-hidden": "true" });

/**
 * Paint lines at the multiples of `every`, the axes a little stronger.
 * @param {CanvasRenderingContext2D} brush
 * @param {Plane} plane
 * @param {number} every
 */
export function paintGrid(brush, plane, every) {
  const { low, high, rise } = plane;
  const line = (/** @type {number} */ value, /** @type {Point} */ from, /** @type {Point} */ to) => {
    brush.lineWidth = (Math.abs(value) < every / 2 ? 1.6 : 0.6) * plane.scale;
    brush.beginPath();
    brush.moveTo(...plane.pixel(from));
    brush.lineTo(...plane.pixel(to));
    brush.stroke();
  };
  brush.strokeStyle = colour(plane.coloured, "line");
  for (const value of plane.multiples(every)) line(value, [value, low + rise], [value, high + rise]);
  for (const value of plane.multiples(every, 1)) line(value, [low, value], [high, value]);
}

/**
 * Paint the names of the two axes, and numbers at the lines that leave room for them.
 * @param {CanvasRenderingContext2D} brush
 * @param {Plane} plane
 * @param {number} every
 * @param {[across: string, up: string]} names
 * @param {number} places of the numbers
 * @param {number} letters their size, of a plane of 300
 */
export function paintTicks(brush, plane, every, [across, up], places = 0, letters = 11) {
  const margin = 4 * plane.scale;
  const end = plane.pixels - margin;
  /** @type {(text: string, at: Point, align: CanvasTextAlign, baseline: CanvasTextBaseline) => void} */
  const say = (text, [x, y], align, baseline) => {
    brush.textAlign = align;
    brush.textBaseline = baseline;
    brush.fillText(text, x, y);
  };
  brush.font = `${letters * plane.scale}px system-ui, sans-serif`;
  brush.fillStyle = colour(plane.coloured, "quiet");
  const room = 2.2 * letters * plane.scale;
  for (const value of plane.multiples(every)) {
    const [x] = plane.pixel([value, 0]);
    if (x > 0 && x < plane.pixels - room) say(number(value, places), [x, end], "center", "bottom");
  }
  for (const value of plane.multiples(every, 1)) {
    const [, y] = plane.pixel([0, value]);
    if (y > room && y < plane.pixels - room / 2) say(number(value, places), [margin, y], "left", "middle");
  }
  say(across, [end, end], "right", "bottom");
  say(up, [margin, margin], "left", "top");
}

/**
 * @typedef {object} HandleOptions
 * @property {string} label
 * @property {Point} value
 * @property {(point: Point) => void} moved
 * @property {(point: Point) => string} describe what a screen reader is told: the handle is a slider to it
 * @property {boolean} [anywhere] whether a press on the free plane takes it there
 * @property {"point" | "stretch"} [kind]
 * @property {((step: number) => void) | null} [nudge] what a key does in place of a move
 * @property {(() => void) | null} [taken]
 */

/**
 * Add a point that mouse, touch and arrow keys move.
 * @param {Plane} plane
 * @param {HandleOptions} options
 */
export function addHandle(plane, options) {
  const { value, moved, describe, anywhere = false, nudge = null, taken = null } = options;
  const { low, high, rise } = plane;
  const knob = makeKnob(plane, options);
  const handle = {
    value,
    knob,
    held: false,

    /**
     * Leave it where it is: no pointer, no key moves it.
     * @param {boolean} held
     */
    hold(held) {
      if (held === handle.held) return; // even an equal tabindex has the whole page laid out at once
      handle.held = held;
      knob.tabIndex = held ? -1 : 0;
      knob.setAttribute("aria-disabled", String(held));
    },

    /** @param {Point} point */
    place(point) {
      handle.value = point;
      knob.style.left = `${(100 * (point[0] - low)) / (high - low)}%`;
      knob.style.top = `${(100 * (high + rise - point[1])) / (high - low)}%`;
      put(knob, { "aria-valuenow": point[0].toFixed(3), "aria-valuetext": describe(point) });
    },

    /** @param {number[]} point */
    go(point) {
      handle.value = plane.inside(point); // the next key may come before the next frame
      moved(handle.value);
    },

    /**
     * Follow a pointer that was pressed.
     * @param {PointerEvent} event
     */
    drag(event) {
      if (event.button > 0 || handle.held) return;
      const pressed = plane.pointAt(event);
      const grip = pressed.map((a, axis) => (anywhere ? 0 : handle.value[axis] - a)); // so that it does not jump
      followPointer(event, knob, (later) => handle.go(plane.pointAt(later).map((a, axis) => a + grip[axis])));
      taken?.();
      if (anywhere) handle.go(pressed);
    },
  };
  knob.addEventListener("pointerdown", (event) => nearestHandle(plane.handles, event, handle).drag(event));
  if (anywhere) plane.canvas.addEventListener("pointerdown", handle.drag);
  ownKeys(knob, (event) => moveByKey(event, handle, (high - low) / 100, nudge));
  plane.root.append(knob);
  plane.handles.push(handle);
  handle.place(value);
  return handle;
}

/**
 * @param {Plane} plane
 * @param {HandleOptions} options
 */
function makeKnob({ low, high }, { label, kind = "point" }) {
  return element("div", {
    class: `explorable-handle explorable-${kind}`,
    tabindex: 0,
    role: "slider",
    "aria-label": label,
    "aria-valuemin": low.toFixed(2),
    "aria-valuemax": high.toFixed(2),
  });
}

/** @type {Record<string, Point>} */
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

/**
 * @param {KeyboardEvent} event
 * @param {{ value: Point, held: boolean, go: (point: number[]) => void }} handle
 * @param {number} small what an arrow key moves by; with Shift it is five times that
 * @param {((step: number) => void) | null} nudge
 */
function moveByKey(event, handle, small, nudge) {
  const direction = DIRECTIONS[event.key];
  if (!direction || handle.held) return false;
  event.preventDefault();
  const step = small * (event.shiftKey ? 5 : 1);
  if (nudge) nudge(step * (direction[0] + direction[1]));
  else handle.go(handle.value.map((a, axis) => a + step * direction[axis]));
  return true;
}
