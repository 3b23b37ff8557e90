"""The command lines that start a worker behind a wall: bubblewrap, Docker or Podman, or nothing.

Nothing here runs a command except to ask whether it works. Inside the wall are Python with its packages, companion, and of this kit
what a worker needs, read-only, and an empty /tmp. Outside stay the network, every other file, and every other process.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from coursework.wire.limits import Limits

IMAGE = "coursework-grade"  # built with the Dockerfile beside this file
INSTALL = (
    "no sandbox works here. On Linux install bubblewrap (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap), "
    "on macOS Docker or Podman, and on Windows work inside WSL 2. --sandbox none runs students' code with no wall around it"
)


class SandboxError(RuntimeError):
    """No sandbox of the kind that was asked for works here; says why and what to install."""


def forkserver_command(limits: Limits, sandbox: str) -> list[str]:
    """The command of a forkserver, which forks workers: in bubblewrap, or for the sandbox "none" as it is."""
    python = _python("coursework.sandbox.forkserver", limits, sandbox != "none")
    return bwrap(python) if sandbox == "bwrap" else python


def worker_command(limits: Limits, sandbox: str, *, name: str = "", engine: str = "docker", image: str = IMAGE) -> list[str]:
    """The command of a single worker that speaks on its standard input and output."""
    if sandbox == "docker":
        return docker(limits, name, engine, image)
    python = _python("coursework.sandbox.worker_process", limits, sandbox == "bwrap")
    return bwrap(python, disk=limits.disk) if sandbox == "bwrap" else python


def _python(module: str, limits: Limits, walled: bool) -> list[str]:
    """Start a module of ours in an isolated Python (-I), which finds this kit and companion even where they are not installed."""
    places = dict.fromkeys(str(folder.parent) for folder in _packages())
    code = f"import sys; sys.path += sys.argv[2:]; from {module} import main; main(sys.argv[1])"
    return [sys.executable, "-I", "-c", code, settings(limits, walled), *places]


def _packages() -> list[Path]:
    """The folders of what a worker runs beside the installed packages: this kit, and companion, which students import."""
    companion = importlib.util.find_spec("companion")  # asked for and not imported: nothing here needs it
    found = [Path(companion.origin).resolve().parent] if companion and companion.origin else []
    return [Path(__file__).resolve().parents[1], *found]


def settings(limits: Limits, walled: bool) -> str:
    """Limits as an argument of the command line. walled: bubblewrap stands around, so there is more to give up inside."""
    return json.dumps({"walled": walled, "limits": limits._asdict()})


def bwrap(command: list[str], *, disk: int | None = None) -> list[str]:
    """`command` in bubblewrap: read-only Python and packages, an empty /tmp, no network, no other process in sight.

    The super-user's identity has no limits, so as root the namespace keeps the right to become nobody, and the command does.
    disk: bytes of /tmp, for a command whose own code does not mount one over it. (Bubblewrap before 0.7 has no --size.)
    """
    root = os.getuid() == 0
    # A user namespace of bubblewrap's own would map one identity only: as root there would be no nobody to become.
    user = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if root else ["--unshare-user"]
    spaces = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    devices = [
        part for name in ("null", "zero", "full", "random", "urandom") for part in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")
    ]
    size = ["--size", str(disk)] if disk else []
    files = ["--ro-bind", "/usr", "/usr", *_system(), "--perms", "1777", *size, "--tmpfs", "/tmp", *_binds()]
    special = ["--proc", "/proc", "--tmpfs", "/dev", *devices, "--dir", "/dev/shm", "--remount-ro", "/dev", "--remount-ro", "/"]
    life = ["--die-with-parent", "--new-session", "--clearenv", *_environment(), "--chdir", "/tmp", "--"]
    return ["bwrap", *user, *spaces, *files, *special, *life, *command]


def _system() -> list[str]:
    """/lib and its like, which on most systems are links into /usr, and where the loader finds libraries."""
    parts = []
    for path in map(Path, ("/bin", "/lib", "/lib64", "/lib32")):
        if path.is_symlink():
            parts += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            parts += ["--ro-bind", str(path), str(path)]
    return [
        *parts,
        "--perms",
        "0755",
        "--dir",
        "/etc",
        "--ro-bind-try",
        "/etc/ld.so.cache",
        "/etc/ld.so.cache",
        "--ro-bind-try",
        "/nix/store",
        "/nix/store",
    ]


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


def _environment() -> list[str]:
    return [part for name, value in ENVIRONMENT.items() for part in ("--setenv", name, value)]


def docker(limits: Limits, name: str, engine: str = "docker", image: str = IMAGE) -> list[str]:
    """A worker in a container of its own, that is gone when it ends. `name` is the container's, `image` holds companion and this kit."""
    wall = ["--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "65534:65534"]
    bounds = ["--memory", "4g", "--memory-swap", "4g", "--pids-limit", "64", "--ulimit", "core=0"]
    files = ["--tmpfs", f"/tmp:size={limits.disk},mode=1777", "--workdir", "/tmp", "--shm-size", "64m"]
    variables = [part for key, value in ENVIRONMENT.items() if key != "PATH" for part in ("--env", f"{key}={value}")]
    names = ["--name", name, "--label", f"coursework={name.rpartition('-')[0]}", "--pull", "never"]
    command = ["python", "-I", "-c", "import sys; from coursework.sandbox.worker_process import main; main(sys.argv[1])"]
    run = [engine, "run", "-i", "--rm", "--init", *names, *wall, *bounds, *files, *variables]
    return [*run, image, *command, settings(limits, False)]


def engine() -> str | None:
    """The container engine that answers: "docker", "podman" or None."""
    return next((name for name in ("docker", "podman") if shutil.which(name) and _answers([name, "info"])), None)


def _answers(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
