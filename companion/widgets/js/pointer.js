// What a mouse or a finger does to handles.

/** @typedef {{ knob: HTMLElement, held?: boolean, drag: (event: PointerEvent) => void }} Handle held: it stays */

/**
 * Of handles that lie one on the other under a finger, the one whose middle is nearest to it.
 * @param {Handle[]} handles
 * @param {PointerEvent} event
 * @param {Handle} pressed the one that heard it
 */
export function nearestHandle(handles, event, pressed) {
  const distance = (/** @type {Handle} */ { knob }) => {
    const box = knob.getBoundingClientRect();
    return Math.hypot(box.left + box.width / 2 - event.clientX, box.top + box.height / 2 - event.clientY);
  };
  return handles
    .filter((handle) => !handle.knob.hidden && !handle.held)
    .reduce((best, other) => (distance(other) < distance(best) ? other : best), pressed);
}

/**
 * From a "pointerdown" on: focus `knob` and call `follow(event)` for every move until the pointer lets go.
 * @param {PointerEvent} event
 * @param {HTMLElement} knob
 * @param {(event: PointerEvent) => void} follow
 */
export function followPointer(event, knob, follow) {
  event.preventDefault();
  event.stopPropagation();
  knob.focus({ preventScroll: true });
  const target = /** @type {HTMLElement} */ (event.currentTarget);
  target.setPointerCapture(event.pointerId);
  const stop = () => {
    target.removeEventListener("pointermove", follow);
    target.removeEventListener("pointerup", stop);
    target.removeEventListener("pointercancel", stop);
  };
  target.addEventListener("pointermove", follow);
  target.addEventListener("pointerup", stop);
  target.addEventListener("pointercancel", stop);
}
