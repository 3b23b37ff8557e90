"""One page with every figure of the last comparison, the worst first: `make gallery`, after `make test` or `pytest --nbval book`.

    python tools/gallery.py

Reads test-results/figures.json and the pictures beside it, and writes test-results/gallery.html, which needs nothing else. A figure that
failed or was drawn differently shows what was expected, what came and the difference; of the others the stored picture is shown. How near
a figure came is its largest distance as a share of what is allowed: 0 is the same, 1 the limit.
"""

import base64
import html
import io
import json
import sys
from pathlib import Path

import nbformat
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "test-results"
PALETTE = ROOT / "companion" / "palette.json"
WIDEST = 1800  # pixels of a picture on the page; the three of a failure stand beside each other
FARTHEST = 1e9  # times a tolerance: what could not be compared
NAMES = {
    "meaning": "what it holds",
    "rms": "all pixels",
    "tile_rms": "the worst 16 x 16 window",
    "share": "share of pixels that differ",
}

STYLE = """
body { margin: 0 auto; max-width: 80rem; padding: 1rem; font: 16px/1.5 system-ui, sans-serif; background: var(--page); color: var(--ink) }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); gap: 1rem }
article { border: 1px solid var(--edge); border-radius: 6px; padding: .75rem; background: var(--card); overflow-wrap: anywhere }
article.failed { border: 2px solid var(--red) }
article.panels { grid-column: 1 / -1 }
h1 { font-size: 1.4rem } h2 { font-size: 1rem; margin: 0 } p { margin: .25rem 0 }
img { display: block; width: 100%; height: auto; margin: .5rem 0; background: #fff; border-radius: 3px }
ul { margin: .25rem 0; padding-left: 1.2rem }
dl { display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; margin: 0; font-variant-numeric: tabular-nums }
dt { color: var(--quiet) } dd { margin: 0 }
select { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--edge) }
"""
SCRIPT = """
const list = document.querySelector("main"), cards = [...list.children];
document.querySelector("select").addEventListener("change", (event) => {
  const key = event.target.value, value = (card) => Number(card.dataset[key]);
  cards.sort((a, b) => (key === "place" ? value(a) - value(b) : value(b) - value(a)));
  list.append(...cards);
});
"""


def main() -> int:
    file = RESULTS / "figures.json"
    if not file.exists():
        print("gallery: there is no test-results/figures.json: run make test first, or pytest --nbval on a notebook")
        return 1
    results = json.loads(file.read_text(encoding="utf-8"))
    page = RESULTS / "gallery.html"
    page.write_text(render(results), encoding="utf-8")
    print(f"make gallery: open {page.as_uri()}")
    return 0


def shares(row: dict, tolerance: dict) -> dict[str, float]:
    """A figure's distances as shares of what is allowed; none where pictures could not be compared."""
    measured = {name: row["distance"][name] / allowed for name, allowed in tolerance.items()} if row["distance"] else {}
    return ({"meaning": row["meaning"]["nearness"]} if row["meaning"] else {}) | measured


def worst(row: dict, tolerance: dict) -> tuple[int, float]:
    """What to sort by: failures come first, then what is only drawn differently, and of each kind the farthest."""
    kind = {"same": 0, "drawn differently": 1}.get(row["verdict"], 2)
    return kind, max(shares(row, tolerance).values(), default=FARTHEST)


def render(results: dict) -> str:
    """The page."""
    rows, tolerance = results["figures"], results["tolerance"]
    places = {id(row): place for place, row in enumerate(rows)}
    ordered = sorted(rows, key=lambda row: worst(row, tolerance), reverse=True)
    cards = "\n".join(card(row, tolerance, places[id(row)]) for row in ordered)
    kinds = {row["verdict"]: sum(other["verdict"] == row["verdict"] for other in rows) for row in rows}
    options = {"nearness": "nearest to a limit", "place": "as in the book"} | NAMES
    choices = "".join(f'<option value="{key.replace("_", "")}">{html.escape(name)}</option>' for key, name in options.items())
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(kinds.items()))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Figures, compared</title>
<style>{colours()}{STYLE}</style></head><body>
<h1>Figures, compared</h1>
<p>{len(rows)} figures: {counts}. A distance stands beside what is allowed, and 100 % is the limit.</p>
<p><label>Order: <select>{choices}</select></label></p>
<main>
{cards}
</main><script>{SCRIPT}</script></body></html>
"""


def colours() -> str:
    """The site's colours, light and dark, as the reader's system has chosen."""
    palette = json.loads(PALETTE.read_text(encoding="utf-8"))
    light, dark = ("".join(f"--{name}: {value};" for name, value in palette[scheme].items()) for scheme in ("light", "dark"))
    return f":root {{ color-scheme: light dark; {light} }} @media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"


def card(row: dict, tolerance: dict, place: int) -> str:
    """One figure."""
    share, (kind, nearness) = shares(row, tolerance), worst(row, tolerance)
    data = {"nearness": kind * FARTHEST + min(nearness, FARTHEST), "place": place}
    data |= {name.replace("_", ""): share.get(name, FARTHEST) for name in NAMES}
    attributes = " ".join(f'data-{key}="{value:.6g}"' for key, value in data.items())
    said = (row["meaning"] or {}).get("differences", [])
    listed = f"<ul>{''.join(f'<li>{html.escape(line)}</li>' for line in said)}</ul>" if said else ""
    measured = {name: f"{value:.2g} of {tolerance[name]:g}: " for name, value in (row["distance"] or {}).items()}
    distances = "".join(f"<dt>{NAMES[name]}</dt><dd>{measured.get(name, '')}{percent(value)}</dd>" for name, value in share.items())
    name = f"{row['chapter'].removeprefix('book/')}: cell {row['cell']}, figure {row['figure']}"
    picture, is_panels = picture_of(row)
    kinds = " ".join(["panels"] * is_panels + ["failed"] * (row["verdict"] not in ("same", "drawn differently")))
    shown = f'<img alt="{html.escape(name)}" src="{picture}">' if picture else "<p>There is no picture of it.</p>"
    return f"""<article class="{kinds}" {attributes}><h2>{html.escape(name)}</h2><p>{html.escape(row["verdict"])}</p>
{shown}{listed}<dl>{distances}</dl></article>"""


def percent(share: float) -> str:
    """A share for people: what is nothing, what is little, what is beyond the limit."""
    return (
        "0" if share == 0 else "below 0.1 %" if share < 0.001 else f"{100 * share:.1f} %" if share < 10 else f"{share:,.0f} times"
    )


def picture_of(row: dict) -> tuple[str | None, bool]:
    """A figure's picture as an address that holds it, and whether it is the three pictures of a comparison."""
    panels = RESULTS / f"{Path(row['chapter']).stem}-cell{row['cell']:02d}-fig{row['figure']}.png"
    if row["verdict"] != "same" and panels.exists():
        return inlined(panels.read_bytes()), True
    cells = [cell for cell in nbformat.read(ROOT / row["chapter"], as_version=4).cells if cell.cell_type == "code"]
    found = [output.data["image/png"] for output in cells[row["cell"]].outputs if "image/png" in output.get("data", {})]
    return (inlined(base64.b64decode(found[row["figure"] - 1])), False) if len(found) >= row["figure"] else (None, False)


def inlined(png: bytes) -> str:
    """A picture as a data address, in a format that is small."""
    picture, small = Image.open(io.BytesIO(png)), io.BytesIO()
    picture.thumbnail((WIDEST, WIDEST))
    picture.save(small, "WEBP", quality=85)
    return "data:image/webp;base64," + base64.b64encode(small.getvalue()).decode()


if __name__ == "__main__":
    sys.exit(main())
