// What a page's widgets are made of: the saved state of their models, and files below this script's folder that hold
// what is large or shared, bytes and code.

/** @typedef {import("../../companion/widgets/js/bind.js").Model} Model */
/** @typedef {{ path: string[], data: string, external?: string }} SavedBuffer base64, or the name of a file that holds it */
/**
 * A model as the page holds it. The code of an explorable is in files that `code` names.
 * @typedef {object} SavedModel
 * @property {Record<string, any>} state
 * @property {SavedBuffer[]} [buffers]
 * @property {{ _esm: string, _css: string }} [code]
 */
/** @typedef {Record<string, SavedModel>} States by model id */
/** @typedef {{ render: (host: { model: Model, el: HTMLElement }) => unknown }} Widget */

const REFERENCE = "IPY_MODEL_";
const BASE = new URL(".", /** @type {HTMLScriptElement} */ (document.currentScript).src);

/**
 * What the files have told: name -> text.
 * @type {{ courseBuffers?: Record<string, string> }}
 */
const files = /** @type {any} */ (globalThis);
files.courseBuffers ??= {};

/**
 * The text of a file that was taken out of the page.
 * @param {string} name
 * @returns {Promise<string>}
 */
function loadText(name) {
  const found = files.courseBuffers?.[name];
  if (found !== undefined) return Promise.resolve(found);
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(`buffers/${name}.js`, BASE).href;
    script.onload = () => {
      const text = files.courseBuffers?.[name];
      if (text === undefined) reject(new Error(`${name} holds nothing`));
      else resolve(text);
    };
    script.onerror = () => reject(new Error(`${name} could not be loaded`));
    document.head.append(script);
  });
}

/** @param {string} base64 */
const toView = (base64) => new DataView(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer);

/**
 * The part of anywidget's model that explorables use, over the saved state.
 * @param {States} states
 * @param {string} id
 * @returns {Promise<Model>}
 */
async function makeModel(states, id) {
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
    widget_manager: { get_model: (other) => getModel(states, other) },
  };
}

/** @type {Map<string, Promise<Model>>} */
const models = new Map();

/**
 * @param {States} states
 * @param {string} id
 */
export function getModel(states, id) {
  const model = models.get(id) ?? makeModel(states, id);
  models.set(id, model);
  return model;
}

/**
 * Whether the page has the code of a widget; without it, the widget needs a kernel.
 * @param {SavedModel | undefined} saved
 */
export const hasCode = (saved) => Boolean(saved?.code ?? saved?.state?._esm);

/**
 * The code of a widget, as text.
 * @param {SavedModel} saved
 * @param {"_esm" | "_css"} kind
 * @returns {Promise<string>}
 */
const codeOf = async ({ state, code }, kind) => (code ? loadText(code[kind]) : (state[kind] ?? ""));

/** @type {Map<string, Promise<Widget>>} */
const widgets = new Map();

/**
 * The widget that a model's code is, with its style on the page.
 * @param {States} states
 * @param {string} id
 */
export function getWidget(states, id) {
  const widget = widgets.get(id) ?? makeWidget(states[id]);
  widgets.set(id, widget);
  return widget;
}

/** @param {SavedModel} saved */
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

/**
 * Begin to fetch a widget, its code, and the models that it points at one by one: it will ask for them. Those in a list
 * it may want later, or never.
 * @param {States} states
 * @param {string} id
 */
export function fetchAhead(states, id) {
  const references = Object.values(states[id].state).filter(
    (value) => typeof value === "string" && value.startsWith(REFERENCE),
  );
  const needed = [id, ...references.map((reference) => reference.slice(REFERENCE.length))];
  const fetched = [getWidget(states, id), ...needed.map((model) => getModel(states, model))];
  for (const promise of fetched) promise.catch(() => {}); // `mount` tells, which waits for the same promise
}
