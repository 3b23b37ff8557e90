"""The command lines that start a forkserver: behind bubblewrap's wall, or behind none.

Nothing here runs a command. Inside the wall are Python with its packages, companion, and of this kit what a worker needs, read-only,
and an empty /tmp. Outside stay the network, every other file, and every other process.
"""

import importlib.util
import json
import os
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from coursework.wire.limits import Limits

INSTALL = (
    "grading runs students' code in bubblewrap, on Linux (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap). "
    "On macOS and Windows grade in a Linux machine: a virtual one, the devcontainer of this repository, or WSL 2. "
    "--sandbox none runs students' code with no wall around it"
)
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "USER": "student",
    "LANG": "C.UTF-8",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp/matplotlib",
    "OMP_NUM_THREADS": "1",  # graders run beside each other, and a pool of threads counts as processes
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",  # each arena takes address space, which is limited
}


class SandboxError(RuntimeError):
    """No sandbox of the kind that was asked for works here; says why and what to install."""


def forkserver_command(limits: Limits, sandbox: str, variables: Mapping[str, str], *, nested: bool) -> list[str]:
    """The command of a forkserver, which forks workers.

    Args:
        sandbox: "bwrap" or "none". variables: its whole environment.
        nested: each worker is to have namespaces of its own inside the sandbox; else there is one worker for one sandbox.
    """
    places = dict.fromkeys(str(folder.parent) for folder in _packages())
    settings = json.dumps({"walled": sandbox == "bwrap", "nested": nested, "limits": limits._asdict()})
    # An isolated Python (-I), which finds this kit and companion even where they are not installed.
    code = "import sys; sys.path += sys.argv[2:]; from coursework.sandbox.forkserver import main; main(sys.argv[1])"
    python = [sys.executable, "-I", "-c", code, settings, *places]
    return bwrap(python, variables, disk=None if nested else limits.disk) if sandbox == "bwrap" else python


def _packages() -> list[Path]:
    """The folders of what a worker runs beside the installed packages: this kit, and companion, which students import."""
    companion = importlib.util.find_spec("companion")  # asked for and not imported: nothing here needs it
    found = [Path(companion.origin).resolve().parent] if companion and companion.origin else []
    return [Path(__file__).resolve().parents[1], *found]


def bwrap(command: list[str], variables: Mapping[str, str], *, disk: int | None = None) -> list[str]:
    """`command` in bubblewrap: read-only Python and packages, an empty /tmp, no network, no other process in sight.

    The super-user's identity has no limits, so as root the namespace keeps the right to become nobody, and the command does.
    disk: bytes of /tmp, for a command whose own code does not mount one over it. (Bubblewrap before 0.7 has no --size.)
    """
    root = os.getuid() == 0
    # A user namespace of bubblewrap's own would map one identity only: as root there would be no nobody to become.
    user = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if root else ["--unshare-user"]
    spaces = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    # Not /dev/zero: mapped as shared, it is memory that no process is charged for.
    devices = [part for name in ("null", "full", "random", "urandom") for part in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")]
    size = ["--size", str(disk)] if disk else []
    files = ["--ro-bind", "/usr", "/usr", *_system(), "--perms", "1777", *size, "--tmpfs", "/tmp", *_binds()]
    special = ["--proc", "/proc", "--tmpfs", "/dev", *devices, "--dir", "/dev/shm", "--remount-ro", "/dev", "--remount-ro", "/"]
    environment = [part for name, value in variables.items() for part in ("--setenv", name, value)]
    life = ["--die-with-parent", "--new-session", "--clearenv", *environment, "--chdir", "/tmp", "--"]
    return ["bwrap", *user, *spaces, *files, *special, *life, *command]


def _system() -> list[str]:
    """/lib and its like, which on most systems are links into /usr, and where the loader finds libraries."""
    parts = []
    for path in map(Path, ("/bin", "/lib", "/lib64", "/lib32")):
        if path.is_symlink():
            parts += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            parts += ["--ro-bind", str(path), str(path)]
    known = [part for place in ("/etc/ld.so.cache", "/nix/store") for part in ("--ro-bind-try", place, place)]
    return [*parts, "--perms", "0755", "--dir", "/etc", *known]


def _binds() -> list[str]:
    """Python, its packages, this kit's own folder and companion's, each where it is, and nothing beside them."""
    paths = sysconfig.get_paths()
    python = [sys.prefix, sys.base_prefix, paths["stdlib"], paths["purelib"], paths["platlib"]]
    places = {str(Path(place).resolve()) for place in python} | {sys.prefix, *map(str, _packages())}
    outside = sorted(place for place in places if not Path(place).is_relative_to("/usr"))
    top = [
        place for place in outside if not any(Path(place) != Path(other) and Path(place).is_relative_to(other) for other in outside)
    ]
    # Folders on the way are made here, because bubblewrap makes them for the super-user alone.
    above = {str(folder) for place in top for folder in Path(place).parents} - {"/", "/tmp", "/usr"}
    folders = [part for folder in sorted(above) for part in ("--perms", "0755", "--dir", folder)]
    return [*folders, *(part for place in top for part in ("--ro-bind", place, place))]
