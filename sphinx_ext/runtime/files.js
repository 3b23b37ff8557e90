// The files below this script's folder that hold what was taken out of the pages, bytes and code: each is fetched when it
// is first asked for, and once for all that ask.

import { onceEach } from "./once.js";

const BASE = new URL(".", /** @type {HTMLScriptElement} */ (document.currentScript).src);

/**
 * What the files have told: name -> text.
 * @type {{ courseBuffers?: Record<string, string> }}
 */
const told = /** @type {any} */ (globalThis);

/**
 * The text of a file. It comes as a classic script, because a page from disk may fetch nothing else.
 * @type {(name: string) => Promise<string>}
 */
export const loadText = onceEach(
  (name) =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL(`buffers/${name}.js`, BASE).href;
      script.onload = () => {
        const text = told.courseBuffers?.[name];
        if (text === undefined) reject(new Error(`${name} holds nothing`));
        else resolve(text);
      };
      script.onerror = () => reject(new Error(`${name} could not be loaded`));
      document.head.append(script);
    }),
);
