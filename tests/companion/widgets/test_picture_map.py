"""PictureMap: what is painted is the picture of the nearest code of the grid; numbers and distance follow; a file of it works from disk."""

import numpy as np
import pytest
import torch

from companion import plots
from companion.widgets import LatentMap, PictureMap, page, save_html
from tests.support import ROOT
from tests.support.browser import PATIENCE, watch
from tests.support.seeing import next_frame, pixels

LOW, HIGH, SIDE, SIZE = -3.0, 5.0, 9, (4, 6)
OUTPUT = ".explorable-pair canvas >> nth=1"
INPUT = ".explorable-pair canvas >> nth=0"


@pytest.fixture
def given(generator):
    draw = lambda *shape: torch.rand(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    return {
        "pictures": draw(SIDE**2, 24),
        "codes": LOW + (HIGH - LOW) * draw(40, 2),
        "low": LOW,
        "high": HIGH,
        "size": SIZE,
        "images": draw(3, 24),
        "copies": draw(3, 24),
        "at": torch.tensor([[0.0, 0.0], [4.9, -2.9], [-1.4, 2.6]]).double(),
        "labels": torch.arange(40) % 2,
        "names": ["cat", "dog"],
    }


@pytest.fixture
def make(given):
    return lambda **other: PictureMap(**given | other)


def check(tab, given, z, image=None):
    """The picture of the grid's code that is nearest to z is painted, or an image's copy; its code and the distance to the nearest dot
    are written."""
    grid = plots.grid_codes(LOW, HIGH, SIDE)
    nearest = torch.cdist(torch.tensor([z]).double(), grid)[0].argmin()
    drawn, at = (given["pictures"][nearest], grid[nearest]) if image is None else (given["copies"][image], given["at"][image])
    level = 255 - np.rint(255 * drawn.numpy())
    np.testing.assert_allclose(pixels(tab, OUTPUT), level, atol=0.51)
    said = tab.locator("dd.explorable-code").inner_text().replace("\N{MINUS SIGN}", "-")
    assert [float(part) for part in said.strip("()").split(",")] == pytest.approx(at.tolist(), abs=0.006)
    far = torch.cdist(torch.tensor([z]).double(), given["codes"]).min().item()
    assert float(tab.locator("dd.explorable-distance").inner_text()) == pytest.approx(far, abs=0.006)


def use(tab, given):
    """Send images through, press on the plane, move by a key."""
    for i, z in enumerate(given["at"].tolist()):
        tab.get_by_role("button", name=f"Send test image {i + 1} of 3 through").click()
        next_frame(tab)
        check(tab, given, z, image=i)
        np.testing.assert_allclose(pixels(tab, INPUT), 255 - np.rint(255 * given["images"][i].numpy()), atol=0.51)
    tab.locator(".explorable-handle").press("ArrowUp")
    next_frame(tab)
    check(tab, given, [-1.4, 2.6 + 0.08])
    assert tab.locator(".explorable-alone").count() == 1
    box = tab.locator(".explorable-plane canvas").bounding_box()
    for across, down in ((0.02, 0.03), (0.7, 0.31), (0.98, 0.97)):
        tab.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
        next_frame(tab)
        left, top = tab.locator(".explorable-handle").evaluate("k => [parseFloat(k.style.left), parseFloat(k.style.top)]")
        z = [LOW + left / 100 * (HIGH - LOW), HIGH - top / 100 * (HIGH - LOW)]
        assert z == pytest.approx([LOW + across * (HIGH - LOW), HIGH - down * (HIGH - LOW)], abs=0.05)
        check(tab, given, z)


def test_the_picture_of_the_nearest_code_of_the_grid_is_painted(explorable_page, make, given):
    use(explorable_page(make()), given)


def test_a_key_says_which_colour_each_name_has(explorable_page, make, given):
    tab = explorable_page(make(labels=2 * given["labels"], names=["cat", "none", "dog"]))
    assert tab.locator(".explorable-key span").all_inner_texts() == ["cat", "dog"]
    shown = tab.locator(".explorable-key i").evaluate_all("dots => dots.map((dot) => getComputedStyle(dot).backgroundColor)")
    assert shown == [f"rgb{tuple(int(plots.PALETTE[label][i : i + 2], 16) for i in (1, 3, 5))}" for label in (0, 2)]


def test_without_names_there_is_no_key(explorable_page, make):
    tab = explorable_page(make(names=None))
    assert not tab.locator(".explorable-key").is_visible()


def test_a_phone_shows_map_and_picture_together(explorable_page, make):
    tab = explorable_page(make(), phone=True)
    tops = [tab.locator(where).bounding_box() for where in (".explorable-plane", OUTPUT)]
    assert tops[1]["y"] + tops[1]["height"] - tops[0]["y"] < 700
    assert tab.evaluate("document.documentElement.scrollWidth") <= 375


def test_one_file_works_from_disk_and_asks_for_nothing(browser, make, given, tmp_path):
    file = save_html(make(), tmp_path / "my map.html", title="<b>Cats</b> & dogs", text="</script><img src=x>")
    context = browser.new_context(viewport={"width": 900, "height": 1000})
    tab = context.new_page()
    trouble = watch(tab, file.as_uri())
    tab.goto(file.as_uri())
    tab.wait_for_selector("#explorable[data-live]", timeout=PATIENCE)
    assert tab.locator("h1").inner_text() == "<b>Cats</b> & dogs"
    assert tab.locator("main img").count() == 0
    use(tab, given)
    context.close()
    assert not any(trouble.values())
    assert [each.name for each in tmp_path.iterdir()] == ["my map.html"]


def test_an_explorable_with_weights_works_from_one_file_too(browser, tmp_path, digits):
    from companion import models

    model = models.load_trained("ae-2-seed0")
    z = model.encode(digits.x_train[:50])
    widget = LatentMap(model.decoder.parameters(), z, digits.y_train[:50], images=digits.x_test[:2], at=z[:2], low=-40, high=40)
    file = save_html(widget, tmp_path / "map.html")
    tab = browser.new_page()
    trouble = watch(tab, file.as_uri())
    tab.goto(file.as_uri())
    tab.wait_for_selector("#explorable[data-live]", timeout=PATIENCE)
    assert tab.locator(".explorable-hourglass").count() == 1
    tab.close()
    assert not any(trouble.values())


def test_without_scripts_the_file_shows_the_still_picture(browser, make, tmp_path):
    file = save_html(make(), tmp_path / "map.html")
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(file.as_uri())
    assert tab.locator("main img").bounding_box()["width"] > 300
    context.close()


def test_a_file_that_cannot_be_written_leaves_the_old_one(make, tmp_path, monkeypatch):
    file = tmp_path / "map.html"
    file.write_text("old")

    def fail(*arguments):
        raise OSError("disk full")

    monkeypatch.setattr(page.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        save_html(make(), file)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.usefixtures("as_users_run")
def test_what_is_no_explorable_is_refused(tmp_path):
    with pytest.raises(TypeError, match="save_html: widget: got str, expected an explorable"):
        save_html("map", tmp_path / "map.html")


def test_the_still_picture_holds_the_codes_and_the_picture_that_is_drawn(make, given):
    widget = make()
    plane, beside = widget.still().axes
    assert len(plane.collections[0].get_offsets()) == 40
    assert [text.get_text() for text in beside.get_legend().get_texts()] == ["cat", "dog"]
    tile = beside.images[0].get_array()[1:5, 8:14]
    np.testing.assert_allclose(tile, given["copies"][0].reshape(SIZE), atol=0.003)
    widget.image, widget.point = None, [4.9, -2.9]
    assert widget.shown == torch.cdist(given["at"][1:2], plots.grid_codes(LOW, HIGH, SIDE)).argmin()
    tile = widget.still().axes[1].images[0].get_array()[1:5, 1:7]
    np.testing.assert_allclose(tile, given["pictures"][widget.shown].reshape(SIZE), atol=0.003)


@pytest.mark.usefixtures("as_users_run")
@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"pictures": torch.zeros(80, 24)}, "pictures: got 80, expected the square"),
        ({"pictures": torch.zeros(81, 25)}, r"pictures: got shape \(81, 25\)"),
        ({"pictures": torch.full((81, 24), 2.0)}, "pictures: got values from 2 to 2"),
        ({"pictures": torch.zeros(300**2, 24)}, "expected at most 2,000,000"),
        ({"codes": torch.full((40, 2), 6.0)}, "codes: got numbers from 6 to 6"),
        ({"codes": torch.zeros(0, 2)}, r"codes: got shape \(0, 2\)"),
        ({"labels": torch.full((40,), 10)}, "labels: got shape"),
        ({"names": ["one"]}, "names: got 1, expected one for each label, up to 1"),
        ({"at": torch.zeros(2, 2)}, r"images, at and copies: got \[3, 2, 3\]"),
        ({"copies": torch.zeros(2, 24)}, r"images, at and copies: got \[3, 3, 2\]"),
        ({"low": 5.0}, "low and high: got 5"),
    ],
)
def test_what_does_not_fit_says_so(make, other, said):
    with pytest.raises(ValueError, match=said):
        make(**other)


def test_the_image_that_is_in_must_be_one(make):
    widget = make()
    with pytest.raises(ValueError, match="image: got 3 with 3 images"):
        widget.image = 3


def test_its_files_are_part_of_the_package():
    assert (ROOT / "companion" / "widgets" / "js" / "standalone.js").is_file()
