"""Images as tensors in memory: digits, the full MNIST, sprites drawn from known factors, and any folder. No models, no plots.

Images are flat, of 784 pixels with values in [0, 1]; `load_folder` brings those of any folder, of any size. `load_digits` has
the images to train on and those that judge, `load_validation` the images to choose on: a threshold, a number of steps, the best
of several. `load_mnist` has all of MNIST, `make_sprites` draws. MNIST is by Y. LeCun, C. Cortes and C. J. C. Burges, CC BY-SA
3.0 (LeCun et al. 1998).
"""

import contextlib
import hashlib
import io
import math
import os
import shutil
import stat
import tempfile
import unicodedata
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from PIL import Image, ImageOps
from torch import Tensor

from companion import _require, _torchvision

BUNDLED = Path(__file__).parent / "_bundled" / "digits.npz"
BUNDLED_SHA256 = "2ce9b6ae531f3d5460605ab99125829ff199d63b659d5f7ea4563e3e039408de"
VALIDATION = BUNDLED.with_name("validation.npz")
VALIDATION_SHA256 = "8cf1cab9b1fe4c05eba9f59bf8cc893754a43b17b6b5340458c64813ce6c8cfe"
MNIST_MD5 = {  # of the unpacked files below root/MNIST/raw
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
SIDE = 28  # pixels of an image's side
SPRITE_SIZES = {"shape": 3, "x": 8, "y": 8, "scale": 4, "rotation": 8}  # how many levels each factor of a sprite has
SPRITE_SHAPES = ("ellipse", "rectangle", "triangle")
ORIENTATION = 0x0112  # EXIF's tag
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")  # that a folder's files may have, whatever their names end in
MOST_BYTES = 200_000_000  # of a file
MOST_PIXELS = 50_000_000  # of a file's picture: a small file can ask for more memory than there is


class DataError(RuntimeError):
    """A data file is missing or damaged. The message says which, what was expected and what to do."""


class Dataset(NamedTuple):
    """Images and labels, in memory. Images are flat and lie in [0, 1]; labels are for looking, no model here trains on them."""

    x_train: Float[Tensor, "train 784"]
    y_train: Int[Tensor, "train"]
    x_test: Float[Tensor, "test 784"]
    y_test: Int[Tensor, "test"]


class Validation(NamedTuple):
    """Images to choose on and their labels, in memory. Images are flat and lie in [0, 1]."""

    x: Float[Tensor, "validation 784"]
    y: Int[Tensor, "validation"]


class Sprites(NamedTuple):
    """Pictures of one shape each, and what they were drawn from.

    x: (n, 784), in [0, 1]. factors: (n, 5), int64, the level of each factor from 0. sizes: how many levels each has, in the
    order of the columns: shape, x, y, scale, rotation.
    """

    x: Float[Tensor, "n 784"]
    factors: Int[Tensor, "n 5"]
    sizes: dict[str, int]


class FileReport(NamedTuple):
    """What became of a file. file: its path below the folder. became: "loaded", "copy" or "skipped". why: what was done to it, or why not."""

    file: str
    became: str
    why: str


class Pictures(NamedTuple):
    """Pictures of a folder, each once, and what became of every file.

    x: (n, rows * columns), in [0, 1], row by row; 1 is what the ink is. size: rows and columns. files: n paths below the folder, of
    x's rows. report: a `FileReport` for each file that was found, in the same order; `pandas.DataFrame(report)` is its table.
    """

    x: Float[Tensor, "n pixels"]
    size: tuple[int, int]
    files: tuple[str, ...]
    report: tuple[FileReport, ...]


class _Skipped(Exception):  # noqa: N818  # no error: it says why a file is left out
    """A file that is no picture for us; the message is the report's."""


def load_folder(
    path: str | Path,
    *,
    size: int | tuple[int, int] = SIDE,
    fit: Literal["crop", "pad"] = "crop",
    ink: Literal["dark", "light"] = "dark",
    background: float | int = 1,
    limit: int | None = None,
    dtype: torch.dtype = torch.float64,
) -> Pictures:
    """Load the pictures of a folder and of all folders in it, in grey and in one size. Nothing in the folder is changed.

    PNG, JPEG, GIF, BMP, WebP and TIFF are known by their content. A picture is turned as its EXIF data say, laid on `background` where
    it is transparent, made grey (ITU-R 601-2: 0.299 red + 0.587 green + 0.114 blue; colour is not kept), cut or padded, and brought to
    `size`: each new pixel is the mean of the area that it covers. Of an animation the first frame is taken. 16-bit greys keep their 16 bits.

    Left out, and said in the report: hidden files and folders, links (they may lead out of the folder), what is no picture, is broken,
    is empty, or has more than 50 million pixels or 200 MB, and copies. A copy is a file with the same bytes as an earlier one, or with the same
    pixels after all of this; so no picture can come to lie both among the training and the test images. Near copies can: frames of
    one film, crops of one photograph.

    Args:
        path: the folder.
        size: rows and columns, or one number for both.
        fit: "crop" cuts the longer side about the middle, "pad" shows all and fills up with `background`.
        ink: which end of the grey scale becomes 1. With "dark", x = 1 - brightness, so the course's figures, in which 1 is black, show
            pictures as they are. With "light", x = brightness.
        background: brightness behind what is transparent, and around what is padded: 0 is black, 1 white.
        limit: load at most so many files, at even distances in the order; the report names the others. None for all.
        dtype: floating point type of the images.

    Returns:
        `Pictures`, ordered by path, whatever order the file system has.

    Raises:
        DataError: there is no such folder, or no picture in it; says what was found.
        ValueError or TypeError: an argument is none of those above.

    Example:
        >>> pictures = load_folder("holiday", size=32)
        >>> pandas.DataFrame(pictures.report).became.value_counts()
    """
    size = _folder_size(size)
    _require_folder_options(fit=fit, ink=ink, background=background, limit=limit, dtype=dtype)
    root = Path(path)
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise DataError(f"load_folder: path: {root} {what}. Expected a folder with pictures in it.")
    found = _walk(root)
    chosen = _spread([i for i, (_, why) in enumerate(found) if why is None], limit)
    images: dict[str, np.ndarray] = {}
    report: list[FileReport] = []
    known: dict[bytes, str] = {}
    for i, (name, why) in enumerate(found):
        if why is None and i not in chosen:
            why = f"not among the {limit} that `limit` takes"
        one = FileReport(name, "skipped", why) if why else _load(root / name, name, size, fit, background, images, known)
        report.append(one._replace(file=_printable(name)))
    if not images:
        reasons = "; ".join(f"{each.file}: {each.why}" for each in report[:5])
        raise DataError(
            f"load_folder: {root} has no picture that can be loaded, of {len(report)} files ({reasons or 'it is empty'}). "
            f"Expected at least one {', '.join(FORMATS)} file."
        )
    x = torch.from_numpy(np.stack(list(images.values()))).to(dtype).flatten(1) / 255
    return Pictures(1 - x if ink == "dark" else x, size, tuple(_printable(name) for name in images), tuple(report))


def load_digits(*, dtype: torch.dtype = torch.float64, path: str | Path = BUNDLED) -> Dataset:
    """Load the bundled digits: 10,000 training and 2,000 test images of MNIST, the same number of each digit.

    They are the first 1,000 (200) images of each class in MNIST's training (test) set, in MNIST's order. What is chosen by
    looking at images (a threshold, a number of steps, the best of several) is chosen on others: see `load_validation`.

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
    _require.floating("load_digits: dtype", dtype)
    arrays = np.load(io.BytesIO(_read_checked("load_digits", Path(path), BUNDLED_SHA256)), allow_pickle=False)
    return Dataset(
        x_train=_pixels(torch.from_numpy(arrays["x_train"]), dtype),
        y_train=torch.from_numpy(arrays["y_train"]).long(),
        x_test=_pixels(torch.from_numpy(arrays["x_test"]), dtype),
        y_test=torch.from_numpy(arrays["y_test"]).long(),
    )


def load_validation(*, dtype: torch.dtype = torch.float64, path: str | Path = VALIDATION) -> Validation:
    """Load 1,000 more images of MNIST, 100 of each digit: those on which choices are made, so that the test images judge unseen.

    They lie in MNIST's training set, at equal distances among those after the first 1,000 images of each class. None is a
    training or a test image of `load_digits`. MNIST's test images are by other writers than its training images (LeCun et al.
    1998), so a limit that 5 % of these images pass is passed by another share of the test images.

    Args:
        dtype: floating point type of the images.
        path: the bundled file; anything but the default is for tests.

    Returns:
        A `Validation` with images (1000, 784) and labels (1000,).

    Raises:
        DataError: the file is missing, or its SHA-256 is not the one recorded here.
        TypeError: `dtype` is not a floating point type.

    Example:
        >>> x_valid, y_valid = load_validation()
        >>> x_valid.shape
        torch.Size([1000, 784])
    """
    _require.floating("load_validation: dtype", dtype)
    arrays = np.load(io.BytesIO(_read_checked("load_validation", Path(path), VALIDATION_SHA256)), allow_pickle=False)
    return Validation(_pixels(torch.from_numpy(arrays["x"]), dtype), torch.from_numpy(arrays["y"]).long())


def load_mnist(root: str | Path, *, download: bool = False, dtype: torch.dtype = torch.float64) -> Dataset:
    """Load the full MNIST (60,000 + 10,000 images) through `torchvision.datasets.MNIST`.

    The bundled images are among them. Of each class, the first 1,000 training images are those of `load_digits`, 100 of the
    others those of `load_validation`, and the first 200 test images the test images of `load_digits`. So a model that was
    trained on all of this training set has seen the validation images: put some of `x_train` aside to choose on.

    Args:
        root: the folder that holds, or shall hold, `MNIST/raw/train-images-idx3-ubyte` and its three companions.
        download: fetch the files when they are not there. A download that fails leaves nothing behind.
        dtype: floating point type of the images.

    Returns:
        A `Dataset` with images (60000, 784) and (10000, 784).

    Raises:
        DataError: a file is missing and `download` is False, a file is damaged, or the download failed.
    """
    _require.floating("load_mnist: dtype", dtype)
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


def make_sprites(
    n: int | None = 10_000, *, generator: torch.Generator | None = None, dtype: torch.dtype = torch.float64
) -> Sprites:
    """Draw shapes in ink (1) on paper (0) from five independent factors, so that what a code should find is known.

    The idea is that of dSprites (Matthey et al. 2017), in 28 x 28 pixels: an ellipse, a rectangle or an isosceles triangle, in
    8 columns and 8 rows two pixels apart (x grows to the right, y downwards), in 4 scales (the circle around the shape has a
    radius of 4, 5, 6 or 7 pixels) and 8 rotations. Those are 22.5 degrees apart and stop short of half a turn, after which ellipse and
    rectangle look the same again; so all 6,144 combinations are different pictures. None touches the border. A pixel's value
    is the share of it that the shape covers, measured at 16 x 16 points.

    Args:
        n: how many, factors drawn uniformly and independently; None draws each combination once, rotation varying fastest.
        generator: draws the factors; None is a new one with seed 0.
        dtype: floating point type of the images.

    Returns:
        `Sprites`.

    Raises:
        TypeError or ValueError: `n` is not an int of at least 1, `dtype` is not a floating point type.

    Example:
        >>> sprites = make_sprites(6000)
        >>> sprites.x.shape, sprites.factors.shape
        (torch.Size([6000, 784]), torch.Size([6000, 5]))
    """
    _require.floating("make_sprites: dtype", dtype)
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    _require.generator("make_sprites: generator", generator)
    if n is None:
        factors = torch.cartesian_prod(*(torch.arange(size) for size in SPRITE_SIZES.values()))
    else:
        _require.whole("make_sprites: n", n)
        factors = torch.stack([torch.randint(size, (n,), generator=generator) for size in SPRITE_SIZES.values()], dim=1)
    return Sprites(_moved(_centred_sprites(), factors).to(dtype), factors, dict(SPRITE_SIZES))


def _centred_sprites() -> Tensor:
    """Every shape, scale and rotation in the middle of the picture: (3, 4, 8, 28, 28), float64."""
    points = 16  # a side of a pixel
    line = (torch.arange(SIDE * points, dtype=torch.float64) + 0.5) / points - SIDE / 2
    down, right = torch.meshgrid(line, line, indexing="ij")
    pictures = []
    for shape in SPRITE_SHAPES:
        for radius in (4, 5, 6, 7):
            for turn in range(SPRITE_SIZES["rotation"]):
                angle = math.pi * turn / SPRITE_SIZES["rotation"]  # anticlockwise, as seen
                along = (right * math.cos(angle) - down * math.sin(angle)) / radius
                across = (right * math.sin(angle) + down * math.cos(angle)) / radius
                inside = _inside(shape, along, across).double()
                pictures.append(inside.reshape(SIDE, points, SIDE, points).mean(dim=(1, 3)))
    return torch.stack(pictures).reshape(3, 4, 8, SIDE, SIDE)


def _inside(shape: str, along: Tensor, across: Tensor) -> Tensor:
    """Whether points lie in the shape of size 1, which fits in the unit circle and is longer along than across."""
    edge = 1e-9  # a point on the edge lies within, on every CPU
    if shape == "ellipse":
        return along**2 + (2 * across) ** 2 <= 1 + edge
    if shape == "rectangle":
        return (along.abs() <= 0.9 + edge) & (across.abs() <= 0.4 + edge)
    return (along >= -0.8 - edge) & (across.abs() <= (1 - along) / 3 + edge)  # apex (1, 0), base from (-0.8, -0.6) to (-0.8, 0.6)


def _moved(centred: Tensor, factors: Tensor) -> Tensor:
    """Copy for each row of factors its centred picture, moved by whole pixels: (n, 784)."""
    shape, x, y, scale, rotation = factors.T
    line = torch.arange(SIDE)
    columns = line - (2 * x[:, None] - 7)  # where each pixel comes from; levels 0 to 7 stand at -7, -5, ..., 7
    rows = line - (2 * y[:, None] - 7)
    padded = torch.nn.functional.pad(centred, (7, 7, 7, 7))
    at = (shape[:, None, None], scale[:, None, None], rotation[:, None, None], rows[:, :, None] + 7, columns[:, None, :] + 7)
    return padded[at].reshape(len(factors), SIDE * SIDE)


def _folder_size(size: int | tuple[int, int]) -> tuple[int, int]:
    rows, columns = (size, size) if isinstance(size, int) else size
    for side in (rows, columns):
        _require.whole("load_folder: size", side)
    return rows, columns


def _require_folder_options(*, fit: str, ink: str, background: float | int, limit: int | None, dtype: torch.dtype) -> None:
    for name, value, choices in (("fit", fit, ("crop", "pad")), ("ink", ink, ("dark", "light"))):
        if value not in choices:
            raise ValueError(f"load_folder: {name}: got {value!r}, expected {choices[0]!r} or {choices[1]!r}")
    _require.not_negative("load_folder: background", background)
    if background > 1:
        raise ValueError(f"load_folder: background: got {background}, expected a brightness from 0 to 1")
    if limit is not None:
        _require.whole("load_folder: limit", limit)
    _require.floating("load_folder: dtype", dtype)


def _load(
    file: Path,
    name: str,
    size: tuple[int, int],
    fit: str,
    background: float | int,
    images: dict[str, np.ndarray],
    known: dict[bytes, str],
) -> FileReport:
    """Add a file's picture to `images`, unless it is a copy; `known` has digests of bytes and of pixels, and whose they are."""
    try:
        content = _read_picture(file)
        brightness, done = _brightness(content, size, fit, float(background))
    except _Skipped as problem:
        return FileReport(name, "skipped", str(problem))
    digests = {"bytes": hashlib.sha256(content).digest(), "pixels": hashlib.sha256(brightness.tobytes()).digest()}
    for what, digest in digests.items():
        if digest in known:
            return FileReport(name, "copy", f"the same {what} as {known[digest]}")
    known |= dict.fromkeys(digests.values(), _printable(name))
    images[name] = brightness
    return FileReport(name, "loaded", "; ".join(done))


def _printable(name: str) -> str:
    """A file's name without the bytes that are no text."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _walk(root: Path) -> list[tuple[str, str | None]]:
    """Every file below a folder, as a path below it, with None or why it is left out unread. Links and hidden folders are not entered."""
    found: list[tuple[str, str | None]] = []
    unread: list[OSError] = []
    for folder, inner, files in os.walk(root, onerror=unread.append):
        for name in [*files, *inner]:
            file = Path(folder, name)
            why = _why_not(file)
            if name in inner and why is None:
                continue  # it is entered
            found.append((file.relative_to(root).as_posix(), why))
        inner[:] = [name for name in inner if _why_not(Path(folder, name)) is None]
    for error in unread:
        found.append((Path(error.filename).relative_to(root).as_posix(), f"cannot be read: {error.strerror}"))
    return sorted(found, key=lambda each: (unicodedata.normalize("NFC", each[0]), each[0]))


def _why_not(file: Path) -> str | None:
    """Why a file or folder is left out unread, by its name and kind; None when it is not."""
    try:
        mode = file.lstat().st_mode
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if stat.S_ISLNK(mode):
        return "a link"
    if file.name.startswith(".") or file.name in ("Thumbs.db", "desktop.ini", "__MACOSX"):
        return "hidden"
    if stat.S_ISDIR(mode) or stat.S_ISREG(mode):
        return None
    return "neither a file nor a folder"


def _spread(places: list[int], limit: int | None) -> set[int]:
    """All places, or `limit` of them at even distances."""
    if limit is None or len(places) <= limit:
        return set(places)
    return {places[i * len(places) // limit] for i in range(limit)}


def _read_picture(file: Path) -> bytes:
    try:
        if (size := file.stat().st_size) > MOST_BYTES:
            raise _Skipped(f"{size:,} bytes, more than {MOST_BYTES:,}")
        content = file.read_bytes()
    except OSError as error:
        raise _Skipped(f"cannot be read: {error.strerror}") from error
    if not content:
        raise _Skipped("empty: 0 bytes")
    return content


def _brightness(content: bytes, size: tuple[int, int], fit: str, background: float) -> tuple[np.ndarray, list[str]]:
    """A file's picture as brightness from 0 to 255, float32 (rows, columns), and what was done to it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd files: they load, or they are reported
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                return _fitted(image, size, fit, background)
    except _Skipped:
        raise
    except Image.UnidentifiedImageError:
        raise _Skipped("no picture") from None
    except Image.DecompressionBombError:
        raise _Skipped(f"more than {MOST_PIXELS:,} pixels") from None
    except Exception as error:  # Pillow raises nearly any kind on a file that is damaged, and one file must not cost the others
        raise _Skipped(f"broken: {' '.join(str(error).split()) or type(error).__name__}") from error


def _fitted(image: Image.Image, size: tuple[int, int], fit: str, background: float) -> tuple[np.ndarray, list[str]]:
    """The first frame, upright, grey, in its size."""
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise _Skipped(f"{width} x {height}: more than {MOST_PIXELS:,} pixels")
    done = ["the first of several frames"] if getattr(image, "is_animated", False) else []
    image.seek(0)
    image.load()
    try:
        turned = ImageOps.exif_transpose(image)
        done += ["turned as its EXIF data say"] * (image.getexif().get(ORIENTATION, 1) in range(2, 9))
    except Exception:  # EXIF data that are damaged do not make the picture worthless
        turned = image
        done.append("EXIF data broken, not turned")
    grey, more = _grey(turned, background)
    done += more
    rows, columns = size
    came = f"{turned.width} x {turned.height}"
    if (turned.height, turned.width) == size:
        return grey, done
    box, inner = _crop(grey, size) if fit == "crop" else ((0, 0, turned.width, turned.height), _inside_size(grey, size))
    small = np.asarray(Image.fromarray(grey).resize((inner[1], inner[0]), Image.Resampling.BOX, box=box))
    if inner == size:
        return small, [*done, f"from {came}"]
    whole = np.full(size, 255 * background, dtype=np.float32)
    top, left = (rows - inner[0]) // 2, (columns - inner[1]) // 2
    whole[top : top + inner[0], left : left + inner[1]] = small
    return whole, [*done, f"from {came}, padded"]


def _crop(grey: np.ndarray, size: tuple[int, int]) -> tuple[tuple[float, float, float, float], tuple[int, int]]:
    """The largest box of a size's shape about the middle (left, top, right, bottom), and the size itself."""
    height, width = grey.shape
    scale = min(height / size[0], width / size[1])
    left, top = (width - scale * size[1]) / 2, (height - scale * size[0]) / 2
    return (left, top, width - left, height - top), size


def _inside_size(grey: np.ndarray, size: tuple[int, int]) -> tuple[int, int]:
    """The largest size of a picture's shape that fits into a size."""
    height, width = grey.shape
    scale = min(size[0] / height, size[1] / width)
    return min(size[0], max(1, round(scale * height))), min(size[1], max(1, round(scale * width)))


def _grey(image: Image.Image, background: float) -> tuple[np.ndarray, list[str]]:
    """Brightness from 0 to 255, float32, and what was done."""
    if image.mode.startswith("I") or image.mode == "F":
        return _deep_grey(image, background)
    done = ["made grey"] if image.mode not in ("1", "L", "LA", "La") else []
    if image.has_transparency_data:
        done = [*done, f"laid on a background of {background:g}"]
        image = image.convert("RGBA")
        level = round(255 * background)
        ground = Image.new("RGBA", image.size, (level, level, level, 255))
        image = Image.alpha_composite(ground, image)
    if image.mode not in ("1", "L"):
        image = image.convert("RGB")
    return np.asarray(image.convert("L"), dtype=np.float32), done


def _deep_grey(image: Image.Image, background: float) -> tuple[np.ndarray, list[str]]:
    """The same for greys of more than 8 bits; Pillow's own way to 8 bits would cut them off at 255."""
    values = np.asarray(image).astype(np.float64)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > (1 if image.mode == "F" else 65535):
        raise _Skipped(f"{image.mode}: values from {values.min():.4g} to {values.max():.4g}, whose brightness is not known")
    level, done = values / (1 if image.mode == "F" else 65535), ["32 bits" if image.mode == "F" else "16 bits"]
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        level = np.where(values == transparent, background, level)
        done.append(f"laid on a background of {background:g}")
    return (255 * level).astype(np.float32), done


def _pixels(images: Tensor, dtype: torch.dtype) -> Tensor:
    return images.reshape(len(images), -1).to(dtype) / 255


def _raw(root: Path) -> Path:
    return root / "MNIST" / "raw"


def _read_checked(operation: str, path: Path, sha256: str) -> bytes:
    """The content of a bundled file, which has the expected SHA-256."""
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"{operation}: {path} cannot be read ({error.strerror}). Expected the bundled images there. {_require.RESTORE}"
        raise DataError(message) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        came = f"SHA-256 {found} of {len(content)} bytes"
        raise DataError(f"{operation}: {path} is damaged: {came}, expected {sha256}. {_require.RESTORE}")
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
