"""Images as tensors in memory: the bundled digits and the full MNIST. Models and plots are elsewhere.

Every loader returns one `Dataset`: flat images of 784 pixels with values in [0, 1], and their labels.
MNIST is by Y. LeCun, C. Cortes and C. J. C. Burges, CC BY-SA 3.0 (LeCun et al. 1998).
"""

import contextlib
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from companion import _torchvision

BUNDLED = Path(__file__).parent / "_bundled" / "digits.npz"
BUNDLED_SHA256 = "2ce9b6ae531f3d5460605ab99125829ff199d63b659d5f7ea4563e3e039408de"
MNIST_MD5 = {  # of the unpacked files below root/MNIST/raw
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


class DataError(RuntimeError):
    """A data file is missing or damaged. The message says which, what was expected and what to do."""


class Dataset(NamedTuple):
    """Images and labels, in memory. Images are flat and lie in [0, 1]; labels are for looking, no model here trains on them."""

    x_train: Float[Tensor, "train 784"]
    y_train: Int[Tensor, "train"]
    x_test: Float[Tensor, "test 784"]
    y_test: Int[Tensor, "test"]


def load_digits(*, dtype: torch.dtype = torch.float64, path: str | Path = BUNDLED) -> Dataset:
    """Load the bundled digits: 10,000 training and 2,000 test images of MNIST, the same number of each digit.

    They are the first 1,000 (200) images of each class in MNIST's training (test) set, in MNIST's order.

    Args:
        dtype: floating point type of the images.
        path: the bundled file; anything but the default is for tests.

    Returns:
        A `Dataset` with images (10000, 784) and (2000, 784).

    Raises:
        DataError: the file is missing, or its SHA-256 is not the one recorded here.
        TypeError: `dtype` is not a floating point type.

    Example:
        >>> digits = load_digits()
        >>> digits.x_train.shape
        torch.Size([10000, 784])
    """
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(f"load_digits: dtype: got {dtype!r}, expected a floating point torch.dtype")
    arrays = np.load(io.BytesIO(_read_checked(Path(path))), allow_pickle=False)
    return Dataset(
        x_train=_pixels(torch.from_numpy(arrays["x_train"]), dtype),
        y_train=torch.from_numpy(arrays["y_train"]).long(),
        x_test=_pixels(torch.from_numpy(arrays["x_test"]), dtype),
        y_test=torch.from_numpy(arrays["y_test"]).long(),
    )


def load_mnist(root: str | Path, *, download: bool = False, dtype: torch.dtype = torch.float64) -> Dataset:
    """Load the full MNIST (60,000 + 10,000 images) through `torchvision.datasets.MNIST`.

    Args:
        root: the folder that holds, or shall hold, `MNIST/raw/train-images-idx3-ubyte` and its three companions.
        download: fetch the files when they are not there. A download that fails leaves nothing behind.
        dtype: floating point type of the images.

    Returns:
        A `Dataset` with images (60000, 784) and (10000, 784).

    Raises:
        DataError: a file is missing and `download` is False, a file is damaged, or the download failed.
    """
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(f"load_mnist: dtype: got {dtype!r}, expected a floating point torch.dtype")
    root = Path(root)
    missing = [name for name in MNIST_MD5 if not (_raw(root) / name).is_file()]
    if missing and not download:
        raise DataError(
            f"load_mnist: {_raw(root) / missing[0]} is missing ({len(missing)} of {len(MNIST_MD5)} files are). "
            f"Expected the unpacked MNIST files below {_raw(root)}. "
            "Pass the folder that holds MNIST/raw, call with download=True, or use load_digits(), which needs no file of yours."
        )
    if missing:
        _download(root)
    _check_md5(root)
    datasets = _torchvision.import_datasets()
    train, test = (datasets.MNIST(str(root), train=train) for train in (True, False))
    return Dataset(_pixels(train.data, dtype), train.targets, _pixels(test.data, dtype), test.targets)


def _pixels(images: Tensor, dtype: torch.dtype) -> Tensor:
    return images.reshape(len(images), -1).to(dtype) / 255


def _raw(root: Path) -> Path:
    return root / "MNIST" / "raw"


def _read_checked(path: Path) -> bytes:
    remedy = "Reinstall companion, or restore the file with `git checkout -- companion/_bundled`."
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"load_digits: {path} cannot be read ({error.strerror}). Expected the bundled digits there. {remedy}"
        raise DataError(message) from error
    found = hashlib.sha256(content).hexdigest()
    if found != BUNDLED_SHA256:
        came = f"SHA-256 {found} of {len(content)} bytes"
        raise DataError(f"load_digits: {path} is damaged: {came}, expected {BUNDLED_SHA256}. {remedy}")
    return content


def _check_md5(root: Path) -> None:
    for name, expected in MNIST_MD5.items():
        path = _raw(root) / name
        content = path.read_bytes()
        if (found := hashlib.md5(content, usedforsecurity=False).hexdigest()) != expected:
            raise DataError(
                f"load_mnist: {path} is damaged: MD5 {found} of {len(content)} bytes, expected {expected}. "
                "Delete it and call with download=True."
            )


def _download(root: Path) -> None:
    """Fetch into a folder beside the final one and move it into place only when it is whole."""
    datasets = _torchvision.import_datasets()
    with _scratch_folder(root) as scratch:
        try:
            for train in (True, False):
                datasets.MNIST(str(scratch), train=train, download=True)
        except (OSError, RuntimeError) as error:  # URLError and HTTPError are OSErrors; torchvision raises RuntimeError at the end
            reason = " ".join(str(error).split())
            raise DataError(
                f"load_mnist: the download into {root} failed ({reason}); nothing was left behind. Expected a network that reaches "
                "an MNIST mirror. Try again later, place the files there by hand, or use load_digits(), which needs no network."
            ) from error
        _raw(root).mkdir(parents=True, exist_ok=True)
        for name in MNIST_MD5:
            os.replace(_raw(scratch) / name, _raw(root) / name)


@contextlib.contextmanager
def _scratch_folder(root: Path) -> Iterator[Path]:
    """A folder on the same disk as `root` that is gone afterwards, with `root` and its parents where this call made them."""
    made = [folder for folder in (root, *root.parents) if not folder.exists()]
    root.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".mnist-", dir=root))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        for folder in made:
            with contextlib.suppress(OSError):  # not empty: the download worked
                folder.rmdir()
