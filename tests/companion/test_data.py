"""companion.data: what the loaders return, and what they say when a file is missing, damaged or cannot be had."""

import gzip
import hashlib
import os
import subprocess
import sys
import threading
import urllib.error
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest
import scipy.stats
import torch

from companion import _torchvision, data
from tests.support import ROOT


def write_idx(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes() + array.tobytes())


def write_small_mnist(root: Path, *, train: int = 40, test: int = 20) -> Path:
    """A folder like MNIST's with few random images; returns MNIST/raw."""
    random, raw = np.random.default_rng(0), root / "MNIST" / "raw"
    for part, n in (("train", train), ("t10k", test)):
        write_idx(raw / f"{part}-images-idx3-ubyte", random.integers(0, 256, (n, 28, 28), dtype=np.uint8))
        write_idx(raw / f"{part}-labels-idx1-ubyte", (np.arange(n) % 10).astype(np.uint8))
    return raw


@pytest.fixture
def small_mnist(tmp_path, monkeypatch) -> Path:
    """The folder of a small MNIST whose checksums are the expected ones; its files lie in MNIST/raw."""
    raw = write_small_mnist(tmp_path / "digits")
    monkeypatch.setattr(data, "MNIST_MD5", {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in raw.iterdir()})
    return tmp_path / "digits"


@pytest.fixture(scope="module")
def validation() -> data.Validation:
    return data.load_validation()


def hashes(x: torch.Tensor) -> list[str]:
    """SHA-256 of each image as MNIST stores it, 784 bytes."""
    return [hashlib.sha256(row.tobytes()).hexdigest() for row in (x * 255).round().to(torch.uint8).numpy()]


class Mirror(NamedTuple):
    folder: Path
    address: str


@pytest.fixture
def mirror(tmp_path) -> Iterator[Mirror]:
    """A web server on the loopback address that serves one folder."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Mirror(folder, f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


def test_the_bundled_digits_are_balanced_flat_and_between_0_and_1(digits):
    assert digits.x_train.shape == (10_000, 784)
    assert digits.x_test.shape == (2_000, 784)
    assert torch.bincount(digits.y_train).tolist() == [1000] * 10
    assert torch.bincount(digits.y_test).tolist() == [200] * 10
    for x in (digits.x_train, digits.x_test):
        assert x.dtype == torch.float64
        assert (x.min(), x.max()) == (0, 1)


def test_the_validation_images_are_balanced_flat_and_between_0_and_1(validation):
    assert validation.x.shape == (1_000, 784)
    assert torch.bincount(validation.y).tolist() == [100] * 10
    assert validation.x.dtype == torch.float64
    assert (validation.x.min(), validation.x.max()) == (0, 1)


def test_no_image_is_in_two_of_the_three_splits_or_twice_in_one(digits, validation):
    every = [image for x in (digits.x_train, digits.x_test, validation.x) for image in hashes(x)]
    assert len(set(every)) == len(every) == 13_000


def test_the_bundled_images_and_labels_belong_together(digits, validation):
    means = torch.stack([digits.x_train[digits.y_train == digit].mean(dim=0) for digit in range(10)])
    for x, y in ((digits.x_test, digits.y_test), validation):
        nearest = torch.cdist(x, means).argmin(dim=1)
        assert (nearest == y).double().mean() > 0.75  # labels in another order would give 0.1


def test_dtype_is_the_callers(digits, validation):
    for x, double in (
        (data.load_digits(dtype=torch.float32).x_test, digits.x_test),
        (data.load_validation(dtype=torch.float32).x, validation.x),
    ):
        assert x.dtype == torch.float32
        torch.testing.assert_close(x.double(), double, atol=1e-7, rtol=0)


@pytest.mark.parametrize("load", [data.load_digits, data.load_validation])
def test_an_integer_dtype_is_refused(load):
    with pytest.raises(TypeError, match=rf"{load.__name__}: dtype: got torch\.int64, expected a floating point"):
        load(dtype=torch.int64)


@pytest.mark.parametrize("load", [data.load_digits, data.load_validation])
def test_a_missing_bundled_file_names_itself_and_the_remedy(load, tmp_path):
    with pytest.raises(data.DataError, match=rf"{load.__name__}: .*gone\.npz cannot be read .*Reinstall companion"):
        load(path=tmp_path / "gone.npz")


@pytest.mark.parametrize(
    ("load", "path", "sha256"),
    [
        (data.load_digits, data.BUNDLED, data.BUNDLED_SHA256),
        (data.load_validation, data.VALIDATION, data.VALIDATION_SHA256),
    ],
)
def test_one_changed_byte_of_a_bundled_file_is_noticed(load, path, sha256, tmp_path):
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    (tmp_path / path.name).write_bytes(content)
    with pytest.raises(data.DataError, match=rf"{load.__name__}: .* is damaged: SHA-256 .* expected {sha256}"):
        load(path=tmp_path / path.name)


def test_the_script_makes_the_same_bytes_twice_and_takes_the_first_of_each_class_and_some_of_the_rest(tmp_path):
    script = tmp_path / "tools" / "make_digits.py"
    script.parent.mkdir()
    script.write_text((ROOT / "tools" / "make_digits.py").read_text())
    out = tmp_path / "companion" / "_bundled"
    out.mkdir(parents=True)
    raw = write_small_mnist(tmp_path, train=13_500, test=2_500)
    made = []
    for _ in range(2):
        subprocess.run([sys.executable, script, tmp_path], check=True, capture_output=True)
        made.append({path.name: path.read_bytes() for path in out.iterdir()})
    assert made[0] == made[1]
    digits, validation = (np.load(out / name) for name in ("digits.npz", "validation.npz"))
    every = np.frombuffer((raw / "train-images-idx3-ubyte").read_bytes(), dtype=np.uint8, offset=16).reshape(-1, 28, 28)
    assert (digits["x_train"] == every[:10_000]).all()  # labels go round, so the first 1,000 of each are the first 10,000
    assert (validation["x"] == every[10_000:13_000].reshape(300, 10, 28, 28)[::3].reshape(-1, 28, 28)).all()  # 350 left: each third
    assert (validation["y"] == np.arange(1000) % 10).all()
    assert np.bincount(digits["y_test"]).tolist() == [200] * 10


@pytest.mark.skipif("COURSE_MNIST" not in os.environ, reason="COURSE_MNIST names no folder with the full MNIST")
def test_the_bundled_files_come_from_mnist(digits, validation):
    mnist = data.load_mnist(os.environ["COURSE_MNIST"])

    def first_of_each(labels: torch.Tensor, n: int) -> torch.Tensor:
        return torch.cat([torch.nonzero(labels == digit)[:n, 0] for digit in range(10)]).sort().values

    train, test = first_of_each(mnist.y_train, 1000), first_of_each(mnist.y_test, 200)
    assert torch.equal(digits.x_train, mnist.x_train[train])
    assert torch.equal(digits.x_test, mnist.x_test[test])
    place = {image: at for at, image in enumerate(hashes(mnist.x_train))}
    at = torch.tensor([place[image] for image in hashes(validation.x)])
    assert torch.equal(validation.y, mnist.y_train[at])
    assert (at.diff() > 0).all()
    assert not torch.isin(at, train).any()
    assert torch.histc(at.double(), bins=5, min=10_000, max=60_000).min() > 150  # from every fifth of the others


def test_load_mnist_reads_the_folder_through_torchvision(small_mnist):
    mnist = data.load_mnist(small_mnist)
    stored = (small_mnist / "MNIST" / "raw" / "t10k-images-idx3-ubyte").read_bytes()[16:]
    assert mnist.x_train.shape == (40, 784)
    assert (mnist.x_test * 255).round().to(torch.uint8).numpy().tobytes() == stored
    assert mnist.y_test.tolist() == [n % 10 for n in range(20)]


def test_load_mnist_in_the_wrong_folder_names_the_file_and_asks_for_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("went to the network unasked"))
    with pytest.raises(data.DataError, match=r"train-images-idx3-ubyte is missing \(4 of 4 files are\).*download=True"):
        data.load_mnist(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_load_mnist_notices_a_truncated_file(small_mnist):
    path = small_mnist / "MNIST" / "raw" / "t10k-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(data.DataError, match=r"t10k-labels-idx1-ubyte is damaged: MD5 .* of 27 bytes, expected"):
        data.load_mnist(small_mnist)


@pytest.mark.parametrize("existing", [True, False])
def test_a_download_without_network_leaves_nothing_behind(tmp_path, monkeypatch, existing):
    def refuse(*_, **__):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    if existing:
        (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(data.DataError, match=r"the download into .* failed .*nothing was left behind.*load_digits"):
        data.load_mnist(tmp_path if existing else tmp_path / "new" / "folder", download=True)
    assert [path.name for path in tmp_path.rglob("*")] == (["notes.txt"] if existing else [])


def test_a_download_that_breaks_off_leaves_nothing_and_one_that_works_is_whole(small_mnist, mirror, tmp_path, monkeypatch):
    datasets = _torchvision.import_datasets()
    target = tmp_path / "target"
    resources = []
    for path in (small_mnist / "MNIST" / "raw").iterdir():
        content = gzip.compress(path.read_bytes())
        (mirror.folder / f"{path.name}.gz").write_bytes(content)
        resources.append((f"{path.name}.gz", hashlib.md5(content).hexdigest()))
    monkeypatch.setattr(datasets.MNIST, "mirrors", [mirror.address])
    monkeypatch.setattr(datasets.MNIST, "resources", [*resources[:3], (resources[3][0], "0" * 32)])  # the last one arrives damaged
    with pytest.raises(data.DataError, match="nothing was left behind"):
        data.load_mnist(target, download=True)
    assert not target.exists()
    monkeypatch.setattr(datasets.MNIST, "resources", resources)
    assert data.load_mnist(target, download=True).x_train.shape == (40, 784)
    assert sorted(path.name for path in target.rglob("*") if path.is_file()) == sorted(data.MNIST_MD5)


@pytest.mark.slow
def test_torchvision_imports_in_a_fresh_process_and_other_errors_pass_through():
    code = "from companion import _torchvision; print(_torchvision.import_datasets().MNIST.__name__)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "MNIST\n"


def test_the_torchvision_repair_does_nothing_where_the_plain_import_works(monkeypatch):
    marker = ModuleType("torchvision.datasets")
    monkeypatch.setattr("importlib.import_module", lambda name: marker)
    monkeypatch.setattr(_torchvision, "_declare_operators", lambda: pytest.fail("repaired what was not broken"))
    assert _torchvision.import_datasets() is marker


def test_the_torchvision_repair_leaves_other_errors_alone(monkeypatch):
    def fail(name):
        raise RuntimeError("something else")

    monkeypatch.setattr("importlib.import_module", fail)
    with pytest.raises(RuntimeError, match="something else"):
        _torchvision.import_datasets()


# ------------------------------------------------------------------ sprites


@pytest.fixture(scope="module")
def grid() -> data.Sprites:
    """Every combination of factors once."""
    return data.make_sprites(None)


def picture(grid: data.Sprites, **levels: int) -> torch.Tensor:
    """The 28 x 28 picture of given levels; what is not given stands in the middle."""
    wanted = torch.tensor([levels.get(name, size // 2) for name, size in grid.sizes.items()])
    (row,) = (grid.factors == wanted).all(dim=1).nonzero()
    return grid.x[row].reshape(28, 28)


def test_the_grid_holds_every_combination_once_and_each_is_another_picture(grid):
    assert list(grid.sizes.items()) == [("shape", 3), ("x", 8), ("y", 8), ("scale", 4), ("rotation", 8)]
    assert len(torch.unique(grid.factors, dim=0)) == len(grid.x) == 3 * 8 * 8 * 4 * 8
    assert len(torch.unique(grid.x, dim=0)) == len(grid.x)
    nearest = torch.cdist(grid.x[::7], grid.x).topk(2, largest=False).values[:, 1]
    assert nearest.min() > 0.5  # and not by a rounding error: by more than half a pixel


def test_factors_are_uniform_and_independent():
    factors = data.make_sprites(20_000).factors.numpy()
    sizes = list(data.SPRITE_SIZES.values())
    for i, size in enumerate(sizes):
        assert scipy.stats.chisquare(np.bincount(factors[:, i], minlength=size)).pvalue > 1e-4
        for j in range(i):
            table = np.histogram2d(factors[:, i], factors[:, j], bins=(size, sizes[j]))[0]
            assert scipy.stats.chi2_contingency(table).pvalue > 1e-4


def test_one_level_of_x_or_y_moves_the_picture_by_two_pixels(grid):
    for level in range(7):
        here, there = (picture(grid, x=at, rotation=1) for at in (level, level + 1))
        torch.testing.assert_close(there[:, 2:], here[:, :-2], atol=0, rtol=0)
        here, there = (picture(grid, y=at, rotation=1) for at in (level, level + 1))
        torch.testing.assert_close(there[2:], here[:-2], atol=0, rtol=0)


def test_nothing_is_cut_off_at_the_border(grid):
    area = {}
    for row, total in zip(grid.factors.tolist(), grid.x.sum(dim=1), strict=True):
        area.setdefault((row[0], row[3], row[4]), []).append(total)
    for totals in area.values():
        assert len(totals) == 64  # the same area in every place
        assert max(totals) - min(totals) < 1e-9


def test_coverage_adds_up_to_the_area_and_grows_with_the_square_of_the_scale(grid):
    area = {"ellipse": np.pi / 2, "rectangle": 4 * 0.9 * 0.4, "triangle": 0.5 * 1.2 * 1.8}
    for shape, name in enumerate(data.SPRITE_SHAPES):
        for scale, radius in enumerate((4, 5, 6, 7)):
            covered = [picture(grid, shape=shape, scale=scale, rotation=rotation).sum().item() for rotation in range(8)]
            assert covered == pytest.approx(
                [area[name] * radius**2] * 8, rel=0.03
            )  # an edge along a row of points is all or nothing
            assert np.mean(covered) == pytest.approx(area[name] * radius**2, rel=0.01)


def test_edges_are_grey_where_a_shape_covers_part_of_a_pixel(grid):
    assert ((grid.x > 0) & (grid.x < 1)).any(dim=1).double().mean() > 0.99
    # radius 5, turned by 0: 9 x 4 pixels around (14 + 1, 14 + 1): half of the first and of the last column, all of four rows
    expected = torch.zeros(28, 28, dtype=torch.float64)
    expected[13:17, 11:19] = 1
    expected[13:17, [10, 19]] = 0.5
    torch.testing.assert_close(picture(grid, shape=1, scale=1, rotation=0), expected)


def test_a_rotation_of_four_levels_is_a_quarter_turn_anticlockwise(grid):
    middle = slice(1, None)  # the shape stands around pixel corner (15, 15), the middle of what is left
    for shape in range(3):
        for rotation in range(4):
            here, there = (picture(grid, shape=shape, rotation=r)[middle, middle] for r in (rotation, rotation + 4))
            around = torch.nn.functional.pad(here, (0, 1, 0, 1))
            torch.testing.assert_close(torch.nn.functional.pad(there, (0, 1, 0, 1)), around.rot90(), atol=0.02, rtol=0)


def test_sprites_are_the_same_every_time_and_for_every_type():
    first, again = data.make_sprites(300), data.make_sprites(300)
    assert torch.equal(first.x, again.x)
    assert torch.equal(first.factors, again.factors)
    other = data.make_sprites(300, generator=torch.Generator().manual_seed(1), dtype=torch.float32)
    assert not torch.equal(other.factors, first.factors)
    assert other.x.dtype == torch.float32
    assert first.x.min() == 0
    assert first.x.max() == 1


def test_a_sprite_is_the_picture_of_its_factors(grid):
    drawn = data.make_sprites(50)
    for row, x in zip(drawn.factors.tolist(), drawn.x, strict=True):
        torch.testing.assert_close(x.reshape(28, 28), picture(grid, **dict(zip(grid.sizes, row, strict=True))), atol=0, rtol=0)


@pytest.mark.usefixtures("as_users_run")
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n": 0}, ValueError, "make_sprites: n: got 0, expected at least 1"),
        ({"n": 2.0}, TypeError, "make_sprites: n: got 2.0 of type float"),
        ({"generator": 7}, TypeError, "make_sprites: generator: got int, expected a torch.Generator"),
        ({"dtype": torch.int64}, TypeError, "make_sprites: dtype: got torch.int64, expected a floating point"),
    ],
)
def test_sprites_name_what_they_cannot_use(options, error, message):
    with pytest.raises(error, match=message):
        data.make_sprites(**options)
