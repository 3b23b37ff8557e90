"""companion.plots: what stands in the artists, the style's scope, and the errors that bad input gets."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Polygon

from companion import plots

NOT_TEXT = ("figure.figsize", "lines.markersize")


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


def test_rows_carry_a_title_above_each_column(digits):
    ax = plots.image_rows({"original": digits.x_test[:2], "copy": digits.x_train[:2]}, titles=["seven", "two"])
    above = {text.get_text(): text.get_position() for text in ax.texts if text.get_position()[1] < 0}
    assert list(above) == ["seven", "two"]
    assert [x for x, _ in above.values()] == [14.5, 43.5]  # the middle of each 28 pixels, behind a frame of one


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


def test_a_density_has_each_value_at_its_code():
    z = plots.grid_codes(-2, 2, 5)
    values = (z[:, 0] + 10 * z[:, 1] + 22).double()  # a number of its own for each code
    image = plots.density(values, low=-2, high=2).images[0]
    picture, (left, right, bottom, top) = image.get_array(), image.get_extent()
    for code, value in zip(z.tolist(), values.tolist(), strict=True):
        column = round((code[0] - left) / (right - left) * 5 - 0.5)
        row = round((top - code[1]) / (top - bottom) * 5 - 0.5)
        assert picture[row, column] == value
    assert image.get_clim() == (0, 44)


def test_a_difference_of_densities_has_no_colour_at_zero():
    image = plots.density(torch.tensor([-1.0, 0.0, 0.5, 0.0]), low=0, high=1, signed=True).images[0]
    assert image.get_clim() == (-1, 1)
    assert min(image.cmap(image.norm(0.0))) > 0.95
    assert plots.density(torch.ones(4), low=0, high=1, largest=3).images[0].get_clim() == (0, 3)


def test_arrows_lead_from_start_to_end_and_are_in_sight():
    start, end = torch.tensor([[0.0, 0.0], [1.0, 1.0]]), torch.tensor([[2.0, 1.0], [1.0, 9.0]])
    ax = plots.arrows(start, end, color=plots.BLUE)
    drawn = ax.collections[0]
    assert drawn.get_offsets().tolist() == start.tolist()
    assert np.stack([drawn.U, drawn.V], axis=1).tolist() == (end - start).tolist()
    assert (drawn.angles, drawn.scale_units, drawn.scale) == ("xy", "xy", 1)
    assert to_hex(drawn.get_facecolors()[0]) == plots.BLUE
    assert ax.get_xlim()[1] >= 2
    assert ax.get_ylim()[1] >= 9


def test_a_line_leads_from_each_point_to_what_came_back_of_it():
    x, x_hat = torch.tensor([[0.0, 0.0], [3.0, 1.0]]), torch.tensor([[0.0, 2.0], [2.0, 1.0]])
    ax = plots.errors_in_plane(x, x_hat, color=plots.BLUE, label="copy")
    lines, given, back = ax.collections
    assert [segment.tolist() for segment in lines.get_segments()] == torch.stack([x, x_hat], dim=1).tolist()
    assert (given.get_offsets().tolist(), back.get_offsets().tolist()) == (x.tolist(), x_hat.tolist())
    assert to_hex(back.get_facecolors()[0]) == to_hex(lines.get_colors()[0]) == plots.BLUE
    assert (back.get_label(), ax.get_aspect()) == ("copy", 1)


def test_intervals_reach_from_low_to_high():
    x, mean = torch.tensor([1, 2]), torch.tensor([5.0, 6.0])
    ax = plots.intervals(x, mean, torch.tensor([4.0, 5.5]), torch.tensor([7.0, 6.0]), label="estimate")
    assert ax.lines[0].get_xydata().tolist() == [[1, 5], [2, 6]]
    assert [segment.tolist() for segment in ax.collections[0].get_segments()] == [[[1, 4], [1, 7]], [[2, 5.5], [2, 6]]]
    assert ax.get_legend_handles_labels()[1] == ["estimate"]


def test_an_hourglass_narrows_to_the_numbers_and_widens_to_the_output(digits):
    x, x_hat = digits.x_test[:2]
    ax = plots.hourglass(x, torch.tensor([0.5, -1.25]), x_hat)
    for picture, image in zip(ax.images, (x, x_hat), strict=True):
        assert (picture.get_array() == image.reshape(28, 28).numpy()).all()
    encoder, decoder = (patch.get_xy()[:4] for patch in ax.patches if isinstance(patch, Polygon))
    (x_0, wide), (x_1, narrow) = encoder[:2]
    assert (x_0, x_1) == (ax.images[0].get_extent()[1], 100 - decoder[1, 0])
    assert wide == ax.images[0].get_extent()[3] > 2 * narrow > 0
    assert decoder == pytest.approx(encoder * (-1, 1) + (100, 0))
    words = {text.get_text(): text.get_alpha() for text in ax.texts}
    assert words["$z_1 = 0.50$\n$z_2 = -1.25$"] is None
    assert [words[name] for name in ("encoder", "decoder")] == [1, 1]


def test_an_hourglass_without_an_image_has_only_its_decoder_in_full_ink(digits):
    ax = plots.hourglass(None, torch.zeros(1), digits.x_test[0])
    words = {text.get_text(): text.get_alpha() for text in ax.texts}
    assert words["encoder"] < 0.5 < words["decoder"]
    assert {"no image", "$z$: 1 number"} < set(words)
    assert len(ax.images) == 1


def test_no_text_of_the_style_is_too_small_on_a_phone():
    sizes = {name: value for name, value in plots.STYLE.items() if name.endswith("size") and name not in NOT_TEXT}
    assert len(sizes) == 6
    assert min(sizes.values()) * 340 / 600 * 100 / 72 >= 9  # a figure of 600 pixels has 100 a inch; a phone shows it 340 wide


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
PLANE, ONES = torch.zeros(2, 2), torch.ones(2)


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
        (lambda: plots.decoded_grid(X, low=0, high=1), ValueError, r"decoded_grid: x: got 2 of them, expected the square"),
        (lambda: plots.image_rows({"a": X}, titles=["one"]), ValueError, r"image_rows: titles: got 1 for 2 columns"),
        (lambda: plots.density(ONES, low=0, high=1), ValueError, r"density: values: got 2 of them, expected the square"),
        (lambda: plots.density(-torch.ones(4), low=0, high=1), ValueError, r"density: values: got values down to -1, expected"),
        (
            lambda: plots.density(torch.ones(4) / 0, low=0, high=1),
            ValueError,
            r"density: values: got 4 values that are NaN or infinite",
        ),
        (lambda: plots.density(torch.zeros(4), low=0, high=1), ValueError, r"density: largest: got 0.0, expected a finite number"),
        (lambda: plots.arrows(PLANE, PLANE[:1]), ValueError, r"arrows: start and end: got shapes \(2, 2\) and \(1, 2\)"),
        (lambda: plots.hourglass(X, ONES, X[0]), ValueError, r"hourglass: x: got shape \(2, 784\), expected 1 axes"),
        (
            lambda: plots.hourglass(None, ONES, X[0] + 2),
            ValueError,
            r"hourglass: x_hat: got values from 2 to 2, expected them in \[0, 1\]",
        ),
        (lambda: plots.hourglass(None, torch.ones(5), X[0]), ValueError, r"hourglass: z: got 5 numbers, expected one to four"),
        (lambda: plots.intervals(ONES, ONES, ONES, ONES[:1]), ValueError, r"intervals: x and high: got shapes \(2,\) and \(1,\)"),
        (lambda: plots.intervals(ONES, ONES, ONES + 1, ONES + 2), ValueError, r"intervals: got a mean outside of its interval"),
        (lambda: plots.grid_codes(0, 1, 1), ValueError, r"grid_codes: n: got 1, expected at least 2"),
        (lambda: plots.curves({"a": torch.ones(3)}, smooth=4), ValueError, r"smooth: got 4 for 3 values of a, expected at most"),
        (lambda: plots.curves({"a": torch.ones(3)}, x=torch.ones(2)), ValueError, r"a and x: got shapes \(3,\) and \(2,\)"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
