/* Repairs of the theme that style sheets cannot make. Each has its axe-core rule beside it. */
document.addEventListener("DOMContentLoaded", () => {
  // label-content-name-mismatch: what the search button and a folded cell show is not what they are called.
  document.querySelectorAll(".search-button-field, details > summary").forEach((item) => item.removeAttribute("aria-label"));

  // region: the book's name in the side bar lies outside every landmark.
  const home = document.querySelector(".navbar-brand")?.parentElement;
  home?.setAttribute("role", "navigation");
  home?.setAttribute("aria-label", "Front page");

  // summary-name: the arrow that unfolds a chapter's pages in the side bar has no text.
  document.querySelectorAll("summary:has(> .toctree-toggle)").forEach((arrow) => {
    arrow.setAttribute("aria-label", `Pages below ${arrow.closest("li").querySelector("a").textContent.trim()}`);
  });

  // scrollable-region-focusable: a wide table or printout scrolls inside its box, so the keyboard must be able to reach the box.
  const tables = [...document.querySelectorAll(".pst-scrollable-table-container")], printouts = document.querySelectorAll(".bd-article pre");
  const markScrollable = () => {
    tables.forEach((box, i) => {
      const scrolls = box.scrollWidth > box.clientWidth;
      const set = (name, value) => (scrolls ? box.setAttribute(name, value) : box.removeAttribute(name));
      set("tabindex", 0);
      set("role", "region");
      set("aria-label", `Table ${i + 1}, scrolls sideways`); // landmark-unique
    });
    const wide = [...printouts].map((box) => box.scrollWidth > box.clientWidth);
    printouts.forEach((box, i) => { box.tabIndex = wide[i] ? 0 : -1; });
  };
  markScrollable();
  // A frame later: what rests (explorables/runtime.js) has no width to measure until it was woken.
  window.addEventListener("resize", () => requestAnimationFrame(() => requestAnimationFrame(markScrollable)));
});

// From disk a page may not read another one, so a search there lists titles without excerpts instead of failing at each.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS === "object") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
