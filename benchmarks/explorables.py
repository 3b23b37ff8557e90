"""How fast the explorables of the built site answer: from event to paint, and from navigation to ready. Run `make book` first.

    python benchmarks/explorables.py [--moves N]

Each explorable is moved 60 times, plain and with the CPU slowed down six-fold (Chromium's throttling of the page's main thread). A time
runs from the event's time stamp, when the browser got the input, to the first task after the frame that shows it was handed over. So it
holds the wait in the queue, the site's own listeners, and the wait for the frame; not the compositor's and the screen's part, which the
page cannot see. Nothing is put off to a later frame: what that frame shows is all that the event changes. `work` is the main thread's
CPU time for that frame alone, from Chromium's trace: it hangs less on what else the machine does.

The budgets, 16 ms and 60 ms at the 95th percentile, are for a page at rest, whose browser begins a frame as soon as one is asked for:
keys come a tenth of a second apart. In a `drag` the moves follow each other, frames come every 16.7 ms, and a move waits up to that long
for the next one, whatever the page does; so a drag's times are reported and have no budget.

`floor` is the same for a page that holds nothing but one box that a key moves: what the browser and this machine take for themselves.
Ready is the moment at which a page's first explorable stands, over loopback, when the reader follows a link to it: what an explorable
needs is fetched when it comes near the screen, also while the rest of the page still comes in; budget 1 s.
"""

import argparse
import json
import math
import os
import re
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import chromium
from tools.loopback import serve

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
RESULT = Path(__file__).with_suffix(".json")
BUDGET = {"plain": 16.0, "six-fold slower": 60.0, "ready": 1000.0}
TARGETS = {  # page -> what is moved of its explorable
    "index": ".explorable-pad",
    "01-autoencoders": ".explorable-handle",
    "02-bottleneck": "input[type=range]",
    "03-points-to-regions": ".explorable-handle",
    "04-gaussian-parameters": ".explorable-handle[data-number]",
    "05-reparameterization": ".explorable-handle",
    "06-log-variance": ".explorable-handle",
    "07-loss": ".explorable-plane .explorable-handle",
    "08-beta-tradeoff": "input[type=range]",
}
READY = """const look = setInterval(() => {
  if (!document.querySelector('.explorable-live')) return;
  window.liveAt = performance.now();
  document.documentElement.dataset.ready = '';
  clearInterval(look);
}, 4);"""
WATCH = """window.times = [];
for (const name of ['keydown', 'pointermove', 'input']) addEventListener(name, (event) => {
  const from = event.timeStamp;
  if (window.pending) return;
  window.pending = true;
  requestAnimationFrame(() => { const after = new MessageChannel();
    after.port1.onmessage = () => { window.times.push(performance.now() - from); window.pending = false; };
    after.port2.postMessage(0); });
}, {capture: true});"""


FLOOR = """<!doctype html><title>floor</title><div class="explorable-handle" tabindex="0" style="position: absolute; width: 44px; height: 44px">
</div><script>let x = 0; const box = document.querySelector("div");
box.addEventListener("keydown", (event) => { event.preventDefault(); x += event.key === "ArrowRight" ? 1 : -1; box.style.left = `${x}px`; });
</script>"""


def press(page, selector: str, moves: int, pause: float) -> list[float]:
    """Move an explorable `moves` times, by arrow keys or, on the drawing field, by a stroke of the mouse; return the times in ms.

    Input goes to the browser as such, with a pause after each: what Playwright evaluates in the page would count as the page's work.
    """
    target = page.locator(selector).first
    target.scroll_into_view_if_needed()
    target.focus()
    box = target.bounding_box()
    page.evaluate("window.times = []")
    stroke = "pad" in selector
    if stroke:
        page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.2 * box["height"])
        page.mouse.down()
    for i in range(moves):
        if stroke:
            page.mouse.move(
                box["x"] + (0.3 + 0.4 * (i % 10) / 10) * box["width"], box["y"] + (0.2 + 0.6 * i / moves) * box["height"]
            )
        else:
            page.keyboard.press("ArrowRight" if i // 6 % 2 == 0 else "ArrowLeft")
        time.sleep(pause)
    if stroke:
        page.mouse.up()
    return page.evaluate("window.times")


def drag(page, selector: str, moves: int) -> list[float]:
    """Take an explorable with the mouse and move it `moves` times, each as soon as the browser took the one before; the times in ms."""
    target = page.locator(selector).first
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("window.times = []")
    for i in range(moves):
        page.mouse.move(x + 60 * math.sin(i / 12), y + 40 * math.sin(i / 9))
    page.mouse.up()
    return page.evaluate("window.times")


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least `share` of them do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def summary(times: list[float]) -> dict:
    """Median and 95th percentile, in ms, and how many."""
    return {name: round(percentile(times, share), 1) for name, share in (("median", 0.5), ("p95", 0.95))} | {"n": len(times)}


def link(name: str) -> str:
    """What leads to a page's first explorable; nothing on the front page, where a reader sees it first."""
    view = re.search(
        r'class="explorable-view[^>]* id="(explorable-\w+)"', (SITE / "book" / f"{name}.html").read_text(encoding="utf-8")
    )
    return "" if name == "index" else f"#{view[1]}"


def measure(browser, address: str, name: str | None, moves: int) -> dict:
    """All numbers of one page; of the floor, where no name is given."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH)
    found = {}
    if name:
        page.add_init_script(READY)
        page.goto(f"{address}/book/{name}.html{link(name)}")
        page.wait_for_selector("html[data-ready]", timeout=20_000)
        found["ready"] = round(page.evaluate("window.liveAt"))
        page.wait_for_timeout(1000)  # until the rest of the page stands, too
    else:
        page.route("**/floor.html", lambda route: route.fulfill(body=FLOOR, content_type="text/html"))
        page.goto(f"{address}/floor.html")
    selector = TARGETS.get(name, ".explorable-handle")
    session = context.new_cdp_session(page)
    for label, rate in (("plain", 1), ("six-fold slower", 6)):
        session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
        pause = 0.1 if rate == 1 else 0.3
        press(page, selector, 6, pause)  # what comes at first touch is not what is measured
        found[label] = summary(press(page, selector, moves, pause))
        browser.start_tracing(page=page, categories=["cc"])  # takes time itself, hence not with the others
        work = press(page, selector, moves // 3, pause)
        found[label]["work"] = round(frames(json.loads(browser.stop_tracing())) / len(work), 1)
        if name:
            found[label]["drag"] = summary(drag(page, selector, 2 * moves))
    context.close()
    return found


def frames(trace: dict) -> float:
    """CPU time in ms that all frames of a trace took on the page's main thread."""
    return sum(event.get("tdur", 0) for event in trace["traceEvents"] if event.get("name") == "ProxyMain::BeginMainFrame") / 1000


def main() -> int:
    """Measure every page, store, and say what is over its budget."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=60)
    moves = parser.parse_args().moves
    with sync_playwright() as playwright, serve(SITE) as address:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.FLAGS)
        floor = measure(browser, address, None, moves)
        pages = {name: measure(browser, address, name, moves) for name in TARGETS}
        browser.close()
    over = [
        f"{name} {label}"
        for name, found in pages.items()
        for label, limit in BUDGET.items()
        if (found[label] if label == "ready" else found[label]["p95"]) > limit
    ]
    result = {"budget_ms": BUDGET, "cores": os.cpu_count(), "floor": floor, "pages": pages}
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for name, found in {"floor": floor, **pages}.items():
        print(f"{name:24s}", *(f" {label}: {numbers}" for label, numbers in found.items()))
    print(f"explorables: over budget: {', '.join(over) or 'none'}")
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())
