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
