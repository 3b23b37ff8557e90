// The place of an explorable is kept until it comes, so that nothing on the page moves when it does: a link that is on its
// way to what stands below would lead to the wrong place.

/** @typedef {[width: number, height: number][]} Heights of an explorable in boxes of some widths, in CSS pixels, the narrowest first */

/**
 * The height in a box of any width, from those in the next narrower and the next wider one.
 * @param {Heights} heights
 * @param {number} width
 */
export function heightAt(heights, width) {
  const after = heights.findIndex(([wide]) => wide >= width);
  if (after < 0) return heights[heights.length - 1][1];
  const [wide, below] = heights[after];
  const [narrow, above] = heights[Math.max(0, after - 1)];
  return narrow === wide ? below : above + ((below - above) * (width - narrow)) / (wide - narrow);
}

/**
 * Keep an explorable's place in its view until it lives (course.css), also when the window changes its width.
 * @param {HTMLElement} view
 * @param {Heights} heights
 */
export function keepPlace(view, heights) {
  const keep = () => view.style.setProperty("--explorable-kept", `${heightAt(heights, view.clientWidth)}px`);
  keep();
  addEventListener("resize", keep);
}
