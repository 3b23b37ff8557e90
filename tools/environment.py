"""Make .venv and install the pinned environment: `python3 tools/environment.py`, called by `make`. Standard library only.

Written in the Python that every Python 3 can read, so that an unsupported one gets a sentence and not a syntax error.
"""

import os
import platform
import shutil
import subprocess
import sys
import urllib.request

OLDEST, NEWEST = (3, 11), (3, 13)
GIGABYTES = 4
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PATIENCE = 4  # seconds to wait for that index
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, ".installed")


def main():
    problem = unsupported(sys.version_info[:2]) or no_venv() or no_disk(shutil.disk_usage(ROOT).free)
    if problem:
        sys.exit("make: " + problem)
    create()
    install(index_options(platform.system(), cpu_index_answers))
    with open(STAMP, "w") as stamp:
        stamp.write("installed from requirements.txt\n")


def unsupported(version):
    """One line that says what to install when this Python is outside the supported range, else None."""
    if OLDEST <= version <= NEWEST:
        return None
    supported = "%d.%d to %d.%d" % (OLDEST + NEWEST)
    return "Python %d.%d is not supported. Install Python %s and run `make PYTHON=python%d.%d`." % (version + (supported,) + NEWEST)


def no_venv():
    """One line that says what to install when the modules that make a virtual environment are missing, else None."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as error:
        return (
            "Python's module `%s` is missing. Install it (Debian, Ubuntu: apt install python3-venv) and run make again."
            % error.name
        )
    return None


def no_disk(free):
    """One line that says how much space is wanted when there is too little, else None. `free` is in bytes."""
    if free >= GIGABYTES * 10**9:
        return None
    return "%.1f GB are free in %s, and the environment needs %d GB. Free some space and run make again." % (
        free / 1e9,
        ROOT,
        GIGABYTES,
    )


def cpu_index_answers():
    """True when PyTorch's index of CPU-only wheels answers within a few seconds."""
    try:
        with urllib.request.urlopen(CPU_INDEX + "/torch/", timeout=PATIENCE) as reply:
            return reply.status == 200
    except OSError:
        return False


def index_options(system, answers):
    """Options for pip: on Linux the CPU index beside pip's own, when it answers, because the plain wheels bring CUDA."""
    if system != "Linux":
        return []
    if answers():
        print("make: torch comes from PyTorch's CPU index " + CPU_INDEX)
        return ["--extra-index-url", CPU_INDEX]
    print("make: PyTorch's CPU index did not answer within %d s; torch comes from pip's own index" % PATIENCE)
    return []


def create():
    """Make .venv, anew when the one there is broken or of another Python."""
    python = os.path.join(VENV, "bin", "python")
    version = "import sys, pip; print(sys.version_info[:2])"
    if os.path.exists(python):
        found = subprocess.run([python, "-c", version], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if found.stdout.strip() == str(tuple(sys.version_info[:2])):
            return
        shutil.rmtree(VENV)
    print("make: creating .venv")
    sys.stdout.flush()
    if subprocess.call([sys.executable, "-m", "venv", VENV]) != 0:
        sys.exit("make: `%s -m venv .venv` failed; the lines above say why." % sys.executable)


def install(options):
    """Install requirements.txt, companion included, into .venv."""
    print("make: installing the pinned packages (about 2 GB; a few minutes)")
    sys.stdout.flush()
    pip = [os.path.join(VENV, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.call(pip + options + ["-r", "requirements.txt"], cwd=ROOT) != 0:
        problem = no_disk(shutil.disk_usage(ROOT).free)
        sys.exit("make: " + (problem or "pip could not install requirements.txt; the lines above say why. Then run make again."))


if __name__ == "__main__":
    main()
