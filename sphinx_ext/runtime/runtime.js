// Runs the book's explorables on a page without a kernel: reads the saved widget state, gives each widget the part of the
// model that it uses, and swaps it in for its still picture. sphinx_ext/explorables.py joins this file with what it
// imports into a classic script, because a page from disk may not load a module. It may run while the page still comes
// in: a view goes live once the parser has left it, and what it needs is fetched before.

import { hearKeysForPage } from "../../companion/widgets/js/keys.js";
import { fetchAhead, getModel, getWidget, hasCode } from "./models.js";
import { holdHeight, restWhenIdle } from "./speed.js";

/** @typedef {import("./models.js").States} States */

const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
const NO_KERNEL = "This control needs a running kernel: open the chapter in Jupyter or Binder.";
const NOT_LOADED = "The moving version of this picture could not be loaded; this is its still picture.";

/**
 * Put a widget in the place of its still picture.
 * @param {HTMLElement} view
 * @param {States} states
 */
async function mount(view, states) {
  const id = view.id.replace("explorable-", "");
  const [model, widget] = await Promise.all([getModel(states, id), getWidget(states, id)]);
  const el = document.createElement("div");
  view.prepend(el); // before it is drawn, so that colours of the style sheet can be read
  try {
    await widget.render({ model, el });
  } catch (error) {
    el.remove();
    throw error;
  }
  view.classList.add("explorable-live");
  holdHeight(el);
}

/**
 * Say why there is the still picture only.
 * @param {HTMLElement} view
 * @param {string} text
 * @param {string} problem for whoever looks for the cause
 */
function explain(view, text, problem) {
  const note = document.createElement("p");
  note.className = "explorable-note";
  note.textContent = text;
  view.append(note);
  view.classList.add("explorable-failed");
  view.dataset.problem = problem;
}

/** @returns {States} */
function readStates() {
  try {
    return JSON.parse(document.querySelector(STATE)?.textContent ?? "{}").state ?? {};
  } catch {
    return {}; // each view says so
  }
}

/**
 * Whether the parser has left an element: something comes after it, or the page is whole.
 * @param {Element} element
 */
function isWhole(element) {
  for (let node = /** @type {Element | null} */ (element); node; node = node.parentElement) {
    if (node.nextSibling) return true;
  }
  return document.readyState !== "loading";
}

/** @returns {Promise<unknown>} kept when every script and picture is there */
const loaded = () =>
  new Promise((done) => {
    if (document.readyState === "complete") done(undefined);
    else window.addEventListener("load", done);
  });

function start() {
  const states = readStates();
  /** @type {Map<Element, Promise<void>>} */
  const mounted = new Map();
  const mountOne = (/** @type {HTMLElement} */ view) => {
    const saved = states[view.id.replace("explorable-", "")];
    if (saved && !hasCode(saved)) {
      explain(view, NO_KERNEL, "no code");
      return Promise.resolve();
    }
    return mount(view, states).catch((error) => explain(view, NOT_LOADED, error.message));
  };
  const mountWhole = () => {
    for (const view of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".explorable-view"))) {
      if (!mounted.has(view) && isWhole(view)) mounted.set(view, mountOne(view));
    }
  };
  const parser = new MutationObserver(mountWhole);
  const end = () => {
    parser.disconnect();
    mountWhole();
    if (mounted.size > 0) Promise.all([...mounted.values(), loaded(), document.fonts.ready]).then(restWhenIdle);
  };
  for (const id of Object.keys(states)) if (hasCode(states[id])) fetchAhead(states, id);
  if (document.readyState !== "loading") {
    end();
    return;
  }
  parser.observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", end);
  mountWhole();
}

hearKeysForPage(); // before the site's own scripts do, which search the whole page at each key
start();
