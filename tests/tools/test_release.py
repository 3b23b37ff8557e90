"""tools/release.py: the repository's places agree on one version, a place that does not is named, and a new version is written in all."""

import datetime
import re
import tomllib

import pytest
import yaml

import companion
from tests.support import ROOT
from tools import release

TODAY = "2030-01-31"
FILES = {
    "companion/__init__.py": '"""Text."""\n\n__version__ = "1.2.0"\n',
    "coursework/pyproject.toml": '[project]\nname = "coursework"\nversion = "1.2.0"\nrequires-python = ">=3.11"\n',
    "CITATION.cff": "cff-version: 1.2.0\nversion: 1.2.0\ndate-released: 2029-05-06\n",
    "CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A new thing.\n\n"
    "## [1.2.0] - 2029-05-06\n\n### Fixed\n\n- An old thing.\n\n## [1.1.0] - 2028-01-01\n\n- Older.\n",
}


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A folder whose places agree on version 1.2.0, which the program takes for the repository."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(release, "ROOT", tmp_path)
    return tmp_path


def change(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


# --- This repository ---------------------------------------------------------------------------------------


def test_every_place_of_the_repository_names_companions_version():
    assert release.problems(ROOT) == []
    assert release.current(ROOT) == companion.__version__


def test_the_places_are_what_their_own_readers_read():
    """Guards the test above, whose patterns might read another line."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "coursework" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {str(citation["version"]), project["version"]} == {companion.__version__}
    assert isinstance(citation["date-released"], datetime.date)


def test_the_changelog_goes_from_the_newest_version_to_the_oldest():
    found = release.sections(ROOT)
    headings = re.findall(r"^## .*$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == ["## [Unreleased]", *(f"## [{section.version}] - {section.day}" for section in found)]
    assert [section.day for section in found] == sorted((section.day for section in found), reverse=True)
    numbers = [[int(part) for part in section.version.split(".")] for section in found]
    assert numbers == sorted(numbers, reverse=True)
    assert all(section.text.strip() for section in found)


# --- A disagreement ----------------------------------------------------------------------------------------


def test_places_that_agree_are_named_with_their_version(places, capsys):
    assert release.main(["check"]) == 0
    assert (
        "version 1.2.0 in companion/__init__.py, coursework/pyproject.toml, CITATION.cff and CHANGELOG.md"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            "coursework/pyproject.toml",
            "1.2.0",
            "1.1.0",
            "coursework/pyproject.toml: version 1.1.0, and companion/__init__.py says 1.2.0",
        ),
        (
            "CITATION.cff",
            "\nversion: 1.2.0",
            "\nversion: 1.1.0",
            "CITATION.cff: version 1.1.0, and companion/__init__.py says 1.2.0",
        ),
        (
            "CITATION.cff",
            "2029-05-06",
            "2029-05-07",
            "CITATION.cff: released on 2029-05-07, and the newest section of CHANGELOG.md",
        ),
        ("CHANGELOG.md", "## [1.2.0]", "## [1.3.0]", "CHANGELOG.md: newest section 1.3.0, and companion/__init__.py says 1.2.0"),
        ("CITATION.cff", "\nversion: 1.2.0", "", "CITATION.cff: no line matches"),
    ],
)
def test_a_place_that_disagrees_is_named(places, capsys, name, old, new, said):
    change(places / name, old, new)
    assert release.main(["check"]) == 1
    assert said in capsys.readouterr().err


def test_a_tag_must_be_this_versions_and_leave_nothing_unreleased(places, capsys):
    assert release.main(["check", "--tag", "v1.2.0"]) == 1
    assert "entries stand under Unreleased" in capsys.readouterr().err
    change(places / "CHANGELOG.md", "### Added\n\n- A new thing.\n\n", "")
    assert release.main(["check", "--tag", "v1.2.0"]) == 0
    for tag in ("v1.3.0", "1.2.0"):
        assert release.main(["check", "--tag", tag]) == 1
        assert f"the tag is {tag}, and v1.2.0 is expected" in capsys.readouterr().err


# --- A new version -----------------------------------------------------------------------------------------


def test_a_new_version_is_written_in_every_place(places, capsys):
    assert release.main(["set", "2.0.0", "--day", TODAY]) == 0
    assert "push the tag v2.0.0" in capsys.readouterr().out
    assert release.main(["check", "--tag", "v2.0.0"]) == 0
    capsys.readouterr()
    assert release.main(["notes"]) == 0
    assert capsys.readouterr().out == "### Added\n\n- A new thing.\n"
    assert [section.version for section in release.sections(places)] == ["2.0.0", "1.2.0", "1.1.0"]
    assert (places / "CITATION.cff").read_text() == f"cff-version: 1.2.0\nversion: 2.0.0\ndate-released: {TODAY}\n"
    assert 'requires-python = ">=3.11"' in (places / "coursework/pyproject.toml").read_text()


@pytest.mark.parametrize("version", ["1.2.0", "1.1.9", "2.0", "v2.0.0", "2.0.0rc1", "02.0.0"])
def test_what_is_no_later_version_is_refused_and_nothing_written(places, capsys, version):
    assert release.main(["set", version]) == 1
    assert f"version '{version}': expected MAJOR.MINOR.PATCH above 1.2.0" in capsys.readouterr().err
    assert {name: (places / name).read_text() for name in FILES} == FILES


def test_a_version_in_which_nothing_changed_is_refused(places, capsys):
    change(places / "CHANGELOG.md", "### Added\n\n- A new thing.\n\n", "")
    assert release.main(["set", "1.2.1"]) == 1
    assert "say what changed since 1.2.0" in capsys.readouterr().err


def test_a_version_without_a_section_has_no_notes(places, capsys):
    change(places / "CHANGELOG.md", "## [1.2.0]", "## [1.1.5]")
    assert release.main(["notes"]) == 1
    assert "no section for 1.2.0" in capsys.readouterr().err
