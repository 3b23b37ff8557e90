// When a view is started: once, when an observer says that it is near.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { MARGIN, startWhenNear } from "../../../sphinx_ext/runtime/near.js";

/** In place of the browser's: says what a test tells it to say. */
class Observer {
  watched = new Set();

  constructor(tell, options) {
    Object.assign(this, { tell, options });
    Observer.last = this;
  }

  observe(element) {
    this.watched.add(element);
  }

  unobserve(element) {
    this.watched.delete(element);
  }

  /** Tell of all that is watched: which of them are near. */
  say(...near) {
    this.tell([...this.watched].map((target) => ({ target, isIntersecting: near.includes(target) })));
  }
}

afterEach(() => {
  delete globalThis.IntersectionObserver;
});

test("a view starts when it is near, once, and no other with it", () => {
  globalThis.IntersectionObserver = Observer;
  const started = [];
  const watch = startWhenNear((view) => started.push(view));
  watch("far");
  watch("near");
  Observer.last.say();
  assert.deepEqual(started, []);
  Observer.last.say("near");
  Observer.last.say("near");
  assert.deepEqual(started, ["near"]);
  Observer.last.say("far");
  assert.deepEqual(started, ["near", "far"]);
});

test("near is so many screens above and below, and nothing to the sides", () => {
  globalThis.IntersectionObserver = Observer;
  startWhenNear(() => {});
  assert.equal(MARGIN, 1.5);
  assert.deepEqual(Observer.last.options, { rootMargin: "150% 0%" });
});

test("a browser that cannot tell starts every view at once", () => {
  const started = [];
  const watch = startWhenNear((view) => started.push(view));
  watch("a");
  watch("b");
  assert.deepEqual(started, ["a", "b"]);
});
