"""Make companion/_bundled/digits.npz from MNIST's IDX files: `python tools/make_digits.py FOLDER` (FOLDER holds MNIST/raw).

Takes the first 1,000 training and 200 test images of each class, in MNIST's order. The same input gives the same bytes: the
arrays are fixed, a bare ZipInfo writes a fixed date into the archive, and the compression level is fixed. Prints the SHA-256
that `companion.data` records; a change of it is a change of the course's data.
"""

import hashlib
import io
import sys
import zipfile
from pathlib import Path

import numpy as np

PER_CLASS = {"train": 1000, "t10k": 200}
OUT = Path(__file__).resolve().parent.parent / "companion" / "_bundled" / "digits.npz"


def read_idx(path: Path) -> np.ndarray:
    """Read one IDX file of unsigned bytes: two zeros, the type 8, the number of axes, the sizes (big endian), the data."""
    raw = path.read_bytes()
    if raw[:3] != b"\x00\x00\x08":
        raise SystemExit(f"{path}: got header {raw[:4].hex()}, expected an IDX file of unsigned bytes (000008..)")
    axes = raw[3]
    shape = np.frombuffer(raw, dtype=">u4", count=axes, offset=4)
    return np.frombuffer(raw, dtype=np.uint8, offset=4 + 4 * axes).reshape(shape)


def balanced(labels: np.ndarray, per_class: int) -> np.ndarray:
    """Indices of the first `per_class` items of each digit, ascending."""
    return np.sort(np.concatenate([np.flatnonzero(labels == digit)[:per_class] for digit in range(10)]))


def select(raw: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 28, 28) and labels (n,) of one part of MNIST, balanced."""
    images, labels = read_idx(raw / f"{part}-images-idx3-ubyte"), read_idx(raw / f"{part}-labels-idx1-ubyte")
    keep = balanced(labels, PER_CLASS[part])
    return images[keep], labels[keep]


def write(out: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write a .npz with level 9 (numpy's own savez_compressed has level 6) and the fixed date of a bare ZipInfo."""
    with zipfile.ZipFile(out, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)


def main(folder: str) -> None:
    raw = Path(folder) / "MNIST" / "raw"
    x_train, y_train = select(raw, "train")
    x_test, y_test = select(raw, "t10k")
    write(OUT, {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test})
    content = OUT.read_bytes()
    print(f"{OUT.name}: {len(content):,} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tools/make_digits.py FOLDER   (FOLDER/MNIST/raw holds the unpacked IDX files)")
    main(sys.argv[1])
