/* Runs the book's explorables on a page without a kernel: reads the saved widget state, gives each anywidget the part of the model
   that it uses, and swaps it in for its still picture. A classic script, and modules only from blobs, so that it works from file:// too. */
(() => {
  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const base = new URL(".", document.currentScript.src);
  const models = new Map(); // id -> promise of a model
  window.courseBuffers ??= {};

  function loadBuffer(name) {
    if (name in window.courseBuffers) return Promise.resolve(window.courseBuffers[name]);
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL(`buffers/${name}.js`, base);
      script.onload = () => (name in window.courseBuffers ? resolve(window.courseBuffers[name]) : reject(new Error(`${name} holds no bytes`)));
      script.onerror = () => reject(new Error(`${name} could not be loaded`));
      document.head.append(script);
    });
  }

  const toView = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

  async function makeModel(states, id) {
    if (!states[id]) throw new Error(`no saved state of model ${id}`);
    const { state, buffers = [] } = states[id];
    const values = structuredClone(state);
    await Promise.all(buffers.map(async ({ path, data, external }) => {
      const last = path[path.length - 1];
      const holder = path.slice(0, -1).reduce((inner, key) => inner[key], values);
      holder[last] = toView(external ? await loadBuffer(external) : data);
    }));
    const listeners = {};
    return {
      get: (name) => values[name],
      set(name, value) {
        values[name] = value;
        (listeners[`change:${name}`] ?? []).slice().forEach((listener) => listener());
      },
      save_changes() {},
      send() {},
      on(event, listener) { (listeners[event] ??= []).push(listener); },
      off(event, listener) { listeners[event] = (listeners[event] ?? []).filter((other) => other !== listener); },
      widget_manager: { get_model: (other) => getModel(states, other) },
    };
  }

  function getModel(states, id) {
    if (!models.has(id)) models.set(id, makeModel(states, id));
    return models.get(id);
  }

  async function importText(text) {
    const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    try { return await import(address); } finally { URL.revokeObjectURL(address); }
  }

  function addStyle(text) {
    if ([...document.querySelectorAll("style[data-explorable]")].some((style) => style.textContent === text)) return;
    const style = document.createElement("style");
    style.dataset.explorable = "";
    style.textContent = text;
    document.head.append(style);
  }

  async function mount(view, states) {
    const id = view.id.replace("explorable-", "");
    if (states[id] && !states[id].state._esm) throw new Needs("This control needs a running kernel: open the chapter in Jupyter or Binder.");
    const model = await getModel(states, id);
    addStyle(model.get("_css") ?? "");
    const { default: widget } = await importText(model.get("_esm"));
    const el = document.createElement("div");
    view.prepend(el); // before it is drawn, so that colours of the style sheet can be read
    try {
      await (typeof widget === "function" ? await widget() : widget).render({ model, el });
    } catch (error) {
      el.remove();
      throw error;
    }
    view.classList.add("explorable-live");
  }

  class Needs extends Error {}

  function explain(view, error) {
    const note = document.createElement("p");
    note.className = "explorable-note";
    note.textContent = error instanceof Needs ? error.message : "The moving version of this picture could not be loaded; this is its still picture.";
    view.append(note);
    view.classList.add("explorable-failed");
    view.dataset.problem = error.message; // for whoever looks for the cause
  }

  function start() {
    let states = {};
    try { states = JSON.parse(document.querySelector(STATE)?.textContent ?? "{}").state ?? {}; } catch { /* each view says so below */ }
    document.querySelectorAll(".explorable-view").forEach((view) => mount(view, states).catch((error) => explain(view, error)));
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
