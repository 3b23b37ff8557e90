"""Fetch axe-core, which the tests of accessibility run in the browser, into the environment: `python tools/axe.py`, called by `make test`.

Once it is kept there, the tests need no network.
"""

import io
import sys
import tarfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "sphinx_ext"))
import npm_package

VERSION = "4.14.1"
STORE = Path(sys.prefix) / "share" / "axe-core" / VERSION


def unpack(package: bytes, target: Path) -> None:
    """Write the script and the licence of axe-core's npm package into the folder ``target``."""
    target.mkdir()
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        for name in ("axe.min.js", "LICENSE"):
            (target / name).write_bytes(archive.extractfile(f"package/{name}").read())


def script(store: Path = STORE) -> Path:
    """Return the file axe.min.js; fetch it when it is not there yet; raise npm_package.NpmError when that fails."""
    return npm_package.keep("axe-core", VERSION, store, unpack) / "axe.min.js"


def main() -> int:
    """Fetch; without a network say so and go on, since only some tests want it."""
    try:
        script()
    except npm_package.NpmError as error:
        print(f"make: {error}; the tests of accessibility want it once: connect to the network and run make test again")
    return 0


if __name__ == "__main__":
    sys.exit(main())
