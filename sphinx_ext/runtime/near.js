// When an explorable is fetched: when its view comes near the screen, however it got there, and not before.

export const MARGIN = 1.5; // screens above and below the one that is seen; the site's tests know it, too

/**
 * Call `start` for each element that is watched, once, when it is nearer than MARGIN. A browser that cannot tell starts
 * all of them at once.
 * @template {Element} Watched
 * @param {(element: Watched) => void} start
 * @returns {(element: Watched) => void} what begins to watch one
 */
export function startWhenNear(start) {
  if (!globalThis.IntersectionObserver) return start;
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        start(/** @type {Watched} */ (target));
      }
    },
    { rootMargin: `${100 * MARGIN}% 0%` },
  );
  return (element) => observer.observe(element);
}
