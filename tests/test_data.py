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
import torch

from companion import _torchvision, data

ROOT = Path(__file__).resolve().parent.parent


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


def test_no_test_image_is_a_training_image(digits):
    train = {row.numpy().tobytes() for row in digits.x_train}
    assert not any(row.numpy().tobytes() in train for row in digits.x_test)


def test_the_bundled_images_and_labels_belong_together(digits):
    means = torch.stack([digits.x_train[digits.y_train == digit].mean(dim=0) for digit in range(10)])
    nearest = torch.cdist(digits.x_test, means).argmin(dim=1)
    assert (nearest == digits.y_test).double().mean() > 0.75  # labels in another order would give 0.1


def test_dtype_is_the_callers(digits):
    x = data.load_digits(dtype=torch.float32).x_test
    assert x.dtype == torch.float32
    torch.testing.assert_close(x.double(), digits.x_test, atol=1e-7, rtol=0)
    with pytest.raises(TypeError, match=r"dtype: got torch\.int64, expected a floating point"):
        data.load_digits(dtype=torch.int64)


def test_a_missing_bundled_file_names_itself_and_the_remedy(tmp_path):
    with pytest.raises(data.DataError, match=r"gone\.npz cannot be read .*Reinstall companion"):
        data.load_digits(path=tmp_path / "gone.npz")


def test_one_changed_byte_of_the_bundled_file_is_noticed(tmp_path):
    content = bytearray(data.BUNDLED.read_bytes())
    content[1000] ^= 1
    (tmp_path / "digits.npz").write_bytes(content)
    with pytest.raises(data.DataError, match=rf"is damaged: SHA-256 .* expected {data.BUNDLED_SHA256}"):
        data.load_digits(path=tmp_path / "digits.npz")


def test_the_script_makes_the_same_bytes_twice_and_takes_the_first_of_each_class(tmp_path):
    script = tmp_path / "tools" / "make_digits.py"
    script.parent.mkdir()
    script.write_text((ROOT / "tools" / "make_digits.py").read_text())
    out = tmp_path / "companion" / "_bundled" / "digits.npz"
    out.parent.mkdir(parents=True)
    raw = write_small_mnist(tmp_path, train=10_500, test=2_500)
    made = []
    for _ in range(2):
        subprocess.run([sys.executable, script, tmp_path], check=True, capture_output=True)
        made.append(out.read_bytes())
    assert made[0] == made[1]
    arrays = np.load(out)
    every = np.frombuffer((raw / "train-images-idx3-ubyte").read_bytes(), dtype=np.uint8, offset=16).reshape(-1, 28, 28)
    assert (arrays["x_train"] == every[:10_000]).all()  # labels go round, so the first 1,000 of each are the first 10,000
    assert np.bincount(arrays["y_test"]).tolist() == [200] * 10


@pytest.mark.skipif("COURSE_MNIST" not in os.environ, reason="COURSE_MNIST names no folder with the full MNIST")
def test_the_bundled_file_comes_from_mnist(digits):
    mnist = data.load_mnist(os.environ["COURSE_MNIST"])
    first = torch.cat([torch.nonzero(mnist.y_test == digit)[:200, 0] for digit in range(10)]).sort().values
    torch.testing.assert_close(digits.x_test, mnist.x_test[first], atol=0, rtol=0)


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
