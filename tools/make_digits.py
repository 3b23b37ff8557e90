"""Make the bundled images from MNIST's IDX files: `python tools/make_digits.py FOLDER` (FOLDER holds MNIST/raw).

Into companion/_bundled/digits.npz go the first 1,000 training and 200 test images of each class, into validation.npz 100 of each
class at equal distances among the training images after those, all in MNIST's order. At equal distances, because neighbours in
MNIST are alike: the mean ink of 1,000 images in a row varies 3.7 times as much as that of 1,000 drawn at random.

The same input gives the same bytes: the arrays are fixed, a bare ZipInfo writes a fixed date into the archive, and the
compression level is fixed. Prints the SHA-256 of each file, which `companion.data` records; a change of one is a change of the
course's data.
"""

import hashlib
import io
import sys
import zipfile
from pathlib import Path

import numpy as np

TRAIN, VALIDATION, TEST = 1000, 100, 200  # images of each class
OUT = Path(__file__).resolve().parent.parent / "companion" / "_bundled"


def read_idx(path: Path) -> np.ndarray:
    """Read one IDX file of unsigned bytes: two zeros, the type 8, the number of axes, the sizes (big endian), the data."""
    raw = path.read_bytes()
    if raw[:3] != b"\x00\x00\x08":
        raise SystemExit(f"{path}: got header {raw[:4].hex()}, expected an IDX file of unsigned bytes (000008..)")
    axes = raw[3]
    shape = np.frombuffer(raw, dtype=">u4", count=axes, offset=4)
    return np.frombuffer(raw, dtype=np.uint8, offset=4 + 4 * axes).reshape(shape)


def first(labels: np.ndarray, per_class: int) -> np.ndarray:
    """Indices of the first `per_class` items of each digit, ascending."""
    return np.sort(np.concatenate([np.flatnonzero(labels == digit)[:per_class] for digit in range(10)]))


def spread(labels: np.ndarray, per_class: int, *, after: int) -> np.ndarray:
    """Indices of `per_class` items of each digit at equal distances among those after its first `after`, ascending."""
    rest = [np.flatnonzero(labels == digit)[after:] for digit in range(10)]
    return np.sort(np.concatenate([items[:: len(items) // per_class][:per_class] for items in rest]))


def read_part(raw: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """All images (n, 28, 28) and labels (n,) of one part of MNIST, "train" or "t10k"."""
    return read_idx(raw / f"{part}-images-idx3-ubyte"), read_idx(raw / f"{part}-labels-idx1-ubyte")


def write(out: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write a .npz with level 9 (numpy's own savez_compressed has level 6) and the fixed date of a bare ZipInfo."""
    with zipfile.ZipFile(out, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)


def main(folder: str) -> None:
    raw = Path(folder) / "MNIST" / "raw"
    (x, y), (x_test, y_test) = read_part(raw, "train"), read_part(raw, "t10k")
    train, validation, test = first(y, TRAIN), spread(y, VALIDATION, after=TRAIN), first(y_test, TEST)
    digits = {"x_train": x[train], "y_train": y[train], "x_test": x_test[test], "y_test": y_test[test]}
    write(OUT / "digits.npz", digits)
    write(OUT / "validation.npz", {"x": x[validation], "y": y[validation]})
    for name in ("digits.npz", "validation.npz"):
        content = (OUT / name).read_bytes()
        print(f"{name}: {len(content):,} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tools/make_digits.py FOLDER   (FOLDER/MNIST/raw holds the unpacked IDX files)")
    main(sys.argv[1])
