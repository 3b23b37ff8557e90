/* Runs the book's explorables on a page without a kernel: reads the saved widget state, gives each anywidget the part of the model
   that it uses, and swaps it in for its still picture. A classic script, and modules only from blobs, so that it works from file:// too.
   It may run while the page still comes in: a view goes live once the parser has left it, and what it needs is fetched before. */
(() => {
  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const base = new URL(".", document.currentScript.src);
  const models = new Map(); // id -> promise of a model
  const modules = new Map(); // id -> promise of a widget's code
  window.courseBuffers ??= {};

  // As listenForKeys in common.js, but here, before the site's own scripts listen: they search the whole page at each key.
  const keys = (window.explorableKeys = new WeakMap());
  window.addEventListener("keydown", (event) => { if (keys.get(event.target)?.(event)) event.stopImmediatePropagation(); }, { capture: true });

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

  /** Begin to fetch a widget, its code, and the models that it points at one by one: it will ask for them. Those in a list it may want later, or never. */
  function fetchAhead(states, id) {
    const names = Object.values(states[id].state).filter((value) => typeof value === "string" && value.startsWith("IPY_MODEL_"));
    const needed = [id, ...names.map((name) => name.slice("IPY_MODEL_".length))].map((model) => getModel(states, model));
    for (const promise of [getModule(states, id), ...needed]) promise.catch(() => {}); // who asks is told
  }

  function getModule(states, id) {
    if (!modules.has(id)) modules.set(id, importText(states[id]?.state._esm ?? ""));
    return modules.get(id);
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
    const [model, { default: widget }] = await Promise.all([getModel(states, id), getModule(states, id)]);
    addStyle(model.get("_css") ?? "");
    const el = document.createElement("div");
    view.prepend(el); // before it is drawn, so that colours of the style sheet can be read
    try {
      await (typeof widget === "function" ? await widget() : widget).render({ model, el });
    } catch (error) {
      el.remove();
      throw error;
    }
    view.classList.add("explorable-live");
    hold(el);
  }

  /* Speed. A browser lays out and paints a page of ten thousand boxes again when one number on it changes, unless it knows better. */

  /** Give an explorable's box a height of its own (course.css), which follows what is in it: what moves inside concerns no box outside then. */
  function hold(el) {
    if (el.children.length !== 1) return;
    new ResizeObserver(([{ borderBoxSize: [{ blockSize }] }]) => {
      if (!blockSize) return; // folded away
      el.style.setProperty("--explorable-height", `${blockSize}px`);
      el.className = "explorable-box";
    }).observe(el.firstElementChild);
  }

  /** Text, formulas and code rest while they are far from view: they keep their place, of the height that they had when they were measured. */
  function rest(article) {
    const free = (block) => !block.closest(".explorable-view") && !block.parentElement.closest(".course-rests");
    const blocks = [...article.querySelectorAll("p:not(figcaption p), ul, div.math, .highlight, .pst-scrollable-table-container")]; // no margin sticks out of these
    const boxes = blocks.map((block) => block.getBoundingClientRect());
    blocks.forEach((block, i) => {
      const { height, top, bottom } = boxes[i];
      if (!height || !free(block) || (bottom > -innerHeight && top < 2 * innerHeight)) return; // what is in view would blink: a layout shift
      block.style.containIntrinsicHeight = `auto ${height}px`;
      block.classList.add("course-rests");
    });
  }

  /** Let blocks rest when the page is there and has nothing to do, and measure them again when it changes its width. */
  function restWhenIdle() {
    const article = document.querySelector(".bd-article"), whenIdle = window.requestIdleCallback ?? setTimeout;
    let width = 0, asked = 0;
    if (!article) return;
    new ResizeObserver(([entry]) => {
      if (entry.contentRect.width === width) return;
      width = entry.contentRect.width;
      article.querySelectorAll(".course-rests").forEach((block) => { block.classList.remove("course-rests"); block.style.containIntrinsicHeight = ""; });
      clearTimeout(asked);
      asked = setTimeout(() => whenIdle(() => rest(article)), 300);
    }).observe(article);
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

  function readStates() {
    try { return JSON.parse(document.querySelector(STATE)?.textContent ?? "{}").state ?? {}; } catch { return {}; } // each view says so
  }

  /** Whether the parser has left an element: something comes after it, or the page is whole. */
  function isWhole(element) {
    for (let node = element; node; node = node.parentElement) if (node.nextSibling) return true;
    return document.readyState !== "loading";
  }

  function start() {
    const states = readStates(), mounted = new Map(); // view -> promise
    for (const id of Object.keys(states)) if (states[id].state?._esm) fetchAhead(states, id);
    const mountWhole = () => {
      for (const view of document.querySelectorAll(".explorable-view")) {
        if (!mounted.has(view) && isWhole(view)) mounted.set(view, mount(view, states).catch((error) => explain(view, error)));
      }
    };
    const parser = new MutationObserver(mountWhole);
    const end = () => {
      parser.disconnect();
      mountWhole();
      const loaded = new Promise((done) => (document.readyState === "complete" ? done() : window.addEventListener("load", done)));
      if (mounted.size) Promise.all([...mounted.values(), loaded, document.fonts.ready]).then(restWhenIdle);
    };
    if (document.readyState !== "loading") return end();
    parser.observe(document, { childList: true, subtree: true });
    document.addEventListener("DOMContentLoaded", end);
    mountWhole();
  }

  start();
})();
