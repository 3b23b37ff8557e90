"""Compile requirements.in and binder/requirements.in into the two lock files: `make lock`, which needs a network.

    python tools/lock.py [--upgrade [PACKAGE ...]]

What is locked stays as it is unless it no longer fits; --upgrade looks for newer versions of the packages named, or of all. Each
package gets one version that installs on every Python we allow, from the very first release of the oldest (Debian's own).

torch's plain wheels ask for CUDA on Linux. Those packages are left out of the lock, so that with CPU wheels they are never installed.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from colab import pins as versions
from environment import CPU_INDEX

ROOT = Path(__file__).resolve().parent.parent
OLDEST = "3.11.0"
BOOK = "requirements.txt"
FILES = {"requirements.in": BOOK, "binder/requirements.in": "binder/requirements.txt"}
PIN = re.compile(r"^[\w.-]+==.*\n", re.MULTILINE)
FOR_GPUS = re.compile(r"(nvidia|cuda|triton|pytorch-triton)\b")
HEADER = """\
# Compiled from {source} by `make lock`; change that file, not this one.
# `pip install -r {target}` in the repository's folder is enough, on Python 3.11 to 3.14.{more}
"""
MORE = {
    BOOK: f" On Linux add\n# `--extra-index-url {CPU_INDEX}` for a torch without CUDA (make does so itself).",
    "binder/requirements.txt": f"\n--extra-index-url {CPU_INDEX}",
}


def main(arguments: list[str]) -> int:
    """Compile both files, the book's first: Binder's versions are the book's."""
    options = _parse(arguments)
    for source, target in FILES.items():
        try:
            pins = compiled(source, target, upgrades(options.upgrade))
        except subprocess.CalledProcessError as error:
            print(f"lock: {source} cannot be compiled, and {target} is left as it was:\n{error.stderr}", file=sys.stderr)
            return 1
        print("".join(changes(pins_of(target), pins)), end="")
        (ROOT / target).write_text(HEADER.format(source=source, target=target, more=MORE[target]) + pins, encoding="utf-8")
        print(f"lock: {target}: {len(PIN.findall(pins))} packages")
    return 0


def compiled(source: str, target: str, options: list[str]) -> str:
    """The pins of a source, as near to those of the old lock file as the source allows; Binder's are the book's, whatever they were."""
    with tempfile.TemporaryDirectory() as folder:
        lock, book = Path(folder) / "lock.txt", Path(folder) / "book.txt"
        lock.write_text(pins_of(target), encoding="utf-8")
        if target != BOOK:
            book.write_text(pins_of(BOOK), encoding="utf-8")
            options = ["--constraints", str(book)]
        every_python = ["--universal", "--python-version", OLDEST, "--fork-strategy", "fewest"]
        quiet = ["--no-header", "--no-emit-index-url", "--no-emit-find-links", "--annotation-style", "line", "--quiet"]
        command = [sys.executable, "-m", "uv", "pip", "compile", source, "--output-file", str(lock)]
        subprocess.run([*command, *every_python, *quiet, *options], cwd=ROOT, check=True, capture_output=True, text=True)
        # uv names the file of constraints, which lies in a folder that is gone.
        return without_gpu_packages(
            re.sub(r"(?<=via) -c [^\n,]*book\.txt,|,? -c [^\n,]*book\.txt", "", lock.read_text(encoding="utf-8"))
        )


def changes(old: str, new: str) -> list[str]:
    """A line for each package whose version is another one now, or that came or went.

    >>> changes("a==1\\nb==1\\n", "a==2  # via b\\nb==1\\n")
    ['lock: a: 1 -> 2\\n']
    """
    before, after = versions(old), versions(new)
    names = sorted(before.keys() | after.keys())
    return [f"lock: {n}: {before.get(n)} -> {after.get(n)}\n" for n in names if before.get(n) != after.get(n)]


def pins_of(target: str) -> str:
    """The pins in a lock file, or "" where there is none yet."""
    file = ROOT / target
    return "".join(PIN.findall(file.read_text(encoding="utf-8"))) if file.exists() else ""


def upgrades(packages: list[str] | None) -> list[str]:
    """uv's options for what --upgrade asks: None nothing, an empty list everything."""
    if packages is None:
        return []
    return [part for name in packages for part in ("--upgrade-package", name)] or ["--upgrade"]


def without_gpu_packages(pins: str) -> str:
    """The lines of a lock file but those of packages that only a GPU needs.

    >>> without_gpu_packages("numpy==2.4.6\\nnvidia-nccl-cu13==2.29.7\\ntriton==3.7.1\\n")
    'numpy==2.4.6\\n'
    """
    return "".join(line for line in pins.splitlines(keepends=True) if not FOR_GPUS.match(line))


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upgrade", nargs="*", metavar="PACKAGE", help="look for newer versions of these packages, or of all")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
