"""The three commands of every day, for every system: `make book`, `make check` and `make test` call this, and so can you without make.

    python tools/make.py book | check | test [--slow] [--no-skips] [--coverage] [--jobs N]

Each makes .venv first, the first time. Standard library only, in syntax that any Python 3 can parse, as tools/environment.py.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from environment import ROOT, program

PAGE = os.path.join(ROOT, "_build", "html", "index.html")
FAST = "not (medium or slow or site or browser or sandbox)"


def main(arguments):
    options = parse(arguments)
    begun = time.time()
    run([sys.executable, os.path.join(ROOT, "tools", "environment.py")])
    {"book": book, "check": check, "test": test}[options.command](options)
    if options.command != "book":
        print("make %s: %s" % (options.command, taken(time.time() - begun)))


def book(options):
    """Build the site into _build/html, warnings as errors, and say which page to open."""
    run([program("jupyter-book"), "build", ".", "-W", "-n", "--keep-going", "--quiet"])
    print("make book: open " + pathlib.Path(PAGE).as_uri())


def check(options):
    """Lint, types, and every quick test: those that need no browser, no sandbox, no kernel and no built site."""
    lint()
    run(pytest(options) + ["-m", FAST, "tests"])


def test(options):
    """The site, lint, types, every notebook run again and compared, and the tests; with --slow also those that take long."""
    book(options)
    lint(options.no_skips)
    run([program("python"), os.path.join("tools", "axe.py")])
    # The notebooks come first: each is one process's work for up to a minute, which nothing could share at the end.
    switches = ["--slow"] * options.slow + ["--no-skips"] * options.no_skips
    command = pytest(options) + ["--nbval", "--no-loadscope-reorder"] + switches + ["book", "tests"]
    if options.coverage:
        measured(command)
    else:
        run(command)


def measured(command):
    """Run a command of this Python's, then say which lines of ours none of its processes reached; as pages in test-results/coverage."""
    coverage = [command[0], "-m", "coverage"]
    run(coverage + ["erase"])
    run(coverage + ["run"] + command[1:])
    run(coverage + ["combine", "--quiet"])
    run(coverage + ["html", "--quiet"])
    run(coverage + ["report"])


def lint(no_skips=False):
    """Style and types, of Python and of JavaScript. Each has a cache: the first time mypy takes most of a minute."""
    run([program("ruff"), "check", "."])
    run([program("ruff"), "format", "--check", "--quiet", "."])
    run([program("mypy"), "--no-error-summary"])
    run([program("python"), os.path.join("tools", "javascript.py")] + ["--no-skips"] * no_skips)


def pytest(options):
    return [program("python"), "-m", "pytest", "-n", str(options.jobs), "--dist", "loadfile"]


def run(command):
    """Run a command in the repository; where it fails, end with its exit status."""
    # The networks are small: one thread is as fast as two, and two that spin while they wait slow everything beside them.
    threads = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    path = os.path.dirname(program("python")) + os.pathsep + os.environ.get("PATH", "")
    sys.stdout.flush()
    status = subprocess.call(command, cwd=ROOT, env=dict(os.environ, PATH=path, **threads))
    if status != 0:
        sys.exit(status)


def taken(seconds):
    """The time a command took, and the processors' time in it, where the system counts that."""
    text = "%d min %02d s" % divmod(round(seconds), 60)
    try:
        import resource
    except ImportError:  # Windows
        return text
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return text + ", %.0f s of CPU" % (used.ru_utime + used.ru_stime)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.required = True
    commands.add_parser("book", help="build the site")
    for name, text in (("check", "lint, types and every quick test"), ("test", "all tests, and every notebook compared")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--jobs", type=int, default=2, metavar="N", help="processes that test beside each other (default: 2)")
    command.add_argument("--slow", action="store_true", help="run the tests that take long, too")
    command.add_argument("--coverage", action="store_true", help="say which lines no test reaches")
    command.add_argument("--no-skips", action="store_true", help="a test whose browser or sandbox is missing fails")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
