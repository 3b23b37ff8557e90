// The weights of a multilayer perceptron: unpacked from the bytes of Weights (weights.py), and run.

/** @typedef {import("./bind.js").Model} Model */
/** @typedef {{ weight: Float32Array, bias: Float32Array, inputs: number, outputs: number }} Layer weight: outputs x inputs */
/** @typedef {[outputs: number, inputs: number]} Shape */

/**
 * The bytes of a trait, whether it came as DataView, ArrayBuffer or typed array.
 * @param {unknown} value
 */
export function bytes(value) {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw new Error("explorable: expected bytes, and the saved state has none");
}

/**
 * Numbers stored as two bytes each, little-endian: 0 for 0 and 1 for 65,535.
 * @param {unknown} value
 */
export function fineShares(value) {
  const levels = bytes(value);
  return Float64Array.from({ length: levels.length / 2 }, (_, i) => (levels[2 * i] + 256 * levels[2 * i + 1]) / 65535);
}

/**
 * Load a Weights model that a trait points at ("IPY_MODEL_…") and unpack its layers.
 * @param {Model} model
 * @param {string} reference
 */
export async function loadWeights(model, reference) {
  const weights = await model.widget_manager.get_model(reference.slice("IPY_MODEL_".length));
  return unpackWeights(weights.get("shapes"), weights.get("bits"), bytes(weights.get("data")));
}

/**
 * The Weights models of a list that a trait points at, each loaded when it is first wanted, and no sooner: the page
 * fetches no byte of the others. One that failed may be wanted again.
 * @param {Model} model
 * @param {string[]} references
 * @param {{ came: (i: number) => void, failed: (i: number) => void }} tell
 */
export function weightsOnDemand(model, references, { came, failed }) {
  /** @type {(Layer[] | null)[]} */
  const layers = references.map(() => null);
  /** @type {Set<number>} */
  const wanted = new Set();
  return {
    /** @param {number} i */
    has: (i) => layers[i] !== null,
    /** @param {number} i */
    get: (i) => layers[i],
    /** @param {number} i */
    async want(i) {
      if (wanted.has(i)) return;
      wanted.add(i);
      try {
        layers[i] = await loadWeights(model, references[i]);
      } catch {
        wanted.delete(i);
        failed(i);
        return;
      }
      came(i);
    },
  };
}

/**
 * Whole numbers that stand one after the other, the first bit first.
 * @param {Uint8Array} data
 * @param {number} count
 * @param {number} bits of each, at most 8
 */
export function unpackBits(data, count, bits) {
  const values = new Uint8Array(count);
  const mask = (1 << bits) - 1;
  for (let i = 0; i < count; i++) {
    const first = i * bits;
    const at = first >> 3;
    const two = (data[at] << 8) | (data[at + 1] ?? 0);
    values[i] = (two >> (16 - bits - (first & 7))) & mask;
  }
  return values;
}

/**
 * A finite float16 from its 16 bits.
 * @param {number} code
 */
export function half(code) {
  const sign = code >> 15 ? -1 : 1;
  const exponent = (code >> 10) & 31;
  const fraction = (code & 1023) / 1024;
  return sign * (exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14);
}

/**
 * The layers that the bytes of Weights hold: high bits, low bits, then a scale for each row and the biases as float16.
 * @param {Shape[]} shapes
 * @param {number} bits of a weight: 6, 7 or 8
 * @param {Uint8Array} data
 * @returns {Layer[]}
 */
export function unpackWeights(shapes, bits, data) {
  const count = shapes.reduce((sum, [outputs, inputs]) => sum + outputs * inputs, 0);
  const rows = shapes.reduce((sum, [outputs]) => sum + outputs, 0);
  const lowAt = Math.ceil((6 * count) / 8);
  const numbersAt = lowAt + Math.ceil(((bits - 6) * count) / 8);
  const wanted = numbersAt + 4 * rows;
  if (wanted !== data.byteLength) {
    throw new Error(`explorable: the weights have ${data.byteLength} bytes, expected ${wanted}`);
  }
  const high = unpackBits(data, count, 6);
  const low = unpackBits(data.subarray(lowAt), count, bits - 6);
  const levels = new Int16Array(count); // filled in a loop: `from` with a function takes fifty times as long
  for (let i = 0; i < count; i++) levels[i] = (high[i] << (bits - 6)) + low[i] - (1 << (bits - 1));
  const numbers = unpackHalves(data.subarray(numbersAt));
  return splitLayers(shapes, levels, numbers.subarray(0, rows), numbers.subarray(rows));
}

/**
 * Little-endian float16 numbers.
 * @param {Uint8Array} data
 */
function unpackHalves(data) {
  return Float32Array.from({ length: data.length / 2 }, (_, i) => half(data[2 * i] | (data[2 * i + 1] << 8)));
}

/**
 * Layer after layer, row after row.
 * @param {Shape[]} shapes
 * @param {Int16Array} levels of all weights
 * @param {Float32Array} scales of all rows
 * @param {Float32Array} biases
 * @returns {Layer[]}
 */
function splitLayers(shapes, levels, scales, biases) {
  let at = 0;
  let row = 0;
  return shapes.map(([outputs, inputs]) => {
    const weight = new Float32Array(outputs * inputs);
    for (let i = 0; i < weight.length; i++) weight[i] = levels[at + i] * scales[row + Math.floor(i / inputs)];
    const bias = biases.slice(row, row + outputs);
    at += weight.length;
    row += outputs;
    return { weight, bias, inputs, outputs };
  });
}

/**
 * weight times x plus bias: four rows at a time, since a sum must wait for its own last term, but not for the others'.
 * @param {Layer} layer
 * @param {Float64Array} x
 */
export function affine({ weight, bias, inputs, outputs }, x) {
  const y = Float64Array.from(bias);
  const whole = outputs - (outputs % 4);
  for (let row = 0; row < whole; row += 4) {
    const first = row * inputs;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let column = 0; column < inputs; column++) {
      const value = x[column];
      const at = first + column;
      a += weight[at] * value;
      b += weight[at + inputs] * value;
      c += weight[at + 2 * inputs] * value;
      d += weight[at + 3 * inputs] * value;
    }
    y[row] += a;
    y[row + 1] += b;
    y[row + 2] += c;
    y[row + 3] += d;
  }
  for (let row = whole; row < outputs; row++) {
    for (let column = 0; column < inputs; column++) y[row] += weight[row * inputs + column] * x[column];
  }
  return y;
}

/**
 * SiLU in place: a / (1 + exp(-a)).
 * @param {Float64Array} x
 */
function silu(x) {
  for (let i = 0; i < x.length; i++) x[i] /= 1 + Math.exp(-x[i]);
}

/**
 * The MLP: linear layers with SiLU between.
 * @param {Layer[]} layers
 * @param {ArrayLike<number>} input
 */
export function forward(layers, input) {
  let x = Float64Array.from(input);
  layers.forEach((layer, index) => {
    x = affine(layer, x);
    if (index < layers.length - 1) silu(x);
  });
  return x;
}

/** @param {number} a */
export const sigmoid = (a) => 1 / (1 + Math.exp(-a));

/**
 * Decode one code into 784 probabilities of ink.
 * @param {Layer[]} layers
 * @param {ArrayLike<number>} z
 */
export const decode = (layers, z) => forward(layers, z).map(sigmoid);
