// Elements of a page: made, and changed without work for the browser where nothing changes.

/** @typedef {Node | string | number | null | undefined} Child */
/** @typedef {"svg" | "g" | "path" | "line" | "circle" | "ellipse" | "rect" | "text" | "polygon"} SvgTag */
/**
 * The element that a tag makes.
 * @template {string} T
 * @typedef {T extends SvgTag ? SVGElementTagNameMap[T]
 *   : T extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[T] : HTMLElement} Made
 */

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = ["svg", "g", "path", "line", "circle", "ellipse", "rect", "text", "polygon"];
const TAKES_KEYS = ["button", "input", "select"];

/**
 * Make an element.
 * @template {string} T
 * @param {T} tag
 * @param {Record<string, any>} attributes by name; a function listens to the event that its name says (`onclick`); null
 *   and false stand for no attribute
 * @param {Child[]} children
 * @returns {Made<T>}
 */
export function element(tag, attributes = {}, ...children) {
  const made = SVG_TAGS.includes(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  if ("tabindex" in attributes || TAKES_KEYS.includes(tag)) {
    // JupyterLab's own keys stay off what has the focus here: "x" on a handle would cut a cell.
    made.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  for (const child of children) {
    if (child !== null && child !== undefined) made.append(child instanceof Node ? child : String(child));
  }
  return /** @type {Made<T>} */ (made);
}

/**
 * Set the attributes that have another value: an equal one, too, makes the browser look at style and layout again.
 * @param {Element} node
 * @param {Record<string, any>} attributes
 */
export function put(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
}

/**
 * Write a text where another one stands, into the node that holds it: a new node is laid out anew, and who watches the
 * page is told.
 * @param {Element} node
 * @param {string | number} text
 */
export function write(node, text) {
  const holder = /** @type {Text} */ (node.firstChild ?? node.appendChild(document.createTextNode("")));
  if (holder.data !== String(text)) holder.data = String(text);
}

/**
 * A cell of a table whose number changes: `root` for the row, `text` to write into, a box of its own size, so that no
 * other cell moves.
 * @param {Record<string, any>} attributes
 * @param {Child[]} children
 */
export function makeCell(attributes = {}, ...children) {
  const text = element("span", { class: "explorable-value" }, ...children);
  return { root: element("td", attributes, text), text };
}

/**
 * A button.
 * @param {Child} text
 * @param {() => void} pressed
 * @param {Record<string, any>} attributes
 */
export function makeButton(text, pressed, attributes = {}) {
  return element("button", { type: "button", ...attributes, onclick: pressed }, text);
}

/**
 * What paints on a canvas whose pixels are also read.
 * @param {HTMLCanvasElement} canvas
 */
export function brushOf(canvas) {
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  if (!brush) throw new Error("explorable: this browser has no two-dimensional canvas");
  return brush;
}
