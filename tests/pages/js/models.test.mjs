// What a widget needs, and from which files it comes: each is fetched once, beside the others.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

/** The script tags that were put on the page: { src, onload, onerror }. */
let scripts = [];
globalThis.document = {
  currentScript: { src: "https://example.org/course/_static/explorables/runtime.js?v=1" },
  createElement: () => ({}),
  head: { append: (script) => scripts.push(script) },
};
const { loadText } = await import("../../../sphinx_ext/runtime/files.js");
const { hasCode, makeLoader, needed } = await import("../../../sphinx_ext/runtime/models.js");

const FOLDER = "https://example.org/course/_static/explorables/buffers/";
const names = () => scripts.map(({ src }) => src.replace(FOLDER, "").replace(".js", ""));

/** Let a file arrive: it says what it holds, as explorables.py writes it. */
function arrive(name, text) {
  globalThis.courseBuffers = { ...globalThis.courseBuffers, [name]: text };
  scripts[names().indexOf(name)].onload();
}

afterEach(() => {
  scripts = [];
});

test("a file lies below the script's folder and is fetched once for all that ask", async () => {
  const both = [loadText("one"), loadText("one")];
  assert.deepEqual(
    scripts.map(({ src }) => src),
    [`${FOLDER}one.js`],
  );
  arrive("one", "text");
  assert.deepEqual(await Promise.all([...both, loadText("one")]), ["text", "text", "text"]);
  assert.equal(scripts.length, 1);
});

test("a file that does not come or holds nothing is told, and may be asked for again", async () => {
  const lost = loadText("lost");
  scripts[0].onerror();
  await assert.rejects(lost, /lost could not be loaded/);
  const empty = loadText("empty");
  scripts[1].onload();
  await assert.rejects(empty, /empty holds nothing/);
  loadText("lost");
  assert.deepEqual(names(), ["lost", "empty", "lost"]);
});

const STATES = {
  widget: {
    state: { weights: "IPY_MODEL_weights", later: ["IPY_MODEL_later"], held: "eps" },
    code: { _esm: ["code"], _css: [] },
  },
  weights: { state: { bits: 8 }, buffers: [{ path: ["data"], external: "shared" }] },
  later: { state: {}, buffers: [{ path: ["data"], external: "late" }] },
};

test("a widget needs its own model and those it points at one by one", () => {
  assert.deepEqual(needed(STATES, "widget"), ["widget", "weights"]);
  assert.deepEqual(needed(STATES, "later"), ["later"]);
});

test("a widget without code needs a kernel", () => {
  assert.deepEqual([STATES.widget, STATES.weights, undefined].map(hasCode), [true, false, false]);
  assert.ok(hasCode({ state: { _esm: "export default {}" } }));
});

test("all parts of a widget are asked for at once, and what stands in a list is not", () => {
  makeLoader(STATES).load("widget");
  assert.deepEqual(names().sort(), ["code", "shared"]);
});

test("a widget whose state the page does not have is told", async () => {
  await assert.rejects(makeLoader(STATES).load("gone"), /no saved state of model gone/);
});
