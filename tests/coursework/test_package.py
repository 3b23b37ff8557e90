"""What an installed coursework holds: its packages and files are listed by hand in coursework/pyproject.toml."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.support import ROOT, waiting

NOT_INSTALLED = ("coursework/pyproject.toml", "coursework/samples/")  # what tests and benchmarks grade; no command does
REPORT = "from coursework.report import marking, pages; print(pages.__file__, pages.index([]), marking.page('0'))"


@pytest.mark.medium
def test_a_wheel_holds_every_file_and_writes_a_page(tmp_path):
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "coursework"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for file in files:
        (tmp_path / "from" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / "from" / file)
    run(tmp_path / "from" / "coursework", f"from setuptools.build_meta import build_wheel; build_wheel({str(tmp_path)!r})")
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
        assert held == {file for file in files if not file.startswith(NOT_INSTALLED)}
        wheel.extractall(tmp_path / "installed")
    said = run(tmp_path / "installed", REPORT)
    assert said.startswith(str(tmp_path / "installed"))
    assert "<title>" in said
    assert "function" in said


def run(folder, code):
    """Run code in a folder, whose modules it imports before all others; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=waiting.HANG,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
