// What is made once, however often it is asked for.

/**
 * Remember what `make` promises for each key. What failed is forgotten, so that whoever asks later may have more luck.
 * @template Made
 * @param {(key: string) => Promise<Made>} make
 * @returns {(key: string) => Promise<Made>}
 */
export function onceEach(make) {
  /** @type {Map<string, Promise<Made>>} */
  const asked = new Map();
  return (key) => {
    const found = asked.get(key);
    if (found) return found;
    const made = make(key);
    asked.set(key, made);
    made.catch(() => asked.delete(key));
    return made;
  };
}
