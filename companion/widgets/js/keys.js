// Keys that belong to one element. Whoever else listens on the page does not hear them: a site's scripts search the
// whole page at each key, and a notebook takes arrow keys for its cells.

/** @typedef {(event: KeyboardEvent) => boolean} Take whether the key was the element's own */

/** @type {WeakMap<EventTarget, Take>} */
const takers = new WeakMap();

/** Where a page that hears keys for all of its explorables says so: each of them has a copy of this module. */
const page = /** @type {{ explorableKeys?: WeakMap<EventTarget, Take> }} */ (globalThis);

/** @param {KeyboardEvent} event */
function hear(event) {
  if (takers.get(event.composedPath()[0])?.(event)) event.stopImmediatePropagation();
}

/** Hear every key before anyone who begins to listen after this. */
function startHearing() {
  window.addEventListener("keydown", hear, { capture: true });
}

/**
 * Hear keys for a whole page, as long as it lasts, and for all of its explorables. The static page's runtime calls this
 * before the site's own scripts listen.
 */
export function hearKeysForPage() {
  startHearing();
  page.explorableKeys = takers;
}

let views = 0; // that listen to keys, of this module's explorable

/**
 * Hear keys for one view; on a page that hears them for all, nothing more is needed.
 * @returns {() => void} what ends it
 */
export function hearKeys() {
  if (page.explorableKeys) return () => {};
  if (views === 0) startHearing();
  views += 1;
  return () => {
    views -= 1;
    if (views === 0) window.removeEventListener("keydown", hear, { capture: true });
  };
}

/**
 * Give the keys of an element to `take(event)`, which says whether a key was its own.
 * @param {EventTarget} node
 * @param {Take} take
 */
export function ownKeys(node, take) {
  (page.explorableKeys ?? takers).set(node, take);
}
