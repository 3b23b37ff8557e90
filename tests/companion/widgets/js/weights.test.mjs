// Unpacking weights and running the network, against numbers worked out another way.

import assert from "node:assert/strict";
import test from "node:test";
import {
  affine,
  bytes,
  decode,
  forward,
  half,
  unpackBits,
  unpackWeights,
  weightsOnDemand,
} from "../../../../companion/widgets/js/weights.js";

/** The bytes of whole numbers of `bits` bits, as text of zeros and ones. */
function pack(values, bits) {
  const text = values.map((value) => value.toString(2).padStart(bits, "0")).join("");
  const whole = text.padEnd(8 * Math.ceil(text.length / 8), "0");
  return whole.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? [];
}

/** A float16's two bytes, the lower first, as the platform rounds it. */
function float16(value) {
  return [...new Uint8Array(Float16Array.of(value).buffer)];
}

test("bits are read first bit first, across bytes", () => {
  for (const bits of [1, 2, 5, 6, 7, 8]) {
    const values = Array.from({ length: 13 }, (_, i) => (37 * i) % 2 ** bits);
    assert.deepEqual([...unpackBits(Uint8Array.from(pack(values, bits)), 13, bits)], values, `${bits} bits`);
  }
});

test("no bits are zeros", () => {
  assert.deepEqual([...unpackBits(new Uint8Array(0), 3, 0)], [0, 0, 0]);
});

test("every finite half float is what the platform says", () => {
  for (let code = 0; code < 2 ** 16; code++) {
    if (((code >> 10) & 31) === 31) continue; // infinity and NaN
    assert.equal(half(code), new Float16Array(Uint16Array.of(code).buffer)[0]);
  }
});

for (const bits of [6, 7, 8]) {
  test(`weights of ${bits} bits come back, layer after layer, row after row`, () => {
    const shapes = [
      [3, 2],
      [2, 3],
    ];
    const levels = Array.from({ length: 12 }, (_, i) => (19 * i + 5) % 2 ** bits);
    const scales = [0.5, 0.25, 2, 1, 0.125];
    const biases = [1, -2, 3.5, 0, -0.75];
    const high = levels.map((level) => level >> (bits - 6));
    const low = levels.map((level) => level & (2 ** (bits - 6) - 1));
    const data = [
      ...pack(high, 6),
      ...(bits > 6 ? pack(low, bits - 6) : []),
      ...[...scales, ...biases].flatMap(float16),
    ];
    const [first, second] = unpackWeights(shapes, bits, Uint8Array.from(data));
    const centred = levels.map((level) => level - 2 ** (bits - 1));
    const times = (row, values) => values.map((value) => value * scales[row]);
    const rows = [0, 1, 2].flatMap((row) => times(row, centred.slice(2 * row, 2 * row + 2)));
    assert.deepEqual([...first.weight], rows);
    assert.deepEqual(
      [...second.weight],
      [0, 1].flatMap((row) => times(3 + row, centred.slice(6 + 3 * row, 9 + 3 * row))),
    );
    assert.deepEqual([...first.bias], [1, -2, 3.5]);
    assert.deepEqual([...second.bias], [0, -0.75]);
    assert.deepEqual([first.outputs, first.inputs, second.outputs, second.inputs], [3, 2, 2, 3]);
  });
}

test("bytes of another length are refused with both lengths", () => {
  assert.throws(() => unpackWeights([[1, 1]], 8, new Uint8Array(3)), /the weights have 3 bytes, expected 6/);
});

test("bytes come in three forms, and nothing else does", () => {
  const buffer = Uint8Array.of(1, 2, 3, 4).buffer;
  assert.deepEqual([...bytes(buffer)], [1, 2, 3, 4]);
  assert.deepEqual([...bytes(new DataView(buffer, 1, 2))], [2, 3]);
  assert.deepEqual([...bytes(Uint8Array.of(5))], [5]);
  assert.throws(() => bytes("text"), /expected bytes/);
});

/** A layer of numbers that no two are alike in. */
function layer(outputs, inputs) {
  const weight = Float32Array.from({ length: outputs * inputs }, (_, i) => Math.sin(i + outputs));
  return { weight, bias: Float32Array.from({ length: outputs }, (_, i) => Math.cos(i)), inputs, outputs };
}

/** One sum a row. */
function slowly({ weight, bias, inputs, outputs }, x) {
  return Array.from({ length: outputs }, (_, row) => {
    const terms = Array.from({ length: inputs }, (_, column) => weight[row * inputs + column] * x[column]);
    return terms.reduce((sum, term) => sum + term, bias[row]);
  });
}

function assertClose(found, expected) {
  assert.equal(found.length, expected.length);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(found[i] - value) < 1e-12, `${i}: expected ${value}, got ${found[i]}`);
  });
}

test("rows in fours and the rest give each row its own sum", () => {
  const x = Float64Array.of(0.3, -1.2, 2);
  for (const outputs of [1, 3, 4, 5, 8, 11]) assertClose(affine(layer(outputs, 3), x), slowly(layer(outputs, 3), x));
});

test("SiLU stands between layers and not behind the last; decode ends in a sigmoid", () => {
  const layers = [layer(5, 2), layer(3, 5)];
  const z = [0.5, -0.25];
  const hidden = slowly(layers[0], z).map((a) => a / (1 + Math.exp(-a)));
  const logits = slowly(layers[1], hidden);
  assertClose(forward(layers, z), logits);
  assertClose(
    decode(layers, z),
    logits.map((a) => 1 / (1 + Math.exp(-a))),
  );
});

/** A model whose Weights models come when the test says so: what was asked for, and how to let it come or fail. */
function makePending() {
  const asked = [];
  const traits = { shapes: [[1, 1]], bits: 8, data: Uint8Array.from([128, 0, 0, 60, 0, 0]) };
  const get_model = (id) => {
    const { promise, resolve, reject } = Promise.withResolvers();
    asked.push({ id, come: () => resolve({ get: (name) => traits[name] }), fail: () => reject(new Error("gone")) });
    return promise;
  };
  return { model: { widget_manager: { get_model } }, asked };
}

test("weights on demand are asked for when they are wanted, once each", async () => {
  const { model, asked } = makePending();
  const told = [];
  const shelf = weightsOnDemand(model, ["IPY_MODEL_a", "IPY_MODEL_b"], {
    came: (i) => told.push(["came", i, shelf.has(i)]),
    failed: (i) => told.push(["failed", i]),
  });
  assert.equal(asked.length, 0);
  const both = [shelf.want(1), shelf.want(1)];
  assert.deepEqual(
    asked.map(({ id }) => id),
    ["b"],
  );
  assert.equal(shelf.get(1), null);
  asked[0].come();
  await Promise.all(both);
  assert.deepEqual(told, [["came", 1, true]]);
  assert.equal(shelf.get(1)[0].inputs, 1);
  assert.equal(shelf.has(0), false);
  await shelf.want(1);
  assert.equal(asked.length, 1);
});

test("weights that failed are told, and may be wanted again", async () => {
  const { model, asked } = makePending();
  const told = [];
  const shelf = weightsOnDemand(model, ["IPY_MODEL_a"], {
    came: (i) => told.push(["came", i]),
    failed: (i) => told.push(["failed", i]),
  });
  const first = shelf.want(0);
  asked[0].fail();
  await first;
  assert.equal(shelf.has(0), false);
  const second = shelf.want(0);
  asked[1].come();
  await second;
  assert.deepEqual(told, [
    ["failed", 0],
    ["came", 0],
  ]);
});
