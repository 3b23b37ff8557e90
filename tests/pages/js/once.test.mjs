// What is asked for twice is made once, also while it is still on its way.

import assert from "node:assert/strict";
import test from "node:test";
import { onceEach } from "../../../sphinx_ext/runtime/once.js";

test("each key is made once, whoever asks and when", async () => {
  /** @type {string[]} */
  const made = [];
  const get = onceEach(async (key) => {
    made.push(key);
    return `${key}!`;
  });
  const both = await Promise.all([get("a"), get("a"), get("b")]);
  assert.deepEqual([...both, await get("a")], ["a!", "a!", "b!", "a!"]);
  assert.deepEqual(made, ["a", "b"]);
});

test("what failed fails for all that waited, and is made again for who asks later", async () => {
  let times = 0;
  const get = onceEach(async () => {
    times += 1;
    if (times === 1) throw new Error("no network");
    return times;
  });
  const first = [get("a"), get("a")];
  for (const waiting of first) await assert.rejects(waiting, /no network/);
  assert.equal(await get("a"), 2);
});
