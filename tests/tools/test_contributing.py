"""What the Markdown files at the root, the workflows and the hooks name is there: targets of make, files, folders, and places in a page."""

import re
import subprocess

import pytest

from tests.support import ROOT

LISTED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split()
FILES = [name for name in LISTED if (ROOT / name).is_file()]
FOLDERS = {name[: slash.start()] for name in FILES for slash in re.finditer("/", name)}
MADE = (".venv", "_build", "test-results")  # by make; git does not have them
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
PAGES = sorted(path for path in ROOT.glob("*.md") if path.name != "CHANGELOG.md")  # that one names what is gone, too
SETTINGS = [
    *sorted((ROOT / ".github").rglob("*.yml")),
    ROOT / ".pre-commit-config.yaml",
    ROOT / ".devcontainer" / "devcontainer.json",
    ROOT / ".devcontainer" / "create",
    ROOT / ".ci" / "run",
]
CODE = re.compile(r"^```.*?\n(.*?)^```|`([^`\n]+)`|^ {4}(.+)$", re.MULTILINE | re.DOTALL)
PATH = re.compile(
    r"(?<![\w./:…-])(\.?[\w-][\w.-]*(?:/[\w.-]+)*/[\w.-]*|[\w.-]+\.(?:md|in|txt|toml|yml|yaml|cff|py|js|css|bib))(?![\w(…])"
)


def code(text: str) -> str:
    """What a Markdown text sets as code: blocks, lines that are indented, and words between backticks."""
    return "\n".join("".join(parts) for parts in CODE.findall(text))


def exists(name: str) -> bool:
    """Whether a file or folder is in the repository. NN stands for two digits, and `name` for any name; a bare name may lie anywhere."""
    pattern = re.escape(name.rstrip("/")).replace("NN", r"\d\d").replace("name", r"[\w-]+")
    if "/" not in name:
        return any(re.fullmatch(rf"(.*/)?{pattern}", file) for file in FILES)
    return any(re.fullmatch(pattern, known) for known in (*FILES, *FOLDERS))


def named(text: str) -> list[str]:
    """The paths in a text, without what make makes and without addresses."""
    words = re.sub(r"\w+://\S+", "", text)
    return [path for path in PATH.findall(words) if path.split("/")[0] not in MADE]


def without_drawing(text: str) -> str:
    """CONTRIBUTING.md's drawing has parts of paths; tests/tools/test_imports.py holds it."""
    return re.sub(r"^```text\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_folders_that_a_page_names_are_there(page):
    text = code(without_drawing(page.read_text(encoding="utf-8")))
    assert [path for path in named(text) if not exists(path)] == []


@pytest.mark.parametrize("page", [*PAGES, *SETTINGS], ids=lambda page: page.name)
def test_make_has_every_target_that_is_named(page):
    text = page.read_text(encoding="utf-8")
    commands = code(text) if page.suffix == ".md" else text
    assert set(re.findall(r"(?:^|run: |[`\"])\s*make ([a-z-]+)", commands, re.MULTILINE)) <= TARGETS


@pytest.mark.parametrize("page", SETTINGS, ids=lambda page: page.name)
def test_programs_that_a_setting_runs_are_there(page):
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"(?<![\w./$}-])((?:tools|tests|\.ci|\.devcontainer|binder|book)/[\w./-]*\w)", text)
    assert [name for name in found if not exists(name)] == []


def anchor(heading: str) -> str:
    """The name that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")), ids=lambda page: page.name)
def test_links_to_other_files_lead_somewhere(page):
    for target in re.findall(r"\]\((?![a-z]+:)([^)\s]+)\)", page.read_text(encoding="utf-8")):
        file, _, place = target.partition("#")
        text = ((ROOT / file) if file else page).read_text(encoding="utf-8", errors="ignore")
        assert not place or place in map(anchor, re.findall(r"^#+ (.+)$", text, re.MULTILINE)), target


def test_what_is_not_there_is_found():
    """Guards the tests above, which would pass where nothing is read."""
    text = code("A `tools/gone.py`, [a](b), `make nothing`, and\n\n```\nmake book tests/gone/\n```\n\n    cat gone.toml\n")
    assert named(text) == ["tools/gone.py", "tests/gone/", "gone.toml"]
    assert not any(map(exists, named(text)))
    assert all(map(exists, ("tools/release.py", "tests/support/", "book/NN-name.ipynb", "needs.py", ".ci/run")))
    assert sum(len(named(code(page.read_text(encoding="utf-8")))) for page in PAGES) > 30
