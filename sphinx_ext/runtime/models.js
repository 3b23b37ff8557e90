// What a page's widgets are made of: the saved state of their models, and files that hold what is large or shared.

import { loadText } from "./files.js";
import { onceEach } from "./once.js";

/** @typedef {import("../../companion/widgets/js/bind.js").Model} Model */
/** @typedef {{ path: string[], data: string, external?: string }} SavedBuffer base64, or the name of a file that holds it */
/**
 * A model as the page holds it. The code of an explorable is in files that `code` names, piece by piece. One with
 * `atTop` stands in the page's opening, which a reader sees first. `heights` are those in boxes of some widths.
 * @typedef {object} SavedModel
 * @property {Record<string, any>} state
 * @property {SavedBuffer[]} [buffers]
 * @property {{ _esm: string[], _css: string[] }} [code]
 * @property {boolean} [atTop]
 * @property {import("./place.js").Heights} [heights]
 */
/** @typedef {Record<string, SavedModel>} States by model id */
/** @typedef {{ render: (host: { model: Model, el: HTMLElement }) => unknown }} Widget */

const REFERENCE = "IPY_MODEL_";

/**
 * Whether the page has the code of a widget; without it, the widget needs a kernel.
 * @param {SavedModel | undefined} saved
 */
export const hasCode = (saved) => Boolean(saved?.code ?? saved?.state?._esm);

/**
 * The models that a widget asks for before it stands: its own, and those that it points at one by one. Those in a list
 * it may want later, or never.
 * @param {States} states
 * @param {string} id
 */
export function needed(states, id) {
  const references = Object.values(states[id].state).filter(
    (value) => typeof value === "string" && value.startsWith(REFERENCE),
  );
  return [id, ...references.map((reference) => reference.slice(REFERENCE.length))];
}

/**
 * The way to all that the widgets of a page need, of which each part is fetched once.
 * @param {States} states
 */
export function makeLoader(states) {
  /** @type {(id: string) => Promise<Model>} */
  const getModel = onceEach((id) => makeModel(states, id, getModel));
  const getWidget = onceEach((id) => makeWidget(states[id]));
  return {
    /**
     * Fetch all that a widget needs, every part beside the others.
     * @param {string} id
     */
    async load(id) {
      if (!states[id]) throw new Error(`no saved state of model ${id}`);
      for (const other of needed(states, id)) getModel(other); // the widget asks for them again, and tells if one is missing
      const [model, widget] = await Promise.all([getModel(id), getWidget(id)]);
      return { model, widget };
    },
  };
}

/** @param {string} base64 */
const toView = (base64) => new DataView(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer);

/**
 * The part of anywidget's model that explorables use, over the saved state.
 * @param {States} states
 * @param {string} id
 * @param {(id: string) => Promise<Model>} getModel
 * @returns {Promise<Model>}
 */
async function makeModel(states, id, getModel) {
  if (!states[id]) throw new Error(`no saved state of model ${id}`);
  const { state, buffers = [] } = states[id];
  const values = structuredClone(state);
  await Promise.all(
    buffers.map(async ({ path, data, external }) => {
      const holder = path.slice(0, -1).reduce((inner, key) => inner[key], values);
      holder[path[path.length - 1]] = toView(external ? await loadText(external) : data);
    }),
  );
  /** @type {Map<string, (() => void)[]>} */
  const listeners = new Map();
  const heardBy = (/** @type {string} */ event) => listeners.get(event) ?? [];
  return {
    get: (name) => values[name],
    set(name, value) {
      values[name] = value;
      for (const listener of heardBy(`change:${name}`)) listener();
    },
    save_changes() {},
    on: (event, listener) => void listeners.set(event, [...heardBy(event), listener]),
    off(event, listener) {
      listeners.set(
        event,
        heardBy(event).filter((other) => other !== listener),
      );
    },
    widget_manager: { get_model: getModel },
  };
}

/**
 * The code of a widget, as text.
 * @param {SavedModel} saved
 * @param {"_esm" | "_css"} kind
 * @returns {Promise<string>}
 */
const codeOf = async ({ state, code }, kind) =>
  code ? (await Promise.all(code[kind].map(loadText))).join("\n") : (state[kind] ?? "");

/**
 * The widget that a model's code is, with its style on the page.
 * @param {SavedModel} saved
 * @returns {Promise<Widget>}
 */
async function makeWidget(saved) {
  const [code, style] = await Promise.all([codeOf(saved, "_esm"), codeOf(saved, "_css")]);
  const { default: widget } = await importText(code);
  addStyle(style);
  return typeof widget === "function" ? await widget() : widget;
}

/**
 * A page from disk may import a module from a blob, and from nowhere else.
 * @param {string} text
 */
async function importText(text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return await import(address);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** @param {string} text */
function addStyle(text) {
  const styles = [...document.querySelectorAll("style[data-explorable]")];
  if (styles.some((style) => style.textContent === text)) return;
  const style = document.createElement("style");
  style.dataset.explorable = "";
  style.textContent = text;
  document.head.append(style);
}
