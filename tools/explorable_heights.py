"""How high each explorable stands in boxes of many widths, into sphinx_ext/explorable_heights.json. Run `make book` before and after.

    python tools/explorable_heights.py

A page keeps an explorable's place until it comes near the screen and is fetched; the heights tell how much. They hang a little on a
machine's fonts, so a test holds them to a twelfth. Measured in Chromium, on every page of the built site that has an explorable.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import chromium
from tools.loopback import serve

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
RESULT = ROOT / "sphinx_ext" / "explorable_heights.json"
# CSS pixels. Two columns become one at 460: @container in companion/widgets/common.css.
WIDTHS = [*range(260, 461, 20), 461, *range(480, 601, 20)]
PATIENCE = 60_000  # milliseconds
WINDOW = {"width": 1280, "height": 900}
MEASURE = """async (view, widths) => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const heights = [];
  for (const width of widths) {
    view.style.width = `${width}px`;
    for (let frame = 0; frame < 3; frame++) await drawn();
    heights.push([width, Math.round(view.querySelector('.explorable').getBoundingClientRect().height)]);
  }
  return heights;
}"""


def main() -> int:
    """Measure each kind once, on the first page that has it, and store."""
    from playwright.sync_api import sync_playwright

    found: dict[str, list] = {}
    with sync_playwright() as playwright, serve(SITE) as address:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.FLAGS)
        for file in sorted(SITE.glob("book/*.html")):
            page = browser.new_page(viewport=WINDOW)
            page.goto(f"{address}/book/{file.name}")
            for view in page.locator(".explorable-view").all():
                name, heights = measure(view)
                found.setdefault(name, heights)
            page.close()
        browser.close()
    lines = (f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found))
    RESULT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"explorable_heights: {len(found)} measured")
    return 0


def measure(view) -> tuple[str, list]:
    """The kind of the explorable in a view, and its heights as [[width, height], ...]."""
    view.evaluate("view => view.scrollIntoView({ behavior: 'instant' })")
    view.and_(view.page.locator(".explorable-live")).wait_for(timeout=PATIENCE)
    saved = json.loads(view.page.locator("script[type$='widget-state+json']").text_content())["state"]
    model = saved[view.get_attribute("id").removeprefix("explorable-")]
    return model["state"]["_anywidget_id"].split(".")[-2], view.evaluate(MEASURE, WIDTHS)


if __name__ == "__main__":
    sys.exit(main())
