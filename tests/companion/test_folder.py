"""load_folder: what becomes of every kind of file, pixels against their own arithmetic, copies, order, and nothing written."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from companion import data

SIDE = 8


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 4), dtype=np.uint8)


@pytest.fixture
def load(tmp_path):
    return lambda **options: data.load_folder(tmp_path, **{"size": SIDE, "ink": "light"} | options)


def became(pictures):
    return {each.file: (each.became, each.why) for each in pictures.report}


def test_every_kind_of_file_has_its_line_in_the_report(tmp_path, noise, load):
    picture = Image.fromarray(noise[..., :3])
    other = [Image.fromarray(np.roll(noise[..., :3], k, axis=0)) for k in range(1, 6)]
    picture.save(tmp_path / "a.png")
    (tmp_path / "in" / "ner").mkdir(parents=True)
    (tmp_path / "in" / "ner" / "same.png").write_bytes((tmp_path / "a.png").read_bytes())
    picture.save(tmp_path / "in" / "resaved.bmp")
    other[0].save(tmp_path / "moving.gif", save_all=True, append_images=other[1:3])
    other[3].save(tmp_path / "wrong-ending.txt", format="WEBP", lossless=True)
    (tmp_path / "notes.png").write_text("these are words")
    (tmp_path / "zero.jpg").write_bytes(b"")
    (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:120])
    (tmp_path / ".hidden.png").write_bytes(b"x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "inside.png").write_bytes(b"x")
    (tmp_path / "out.png").symlink_to("/etc/hostname")
    (tmp_path / "round").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    Image.new("1", (8000, 8000)).save(tmp_path / "huge.png")
    before = {file: file.lstat().st_mtime_ns for file in tmp_path.rglob("*")}
    found = became(load())
    assert {file: kind for file, (kind, _) in found.items()} == {
        "a.png": "loaded",
        "moving.gif": "loaded",
        "wrong-ending.txt": "loaded",
        "in/ner/same.png": "copy",
        "in/resaved.bmp": "copy",
        **dict.fromkeys(
            ("notes.png", "zero.jpg", "cut.png", ".hidden.png", ".git", "out.png", "round", "pipe.png", "huge.png"), "skipped"
        ),
    }
    assert found["in/ner/same.png"][1] == "the same bytes as a.png"
    assert found["in/resaved.bmp"][1] == "the same pixels as a.png"
    assert "the first of several frames" in found["moving.gif"][1]
    assert found["zero.jpg"][1] == "empty: 0 bytes"
    assert found["notes.png"][1] == "no picture"
    assert found["cut.png"][1].startswith("broken: ")
    assert found["huge.png"][1] == "8000 x 8000: more than 50,000,000 pixels"
    assert found["pipe.png"][1] == "neither a file nor a folder"
    assert found["out.png"][1] == found["round"][1] == "a link"
    assert {file: file.lstat().st_mtime_ns for file in tmp_path.rglob("*")} == before


def test_grey_is_the_weighted_sum_of_the_colours_and_ink_is_its_other_end(tmp_path, noise, load):
    Image.fromarray(noise[..., :3]).save(tmp_path / "a.png")
    light = load().x[0].reshape(SIDE, SIDE).numpy()
    expected = noise[..., :3] @ np.array([0.299, 0.587, 0.114])
    assert np.abs(255 * light - expected).max() < 0.51
    torch.testing.assert_close(load(ink="dark").x, 1 - load().x)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "LAB"])
def test_each_mode_is_the_picture_that_it_was_made_of(tmp_path, noise, load, mode):
    made = Image.fromarray(noise[..., :3]).convert(mode)
    made.save(tmp_path / ("a.jpg" if mode == "YCbCr" else "a.tiff" if mode in ("CMYK", "LAB") else "a.png"), quality=100)
    expected = np.asarray(made.convert("RGB").convert("L")) / 255
    assert np.abs(load().x[0].reshape(SIDE, SIDE).numpy() - expected).max() < (0.05 if mode == "YCbCr" else 1e-7)


@pytest.mark.parametrize("background", [0, 0.5, 1])
def test_what_is_transparent_lies_on_the_background(tmp_path, noise, load, background):
    Image.fromarray(noise).save(tmp_path / "a.png")
    Image.fromarray(noise[..., :3]).convert("P").save(tmp_path / "b.png", transparency=bytes(256))  # nothing of it is seen
    x = load(background=background).x.reshape(-1, SIDE, SIDE).numpy()
    alpha = noise[..., 3] / 255
    grey = noise[..., :3] @ np.array([0.299, 0.587, 0.114]) / 255
    assert np.abs(x[0] - (alpha * grey + (1 - alpha) * background)).max() < 2.1 / 255
    assert np.abs(x[1] - background).max() < 0.6 / 255


def test_sixteen_bits_stay_sixteen_bits_and_unknown_scales_are_refused(tmp_path, load):
    values = np.arange(SIDE * SIDE, dtype=np.uint16).reshape(SIDE, SIDE) * 1000
    Image.fromarray(values).save(tmp_path / "a.png")
    Image.fromarray(values.astype(np.float32)).save(tmp_path / "b.tiff")
    pictures = load()
    np.testing.assert_allclose(pictures.x[0].numpy(), values.flatten() / 65535, atol=1e-7)
    assert became(pictures)["b.tiff"] == ("skipped", "F: values from 0 to 6.3e+04, whose brightness is not known")


def test_the_first_frame_of_an_animation_is_taken(tmp_path, load):
    frames = [Image.new("L", (SIDE, SIDE), level) for level in (40, 200, 90)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "b.tiff", save_all=True, append_images=frames[1:])
    pictures = load()
    assert (255 * pictures.x == 40).all()
    found = became(pictures)
    assert found["a.gif"][1].startswith("the first of several frames")
    assert found["b.tiff"] == ("copy", "the same pixels as a.gif")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_as_its_exif_data_say(tmp_path, load, orientation):
    stored = np.zeros((SIDE, SIDE), np.uint8)
    stored[1, 2:4] = 255  # where that lies, seen by the standard: rows and columns that begin at the sides that it names
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    seen = {2: np.fliplr, 3: lambda a: a[::-1, ::-1], 4: np.flipud, 5: np.transpose}
    seen |= {6: lambda a: np.rot90(a, -1), 7: lambda a: a[::-1, ::-1].T, 8: np.rot90}
    expected = seen.get(orientation, lambda a: a)(stored)
    np.testing.assert_array_equal(load().x[0].reshape(SIDE, SIDE).numpy() * 255, expected)


def test_a_wide_picture_is_cut_about_its_middle_or_padded(tmp_path, load):
    wide = np.zeros((4, 12), np.uint8)
    wide[:, 4:8] = 200  # the middle square
    Image.fromarray(wide).save(tmp_path / "a.png")
    cut = load(size=4)
    assert (255 * cut.x == 200).all()
    padded = (255 * load(size=(12, 12), fit="pad", background=1).x).reshape(12, 12)
    assert (padded[:4] == 255).all()
    assert (padded[8:] == 255).all()
    np.testing.assert_array_equal(padded[4:8].numpy(), wide)
    halved = (255 * load(size=(2, 6)).x).reshape(2, 6)  # each new pixel the mean of 2 x 2
    np.testing.assert_allclose(halved.numpy(), wide.reshape(2, 2, 6, 2).mean(axis=(1, 3)))


def test_the_order_is_that_of_the_paths_whatever_the_file_system_says(tmp_path, load, monkeypatch):
    for k, name in enumerate(["b/x.png", "a.png", "é.png", "b.png", "a/z.png"]):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (SIDE, SIDE), k).save(tmp_path / name)
    first = load()
    walk = os.walk

    def backwards(*arguments, **options):
        for folder, inner, files in walk(*arguments, **options):
            inner.reverse()
            yield folder, inner, files[::-1]

    monkeypatch.setattr(os, "walk", backwards)
    again = load()
    assert first.files == again.files == ("a.png", "a/z.png", "b.png", "b/x.png", "é.png")
    assert torch.equal(first.x, again.x)
    limited = load(limit=2)
    assert limited.files == ("a.png", "b.png")
    assert became(limited)["é.png"] == ("skipped", "not among the 2 that `limit` takes")


@pytest.mark.usefixtures("as_users_run")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"size": 0}, "size: got 0"),
        ({"size": (28, 2.5)}, r"size: got 2\.5"),
        ({"fit": "stretch"}, "fit: got 'stretch', expected 'crop' or 'pad'"),
        ({"ink": "blue"}, "ink: got 'blue'"),
        ({"background": 255}, "background: got 255, expected a brightness from 0 to 1"),
        ({"limit": 0}, "limit: got 0"),
    ],
)
def test_what_cannot_be_done_says_what_came(tmp_path, options, said):
    with pytest.raises((ValueError, TypeError), match=said):
        data.load_folder(tmp_path, **options)


def test_a_folder_without_pictures_says_what_it_found(tmp_path):
    with pytest.raises(data.DataError, match="does not exist"):
        data.load_folder(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("words")
    with pytest.raises(data.DataError, match="is a file"):
        data.load_folder(tmp_path / "notes.txt")
    with pytest.raises(data.DataError, match=r"no picture that can be loaded, of 1 files \(notes.txt: no picture\)"):
        data.load_folder(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_reported(tmp_path, load, noise):
    Image.fromarray(noise[..., :3]).save(tmp_path / "a.png")
    Path(tmp_path / "b.png").write_bytes(b"x")
    Path(tmp_path / "b.png").chmod(0)
    assert became(load())["b.png"][1].startswith("cannot be read")
