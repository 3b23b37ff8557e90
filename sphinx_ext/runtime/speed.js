// A browser lays out and paints a page of ten thousand boxes again when one number on it changes, unless it knows better.

const RESTS = "course-rests";
// No margin sticks out of these.
const BLOCKS = "p:not(figcaption p), ul, div.math, .highlight, .pst-scrollable-table-container";
const SETTLED = 300; // milliseconds after which a window is no longer being pulled wider

/**
 * Give an explorable's box a height of its own (course.css), which follows what is in it: what moves inside concerns no
 * box outside then.
 * @param {HTMLElement} el
 */
export function holdHeight(el) {
  if (el.children.length !== 1) return;
  const observer = new ResizeObserver(([{ borderBoxSize }]) => {
    const [{ blockSize }] = borderBoxSize;
    if (!blockSize) return; // folded away
    el.style.setProperty("--explorable-height", `${blockSize}px`);
    el.className = "explorable-box";
  });
  observer.observe(el.children[0]);
}

/**
 * Text, formulas and code rest while they are far from view: they keep their place, of the height that they had when
 * they were measured.
 * @param {Element} article
 */
function restBlocks(article) {
  const blocks = /** @type {HTMLElement[]} */ ([...article.querySelectorAll(BLOCKS)]);
  const areas = blocks.map((block) => block.getBoundingClientRect());
  blocks.forEach((block, i) => {
    const { height, top, bottom } = areas[i];
    const isInView = bottom > -innerHeight && top < 2 * innerHeight; // it would blink: a layout shift
    const isInside = block.closest(".explorable-view") || block.parentElement?.closest(`.${RESTS}`);
    if (!height || isInView || isInside) return;
    block.style.containIntrinsicHeight = `auto ${height}px`;
    block.classList.add(RESTS);
  });
}

/** @param {Element} article */
function wakeBlocks(article) {
  for (const block of /** @type {NodeListOf<HTMLElement>} */ (article.querySelectorAll(`.${RESTS}`))) {
    block.classList.remove(RESTS);
    block.style.containIntrinsicHeight = "";
  }
}

/** Let blocks rest when the page is there and has nothing to do, and measure them again when it changes its width. */
export function restWhenIdle() {
  const article = document.querySelector(".bd-article");
  if (!article) return;
  const whenIdle = window.requestIdleCallback ?? setTimeout;
  let width = 0;
  let asked = 0;
  const observer = new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return;
    width = contentRect.width;
    wakeBlocks(article);
    clearTimeout(asked);
    asked = setTimeout(() => whenIdle(() => restBlocks(article)), SETTLED);
  });
  observer.observe(article);
}
