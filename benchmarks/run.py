"""Run the quick benchmarks, one after the other: `make bench`. burda2016.py, which takes an hour, and
lighthouse.py, which fetches Lighthouse from npm, are started by hand."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
QUICK = ("sprites.py", "plane.py", "sweeps.py", "explorables.py", "grading.py")


def main() -> int:
    """Run each in a process of its own, so that one that fails does not take the others along."""
    failed = [name for name in QUICK if subprocess.call([sys.executable, str(HERE / name)]) != 0]
    print(f"bench: {len(QUICK) - len(failed)} of {len(QUICK)} done" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
