"""companion.plots: what stands in the artists, the style's scope, and the errors that bad input gets."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex, to_rgb

from companion import plots


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_importing_changes_no_style_and_use_style_does():
    with plt.rc_context():
        plt.rcdefaults()
        before = plt.rcParams["figure.figsize"]
        plots.use_style()
        assert plt.rcParams["figure.figsize"] == [plots.WIDTH, 3.4] != before


def test_every_image_stands_whole_in_its_place(digits):
    x = digits.x_test[:7]
    picture = plots.images(x, columns=3).images[0].get_array().filled(np.nan)
    assert picture.shape == (3 * 29 + 1, 3 * 29 + 1)
    for i, image in enumerate(x):
        top, left = 29 * (i // 3) + 1, 29 * (i % 3) + 1
        assert (picture[top : top + 28, left : left + 28] == image.reshape(28, 28).numpy()).all()
    assert np.isnan(picture[::29]).all()  # the frame


def test_ink_is_dark_and_differences_have_a_white_zero(digits):
    ax = plots.images(digits.x_test[:2])
    assert to_hex(ax.images[0].cmap(ax.images[0].norm(1.0))) == "#000000"
    ax = plots.images(digits.x_test[:2] - digits.x_test[2:4], signed=True)
    zero, above, below = (ax.images[0].cmap(ax.images[0].norm(value)) for value in (0.0, 1e-9, -1e-9))
    assert min(zero) > 0.95
    assert zero == above == below


def test_rows_share_columns_and_carry_their_names(digits):
    ax = plots.image_rows({"original": digits.x_test[:4], "copy": digits.x_train[:4]})
    assert [text.get_text() for text in ax.texts] == ["original", "copy"]
    assert ax.images[0].get_array().shape == (2 * 29 + 1, 4 * 29 + 1)


def test_codes_keep_every_point_its_colour_and_its_label(generator):
    z = torch.randn(300, 2, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, 10, (300,), generator=generator)
    ax = plots.codes(z, labels)
    drawn = ax.collections[0]
    expected = {(*point.tolist(), plots.PALETTE[label]) for point, label in zip(z, labels, strict=True)}
    found = zip(drawn.get_offsets().tolist(), drawn.get_facecolors(), strict=True)
    assert {(*point, to_hex(colour)) for point, colour in found} == expected
    zero = next(text for text in ax.texts if text.get_text() == "0")
    np.testing.assert_allclose(zero.get_position(), np.median(z[labels == 0].numpy(), axis=0))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [str(digit) for digit in range(10)]


def test_ellipses_stand_at_the_mean_with_half_axes_of_radius_times_sigma():
    mu, sigma = torch.tensor([[1.0, -2.0], [0.0, 3.0]]), torch.tensor([[0.5, 2.0], [1.0, 0.25]])
    ax = plots.ellipses(mu, sigma, radii=(1, 3), colors=(plots.BLUE, plots.RED))
    drawn = [(*patch.center, patch.width, patch.height, to_hex(patch.get_edgecolor())) for patch in ax.patches]
    assert drawn == [
        (1, -2, 1, 4, plots.BLUE),
        (1, -2, 3, 12, plots.BLUE),
        (0, 3, 2, 0.5, plots.RED),
        (0, 3, 6, 1.5, plots.RED),
    ]
    assert ax.get_xlim()[1] >= 3  # the widest ellipse is in sight
    assert ax.get_ylim()[0] <= -8


def test_a_decoded_grid_shows_each_image_at_its_code(generator):
    z = plots.grid_codes(-2, 2, 3)
    assert z.tolist() == [[-2, 2], [0, 2], [2, 2], [-2, 0], [0, 0], [2, 0], [-2, -2], [0, -2], [2, -2]]
    x = torch.rand(9, 784, generator=generator, dtype=torch.float64)
    image = plots.decoded_grid(x, low=-2, high=2).images[0]
    picture, (left, right, bottom, top) = image.get_array(), image.get_extent()
    for code, tile in zip(z.tolist(), x.reshape(9, 28, 28).numpy(), strict=True):
        column = round((code[0] - left) / (right - left) * 3 - 0.5)  # the image whose middle is at the code
        row = round((top - code[1]) / (top - bottom) * 3 - 0.5)
        assert (picture[28 * row : 28 * row + 28, 28 * column : 28 * column + 28] == tile).all()


def test_codes_without_labels_are_grey(generator):
    ax = plots.codes(torch.randn(5, 2, generator=generator))
    assert {to_hex(colour) for colour in ax.collections[0].get_facecolors()} == {plots.SLATE}
    assert ax.get_legend() is None


def test_a_smoothed_curve_is_the_mean_of_a_window_that_ends_at_its_point():
    ax = plots.curves({"loss": torch.tensor([1.0, 3.0, 5.0, 9.0])}, smooth=2)
    assert ax.lines[0].get_xydata().tolist() == [[1, 2], [2, 4], [3, 7]]


def test_a_plot_goes_where_it_is_told(digits):
    _, (left, right) = plt.subplots(1, 2)
    assert plots.images(digits.x_test[:1], ax=right) is right
    assert plots.curves({"a": torch.ones(3)}, ax=left) is left
    assert len(plt.get_fignums()) == 1


def simulate(colour: str, matrix: np.ndarray) -> np.ndarray:
    """Linear RGB of a colour as seen with a colour vision deficiency (Machado et al. 2009, severity 1.0)."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.clip(matrix @ linear, 0, 1)


def lab(linear: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (white D65) of linear RGB."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    t = xyz / np.array([0.9505, 1.0, 1.089])
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize(
    "matrix",
    [
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],  # protanopia
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],  # deuteranopia
    ],
)
def test_the_colours_of_lines_stay_apart_under_colour_vision_deficiencies(matrix):
    seen = [lab(simulate(colour, np.array(matrix))) for colour in (plots.BLUE, plots.FLAME, plots.VIOLET, plots.SLATE)]
    distances = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(distances) > 15  # of CIE76's 2.3 for a just noticeable difference


X = torch.zeros(2, 784)


@pytest.mark.usefixtures("as_users_run")
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: plots.images(torch.zeros(2, 28, 28)), ValueError, r"images: x: got shape \(2, 28, 28\), expected 2 axes"),
        (lambda: plots.images(X[:0]), ValueError, r"images: x: got shape \(0, 784\), which holds no data"),
        (lambda: plots.images(X * float("nan")), ValueError, r"images: x: got 1568 values that are NaN"),
        (lambda: plots.images(X, columns=0), ValueError, r"images: columns: got 0, expected at least 1"),
        (lambda: plots.images(X, titles=["one"]), ValueError, r"images: titles: got 1 for 2 images in rows of 2"),
        (lambda: plots.image_rows({}), ValueError, r"image_rows: rows: got none"),
        (lambda: plots.image_rows({"a": X, "b": X[:1]}), ValueError, r"got {'a': 2, 'b': 1} images, expected the same number"),
        (lambda: plots.codes(torch.zeros(3, 3)), ValueError, r"codes: z: got shape \(3, 3\), expected a last axis of 2"),
        (
            lambda: plots.codes(X[:, :2], torch.tensor([1])),
            ValueError,
            r"codes: labels: got shape \(1,\) of torch.int64, expected 2 whole",
        ),
        (
            lambda: plots.codes(X[:, :2], torch.tensor([1, 10])),
            ValueError,
            r"labels: got values from 1 to 10, expected them in \[0, 9\]",
        ),
        (lambda: plots.ellipses(X[:, :2], X[:, :2]), ValueError, r"ellipses: sigma: got values down to 0, expected them above 0"),
        (lambda: plots.ellipses(X[:, :2], X[:1, :2]), ValueError, r"mu and sigma: got shapes \(2, 2\) and \(1, 2\)"),
        (lambda: plots.ellipses(X[:, :2], X[:, :2] + 1, colors=["red"]), ValueError, r"ellipses: colors: got 1 for 2 Gaussians"),
        (lambda: plots.decoded_grid(X, low=0, high=1), ValueError, r"decoded_grid: x: got 2 images, expected the square"),
        (lambda: plots.grid_codes(0, 1, 1), ValueError, r"grid_codes: n: got 1, expected at least 2"),
        (lambda: plots.curves({"a": torch.ones(3)}, smooth=4), ValueError, r"smooth: got 4 for 3 values of a, expected at most"),
        (lambda: plots.curves({"a": torch.ones(3)}, x=torch.ones(2)), ValueError, r"a and x: got shapes \(3,\) and \(2,\)"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
