// When to draw: at once, and after that with the next frame.

/**
 * Run `draw` once when the event at hand has been heard, so that the time until the next frame is not lost; what is
 * asked for after that, once in the frame.
 * @param {() => void} draw
 * @returns {() => void} what asks for it
 */
export function oncePerFrame(draw) {
  let state = "idle"; // then asked, drawn, and again when it was asked for after it was drawn
  return () => {
    if (state === "drawn") state = "again";
    if (state !== "idle") return;
    state = "asked";
    queueMicrotask(() => {
      state = "drawn";
      draw();
    });
    requestAnimationFrame(() => {
      const late = state === "again";
      state = "idle";
      if (late) draw();
    });
  };
}

/**
 * Do what `next()` gives, a function or null, one after the other, whenever the page has nothing else to do.
 * @param {() => (() => void) | null} next
 * @returns {() => void} what starts it
 */
export function whenIdle(next) {
  const wait = window.requestIdleCallback ?? ((/** @type {() => void} */ run) => setTimeout(run, 50));
  let waiting = false;
  const run = () => {
    waiting = false;
    const work = next();
    if (!work) return;
    work();
    start();
  };
  const start = () => {
    if (!waiting) wait(run);
    waiting = true;
  };
  return start;
}

/**
 * Do what `next()` gives, a function or null, one after the other, and let the page hear its events between them. Unlike
 * idle time, which a browser may withhold, this comes in any case.
 * @param {() => (() => void) | null} next
 * @returns {(pause?: number) => void} what starts it, after so many milliseconds in which it is not asked for again
 */
export function inPieces(next) {
  let timer = 0;
  const run = () => {
    const work = next();
    if (!work) return;
    work();
    timer = window.setTimeout(run);
  };
  return (pause = 0) => {
    clearTimeout(timer);
    timer = window.setTimeout(run, pause);
  };
}
