// Repairs of the theme that style sheets cannot make. Each has its axe-core rule beside it.

(() => {
  /** @type {(selector: string) => HTMLElement[]} */
  const all = (selector) => [...document.querySelectorAll(selector)].filter((found) => found instanceof HTMLElement);

  // label-content-name-mismatch: what the search button and a folded cell show is not what they are called.
  function dropWrongNames() {
    for (const item of all(".search-button-field, details > summary")) item.removeAttribute("aria-label");
  }

  // region: the book's name in the side bar lies outside every landmark.
  function nameHome() {
    const home = document.querySelector(".navbar-brand")?.parentElement;
    home?.setAttribute("role", "navigation");
    home?.setAttribute("aria-label", "Front page");
  }

  // summary-name: the arrow that unfolds a chapter's pages in the side bar has no text.
  function nameArrows() {
    for (const arrow of all("summary:has(> .toctree-toggle)")) {
      const chapter = arrow.closest("li")?.querySelector("a")?.textContent ?? "";
      arrow.setAttribute("aria-label", `Pages below ${chapter.trim()}`);
    }
  }

  // scrollable-region-focusable: a wide table or printout scrolls inside its box, so the keyboard must be able to reach
  // the box.
  function markScrollable() {
    const scrolls = (/** @type {HTMLElement} */ box) => box.scrollWidth > box.clientWidth;
    all(".pst-scrollable-table-container, .cell_output .text_html:has(.dataframe)").forEach((box, i) => {
      const attributes = { tabindex: "0", role: "region", "aria-label": `Table ${i + 1}, scrolls sideways` }; // landmark-unique
      const wide = scrolls(box);
      for (const [name, value] of Object.entries(attributes)) {
        if (wide) box.setAttribute(name, value);
        else box.removeAttribute(name);
      }
    });
    const printouts = all(".bd-article pre");
    const wide = printouts.map(scrolls); // all are measured before one is changed
    printouts.forEach((box, i) => {
      box.tabIndex = wide[i] ? 0 : -1;
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    dropWrongNames();
    nameHome();
    nameArrows();
    markScrollable();
    document.addEventListener("toggle", markScrollable, true); // what was folded had no width; the event does not bubble
    // A frame later: what rests (explorables/runtime.js) has no width to measure until it was woken.
    window.addEventListener("resize", () => requestAnimationFrame(() => requestAnimationFrame(markScrollable)));
  });
})();

// From disk a page may not read another one, so a search there lists titles without excerpts instead of failing at each.
// @ts-expect-error: Sphinx's documentation_options.js declares it, as a constant of all scripts
const searchOptions = typeof DOCUMENTATION_OPTIONS === "object" ? DOCUMENTATION_OPTIONS : {};
if (location.protocol === "file:") searchOptions.SHOW_SEARCH_SUMMARY = false;
