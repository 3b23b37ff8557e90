// One view of a model: how it hears of changes, saves, draws, and leaves nothing behind when it is removed.

import { oncePerFrame } from "./frames.js";
import { hearKeys } from "./keys.js";
import { watchTheme } from "./theme.js";

/**
 * The part of anywidget's model that explorables use.
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {() => void} save_changes
 * @property {(event: string, listener: () => void) => void} on
 * @property {(event: string, listener: () => void) => void} off
 * @property {{ get_model: (id: string) => Promise<Model> }} widget_manager
 */
/** @typedef {{ model: Model, el: HTMLElement }} Host */
/** @typedef {ReturnType<typeof makeView>} View */

/**
 * Bind a view to its model: `draw(view)` makes it and tells it what to listen to. When that fails, nothing stays behind.
 * @param {Model} model
 * @param {(view: View) => void | Promise<void>} draw
 * @returns what ends the view, for `render` to return: after it no listener of the view is left, on the model, the
 *   window or an observer, and nothing that was asked for before is drawn
 */
export async function bind(model, draw) {
  const view = makeView(model);
  try {
    await draw(view);
  } catch (error) {
    view.end();
    throw error;
  }
  return view.end;
}

/** @param {Model} model */
function makeView(model) {
  /** @type {(() => void)[]} */
  const endings = [hearKeys()];
  let ended = false;
  const view = {
    model,
    /** @param {string} name */
    get: (name) => model.get(name),

    /**
     * Set traits and send them to Python.
     * @param {Record<string, any>} changes
     */
    save(changes) {
      for (const [name, value] of Object.entries(changes)) model.set(name, value);
      model.save_changes();
    },

    /**
     * Call `listener` when one of these traits changes.
     * @param {string[]} names
     * @param {() => void} listener
     */
    listen(names, listener) {
      for (const name of names) model.on(`change:${name}`, listener);
      view.atEnd(() => {
        for (const name of names) model.off(`change:${name}`, listener);
      });
    },

    /**
     * As `oncePerFrame`, until the view ends.
     * @param {() => void} draw
     */
    oncePerFrame: (draw) => oncePerFrame(() => ended || draw()),

    /**
     * Redraw when the page turns light or dark, and once when the view stands on it.
     * @param {() => void} redraw
     */
    watchTheme: (redraw) => view.atEnd(watchTheme(redraw)),

    /**
     * Observe the size of an element.
     * @param {Element} node
     * @param {(entry: ResizeObserverEntry) => void} changed
     */
    watchSize(node, changed) {
      const observer = new ResizeObserver(([entry]) => changed(entry));
      observer.observe(node);
      view.atEnd(() => observer.disconnect());
    },

    /** @param {() => void} stop called when the view ends */
    atEnd: (stop) => void endings.push(stop),

    hasEnded: () => ended,

    end() {
      ended = true;
      for (const stop of endings.splice(0)) stop();
    },
  };
  return view;
}

/**
 * Throw unless the saved state has a number for each of these names, so that a damaged page shows its still picture
 * instead.
 * @param {Model} model
 * @param {string[]} names
 */
export function requireNumbers(model, ...names) {
  const missing = names.filter((name) => !Number.isFinite(model.get(name)));
  if (missing.length > 0) {
    throw new Error(`explorable: expected numbers, and the saved state has none for ${missing.join(", ")}`);
  }
}
