// Seeded dice: a roll can be made again, and Python foresees it (dice.py).

/**
 * A seeded generator of numbers in [0, 1) (mulberry32).
 * @param {number} seed
 */
export function makeUniform(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A seeded generator of standard normal numbers (Box and Muller 1958).
 * @param {number} seed
 */
export function makeNormal(seed) {
  const uniform = makeUniform(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
