/* Repairs of the theme that style sheets cannot make. Each has its axe-core rule beside it. */
document.addEventListener("DOMContentLoaded", () => {
  // label-content-name-mismatch: what the search button and a folded cell show is not what they are called.
  document.querySelectorAll(".search-button-field, details > summary").forEach((item) => item.removeAttribute("aria-label"));

  // region: the book's name in the side bar lies outside every landmark.
  const home = document.querySelector(".navbar-brand")?.parentElement;
  home?.setAttribute("role", "navigation");
  home?.setAttribute("aria-label", "Front page");

  // scrollable-region-focusable: a wide table scrolls inside its box, so the keyboard must be able to reach the box.
  const markScrollable = () => document.querySelectorAll(".pst-scrollable-table-container").forEach((box) => {
    const scrolls = box.scrollWidth > box.clientWidth;
    if (scrolls) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", "Table, scrolls sideways");
    } else {
      box.removeAttribute("tabindex");
      box.removeAttribute("role");
      box.removeAttribute("aria-label");
    }
  });
  markScrollable();
  window.addEventListener("resize", markScrollable);
});
