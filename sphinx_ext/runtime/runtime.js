// Runs the book's explorables on a page without a kernel: reads the saved widget state, gives each widget the part of the
// model that it uses, and swaps it in for its still picture. sphinx_ext/explorables.py joins this file with what it
// imports into a classic script, because a page from disk may not load a module. What an explorable needs is fetched when
// its view comes near the screen (near.js); what stands in the page's opening, at once. It may run while the page still
// comes in: a view goes live once the parser has left it.

import { hearKeysForPage } from "../../companion/widgets/js/keys.js";
import { hasCode, makeLoader } from "./models.js";
import { startWhenNear } from "./near.js";
import { keepPlace } from "./place.js";
import { holdHeight, restWhenIdle } from "./speed.js";

/** @typedef {import("./models.js").States} States */

const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
const NO_KERNEL = "This control needs a running kernel: open the chapter in Jupyter or Binder.";
const NOT_LOADED = "The moving version of this picture could not be loaded; this is its still picture.";

/** @typedef {ReturnType<typeof makeLoader>} Loader */

/** @param {Element} view */
const modelOf = (view) => view.id.replace("explorable-", "");

/**
 * Put a widget in the place of its still picture.
 * @param {HTMLElement} view
 * @param {Loader} loader
 */
async function mount(view, loader) {
  const { model, widget } = await loader.load(modelOf(view));
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

/**
 * How the page takes a view: at once where it stands in the opening, else when it comes near.
 * @param {States} states
 */
function makeTaker(states) {
  const loader = makeLoader(states);
  for (const id of Object.keys(states)) {
    if (states[id].atTop) loader.load(id).catch(() => {}); // `begin` tells, which waits for the same
  }
  /** @type {Promise<void>[]} */
  const begun = [];
  const begin = (/** @type {HTMLElement} */ view) =>
    void begun.push(mount(view, loader).catch((error) => explain(view, NOT_LOADED, error.message)));
  const beginWhenNear = startWhenNear(begin);
  return {
    begun,
    /** @param {HTMLElement} view */
    take(view) {
      const saved = states[modelOf(view)];
      if (saved && !hasCode(saved)) {
        explain(view, NO_KERNEL, "no code");
        return;
      }
      if (saved?.heights) keepPlace(view, saved.heights);
      if (saved?.atTop) begin(view);
      else beginWhenNear(view);
    },
  };
}

function start() {
  const { begun, take } = makeTaker(readStates());
  /** @type {Set<Element>} */
  const taken = new Set();
  const takeWhole = () => {
    for (const view of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".explorable-view"))) {
      if (taken.has(view) || !isWhole(view)) continue;
      taken.add(view);
      take(view);
    }
  };
  const parser = new MutationObserver(takeWhole);
  const end = () => {
    parser.disconnect();
    takeWhole();
    if (taken.size > 0) Promise.all([...begun, loaded(), document.fonts.ready]).then(restWhenIdle);
  };
  if (document.readyState !== "loading") {
    end();
    return;
  }
  parser.observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", end);
  takeWhole();
}

hearKeysForPage(); // before the site's own scripts do, which search the whole page at each key
start();
