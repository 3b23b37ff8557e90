"""Who may know whom: the arrows drawn in CONTRIBUTING.md, held against every import of the repository, those inside functions too."""

import ast
import json
import re
import subprocess

import pytest

from tests.support import ROOT

ARROW = re.compile(r"^([│├└─ ]*)([\w./]+?)/? +-> (.+?)(?:  .*)?$", re.MULTILINE)


def drawn(text: str) -> dict[str, tuple[str, ...]]:
    """The arrows of the drawing in a Markdown text: part -> parts that it may import. A part below another is named by its path."""
    lines = ARROW.findall(text.partition("```text\n")[2].partition("```")[0])
    arrows, top = {}, ""
    for inside, name, targets in lines:
        top = top if inside else name
        arrows[f"{top}/{name}" if inside else name] = (top, targets.split(", "))
    found = {}
    for part, (top, targets) in arrows.items():
        whole = [f"{top}/{name}" if f"{top}/{name}" in arrows else name for name in targets if name != "nobody"]
        found[part.replace("/", ".")] = tuple(name.replace("/", ".") for name in whole)
    return found


# A part may import what stands behind it, and itself. Parts are matched by the longest name that fits.
MAY = drawn((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
OURS = ("companion", "coursework", "sphinx_ext", "tools", "benchmarks", "tests")
LISTED = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py", "book/*.ipynb"]
NAMES = subprocess.run(LISTED, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
FILES = [name for name in NAMES if name.endswith(".py")]
PAGES = [name for name in NAMES if name.endswith(".ipynb")]


def module_of(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


MODULES = {module_of(file) for file in FILES}


def imported(source: str) -> set[str]:
    """The modules of ours that a source imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            full = {f"{node.module}.{name.name}" for name in node.names}
            found |= {name if name in MODULES else node.module for name in full}
    return {name for name in found if name.split(".")[0] in OURS}


def part_of(module: str) -> str | None:
    names = [part for part in MAY if module == part or module.startswith(part + ".")]
    return max(names, key=len, default=None)


def forbidden(module: str, target: str) -> bool:
    """Whether a module may not import another: it is neither of the same part nor of one that this part may know."""
    part = part_of(module)
    known = (part, *MAY[part])
    if part == "companion" and part_of(target) == "companion":
        return False
    return not any(target == name or target.startswith(name + ".") for name in known) or (
        part == "tests" and target.startswith("tests.") and not target.startswith("tests.support")
    )


@pytest.mark.parametrize("file", [file for file in FILES if module_of(file).split(".")[0] in OURS])
def test_a_module_imports_only_what_its_part_may_know(file):
    module = module_of(file)
    targets = imported((ROOT / file).read_text(encoding="utf-8"))
    assert sorted(target for target in targets if forbidden(module, target)) == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_the_book_imports_only_what_it_may_know(page):
    cells = json.loads((ROOT / page).read_text(encoding="utf-8"))["cells"]
    code = "".join("".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "code")
    named = set(re.findall(r"^\s*(?:from|import) (\w+)", code, re.MULTILINE)) & set(OURS)
    assert named - set(MAY["book"]) == set()


def test_the_drawing_is_read_as_it_is_meant():
    text = "```text\na/     -> nobody    words\n├── b/   -> c, e/f  more -> words\n└── c    -> nobody\ne/    -> e, a/b\n```\n"
    assert drawn(text) == {"a": (), "a.b": ("a.c", "e.f"), "a.c": (), "e": ("e", "a.b")}


@pytest.mark.parametrize(
    ("module", "target"),
    [
        ("companion.losses", "coursework.cli"),
        ("companion.checks.verdict", "companion.training"),
        ("coursework.wire.session", "coursework.sandbox.commands"),
        ("coursework.scoring.scorer", "coursework.report.tables"),
        ("coursework.report.tables", "coursework.scoring.grade"),
        ("coursework.selftest", "companion.models"),
        ("benchmarks.grading", "tests.support.needs"),
        ("tests.pages.test_icons", "tests.pages.test_pages"),
        ("tools.make", "tests.support"),
    ],
)
def test_the_picture_forbids(module, target):
    """Guards the test above, which would pass where everything is allowed."""
    assert forbidden(module, target)


def test_no_two_modules_need_each_other():
    """A circle inside a part, which the arrows between parts do not see."""
    needs = {module_of(file): imported((ROOT / file).read_text(encoding="utf-8")) & MODULES for file in FILES}

    def reach(start: str) -> set[str]:
        found, todo = set(), [start]
        while todo:
            for name in needs[todo.pop()] - found:
                found.add(name)
                todo.append(name)
        return found

    assert [module for module in sorted(needs) if module in reach(module)] == []
