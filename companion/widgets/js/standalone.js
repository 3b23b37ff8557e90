// Runs one explorable on a page of its own, which page.py writes: the page's script with the id "saved" holds its state and
// its code, and nothing is fetched.

/** @typedef {import("./bind.js").Model} Model */
/** @typedef {{ state: Record<string, any>, buffers?: { path: string[], data: string }[] }} SavedModel */
/** @typedef {{ model: string, models: Record<string, SavedModel>, code: string }} Saved */

/** @param {string} base64 */
const toView = (base64) => new DataView(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer);

/**
 * The part of anywidget's model that explorables use, over its saved state. What it points at is made when it is asked for.
 * @param {Saved} saved
 * @param {string} id
 * @returns {Model}
 */
function makeModel(saved, id) {
  const { state, buffers = [] } = saved.models[id];
  for (const { path, data } of buffers) {
    const holder = path.slice(0, -1).reduce((inner, key) => inner[key], state);
    holder[path[path.length - 1]] = toView(data);
  }
  /** @type {Map<string, Set<() => void>>} */
  const listeners = new Map();
  const heardBy = (/** @type {string} */ event) => listeners.get(event) ?? new Set();
  return {
    get: (name) => state[name],
    set(name, value) {
      state[name] = value;
      for (const listener of heardBy(`change:${name}`)) listener();
    },
    save_changes() {},
    on: (event, listener) => void listeners.set(event, heardBy(event).add(listener)),
    off: (event, listener) => void heardBy(event).delete(listener),
    widget_manager: { get_model: async (other) => makeModel(saved, other) },
  };
}

/** Light or dark, as the reader's system is. */
function followTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const turn = () => {
    document.documentElement.dataset.theme = dark.matches ? "dark" : "light";
  };
  dark.addEventListener("change", turn);
  turn();
}

async function start() {
  /** @type {Saved} */
  const saved = JSON.parse(document.getElementById("saved")?.textContent ?? "");
  const place = /** @type {HTMLElement} */ (document.getElementById("explorable"));
  const address = URL.createObjectURL(new Blob([saved.code], { type: "text/javascript" })); // a page from disk may import no other
  const { default: widget } = await import(address);
  URL.revokeObjectURL(address);
  const el = document.createElement("div");
  place.prepend(el);
  await widget.render({ model: makeModel(saved, saved.model), el });
  place.querySelector("img")?.remove();
  place.dataset.live = "";
}

followTheme();
start();
