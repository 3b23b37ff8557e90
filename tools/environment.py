"""Make .venv and install the pinned environment, when it is not there yet: called by tools/make.py and the Makefile. Standard library only.

In syntax that any Python 3 can parse, so that an unsupported one gets a sentence and not a syntax error.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import urllib.request

OLDEST, NEWEST = (3, 11), (3, 14)
PREFERRED = ("3.13", "3.12", "3.11", "3.14")  # in this order, where python3 itself will not do
GIGABYTES = 4
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PATIENCE = 4  # seconds to wait for that index
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, ".installed")


def main():
    problem = unsupported(sys.version_info[:2]) or no_venv()
    if problem:
        other = another_python()
        if other is None:
            sys.exit("make: " + problem)
        sys.exit(subprocess.call([other, os.path.abspath(__file__)]))
    if installed() == wanted():
        return
    problem = no_disk(shutil.disk_usage(ROOT).free)
    if problem:
        sys.exit("make: " + problem)
    if os.path.exists(STAMP):
        os.remove(STAMP)  # what is begun here may be broken off
    create()
    install(index_options(platform.system(), cpu_index_answers))
    with open(STAMP, "w") as stamp:
        stamp.write(wanted())


def unsupported(version):
    """One line that says what to install when this Python is outside the supported range, else None."""
    if OLDEST <= version <= NEWEST:
        return None
    supported = "%d.%d to %d.%d" % (OLDEST + NEWEST)
    return "Python %d.%d is not supported, and no other was found. Install Python %s, or uv, and run make again." % (
        version + (supported,)
    )


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


def another_python():
    """The path of a Python that will do: one on the PATH, or else one that uv brings, or else None."""
    outside = os.pathsep.join(each for each in os.environ.get("PATH", "").split(os.pathsep) if not each.startswith(VENV))
    for version in PREFERRED:
        path = shutil.which("python" + version, path=outside)
        if path and will_do(path):
            return path
    if platform.system() == "Windows" and shutil.which("py"):  # its launcher: `py -3.13`
        paths = (said(["py", "-" + version, "-c", "import sys; print(sys.executable)"]) for version in PREFERRED)
        return next((path for path in paths if path and will_do(path)), None)
    uv = shutil.which("uv")
    if uv is None:
        return None
    print("make: uv brings Python " + PREFERRED[0])
    sys.stdout.flush()
    if subprocess.call([uv, "python", "install", "--quiet", PREFERRED[0]]) != 0:
        return None
    path = said([uv, "python", "find", "--no-project", PREFERRED[0]])
    return path if path and will_do(path) else None


def will_do(path):
    """True when this Python runs, is in the range and can make a virtual environment. (A shim of pyenv's may be there and not run.)"""
    answer = said([path, "-c", "import sys, ensurepip, venv; print('%d.%d' % sys.version_info[:2])"])
    return answer in PREFERRED


def said(command):
    """What a command prints, or "" where it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def wanted():
    """What the stamp says when this Python's environment is whole: it names the Python and the files that were installed."""
    content = hashlib.sha256()
    for name in ("requirements.txt", "pyproject.toml", os.path.join("coursework", "pyproject.toml")):
        with open(os.path.join(ROOT, name), "rb") as file:
            content.update(file.read())
    return "Python %d.%d " % sys.version_info[:2] + content.hexdigest()


def installed():
    """What the stamp says, or "" where there is none or the environment's Python is gone."""
    if not os.path.exists(STAMP) or not os.path.exists(program("python")):
        return ""
    with open(STAMP) as stamp:
        return stamp.read()


def program(name):
    """The path of a program of .venv."""
    windows = platform.system() == "Windows"
    return os.path.join(VENV, "Scripts", name + ".exe") if windows else os.path.join(VENV, "bin", name)


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
    print(
        "make: PyTorch's CPU index did not answer within %d s; torch comes from pip's own index, maybe with CUDA: some GB more"
        % PATIENCE
    )
    return []


def create():
    """Make .venv, anew when the one there is broken or of another Python."""
    python = program("python")
    if os.path.exists(python):
        if said([python, "-c", "import sys, pip; print(sys.version_info[:2])"]) == str(tuple(sys.version_info[:2])):
            return
        shutil.rmtree(VENV)
    print("make: creating .venv with Python %d.%d" % sys.version_info[:2])
    sys.stdout.flush()
    outside = getattr(sys, "_base_executable", sys.executable)  # not the one in .venv, which may just have been removed
    if subprocess.call([outside, "-m", "venv", VENV]) != 0:
        sys.exit("make: `%s -m venv .venv` failed; the lines above say why." % outside)


def install(options):
    """Install requirements.txt, companion included, and the instructor's kit into .venv."""
    print("make: installing the pinned packages (about 2 GB; a few minutes)")
    sys.stdout.flush()
    pip = [program("python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # What coursework needs is pinned in requirements.txt; named there itself, readers would install it, too.
    steps = [options + ["-r", "requirements.txt"], ["--no-deps", "-e", "./coursework"]]
    if any(subprocess.call(pip + step, cwd=ROOT) != 0 for step in steps):
        problem = no_disk(shutil.disk_usage(ROOT).free)
        sys.exit("make: " + (problem or "pip could not install the packages; the lines above say why. Then run make again."))


if __name__ == "__main__":
    main()
