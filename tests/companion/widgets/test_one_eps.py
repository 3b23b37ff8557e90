"""OneEps: picture, loss and gradients are torch's at mu + sigma * eps, and the estimates are those of the draws that Python foresees."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from companion import data, losses, models
from companion.widgets import OneEps
from companion.widgets.dice import normals
from tests.support.driving import one_eps as shown
from tests.support.seeing import canvas, next_frame, pixels

DRAWS = 1000
WAYS = shown.WAYS
BACK = "The encoder's μ, \N{GREEK SMALL LETTER SIGMA}"


@pytest.fixture(scope="module")
def seven():
    _, _, x_test, y_test = data.load_digits()
    return x_test[y_test == 7][180:181].double()


@pytest.fixture(scope="module")
def vae():
    return models.load_trained("vae-2-seed0")


@pytest.fixture
def make(vae, seven):
    """The widget of chapter 5: `make(**options)`."""
    mu, logvar = vae.encode(seven)
    return lambda **options: OneEps(vae.decoder.parameters(), seven, mu, (0.5 * logvar).exp(), **options)


def decoder_of(one):
    """The decoder with the weights that the page has, in torch."""
    *hidden, last = [[torch.from_numpy(each) for each in layer] for layer in one.decoder.layers()]

    def decode(z):
        for weight, bias in hidden:
            z = F.silu(F.linear(z, weight, bias))
        return F.linear(z, *last)

    return decode


def check(page, one, image):
    """Everything shown follows from the eps, mu and sigma shown, by autograd on the page's weights."""
    eps = shown.eps(page)
    (mu, at_mu), (sigma, at_sigma), (logvar, at_logvar) = (shown.row(page, name) for name in ("mu", "sigma", "logvar"))
    leaves = [torch.tensor(each, requires_grad=True) for each in (mu, 2 * np.log(sigma))]
    spread = (0.5 * leaves[1]).exp()
    spread.retain_grad()
    z = leaves[0] + spread * torch.from_numpy(eps)
    z.retain_grad()
    logits = decoder_of(one)(z[None])
    loss = losses.bernoulli_nll(image, logits).sum()
    loss.backward()
    assert shown.row(page, "z")[0] == pytest.approx(z.detach().numpy(), abs=0.00051)
    assert logvar == pytest.approx(leaves[1].detach().numpy(), abs=0.00051)
    assert shown.loss(page) == pytest.approx(loss.item(), abs=0.0051)
    for found, leaf in ((shown.row(page, "z")[1], z), (at_mu, leaves[0]), (at_sigma, spread), (at_logvar, leaves[1])):
        assert found == pytest.approx(leaf.grad.numpy(), abs=0.0051)
    grey = 255 * (1 - torch.sigmoid(logits)[0].detach().numpy())
    assert np.abs(pixels(page, nth=1) - grey).max() < 0.51
    return mu, sigma, eps, z.grad.numpy()


def handle(page, name):
    return page.get_by_role("slider", name=name, exact=True)


def drag(page, name, right, up):
    """Drag a handle by that much of its plane's width."""
    width = handle(page, name).locator("..").bounding_box()["width"]
    box = handle(page, name).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right * width, y - up * width, steps=4)
    page.mouse.up()
    next_frame(page)


def press(page, name, times=1):
    for _ in range(times):
        page.get_by_role("button", name=name, exact=True).click()
    next_frame(page)
    shown.wait_for_estimates(page)


def levels_of(image):
    return (255 * image).round() / 255


def test_dragged_eps_mu_and_sigma_give_torchs_picture_loss_and_gradients(explorable_page, make, seven):
    one = make(eps=(-1.61, 0.23))
    page = explorable_page(one)
    image = levels_of(seven)
    mu, sigma, eps, _ = check(page, one, image)
    assert [*mu, *sigma] == one.region
    assert eps.tolist() == one.eps
    drag(page, "ε", 0.4, -0.2)
    moved = check(page, one, image)
    assert moved[2] == pytest.approx(eps + 7 * np.array([0.4, -0.2]), abs=0.06)
    assert (moved[2] / 0.05).round() * 0.05 == pytest.approx(moved[2], abs=1e-9)  # a step for each pixel of a phone
    drag(page, "Centre", -0.1, 0.2)
    drag(page, "Sigma 1", -0.06, 0)
    pulled = check(page, one, image)
    assert pulled[0] == pytest.approx([mu[0] - 0.1, mu[1] + 0.2], abs=0.004)
    assert pulled[1][0] == pytest.approx(sigma[0] * np.exp(-0.06 * np.log(10) / 0.22), abs=0.003)
    assert pulled[1][1] == sigma[1]
    press(page, BACK)
    assert np.concatenate(check(page, one, image)[:2]).tolist() == one.start


@pytest.mark.slow
def test_the_arrows_are_eps_its_step_and_the_way_downhill(explorable_page, make, seven):
    one = make(eps=(-1.61, 0.23))
    page = explorable_page(one)
    mu, sigma, eps, gradient = check(page, one, levels_of(seven))
    unit = shown.PLANE / (2 * one.half)
    place = lambda point: (np.array(point) - one.low) * unit  # noqa: E731
    for name, tail, tip in (
        ("at-z", place(mu + sigma * eps), place(mu + sigma * eps - shown.ARROW * gradient)),
        ("at-mu", place(mu), place(mu - shown.ARROW * gradient)),
    ):
        found = shown.ends(page, name)
        assert found[0] == pytest.approx(tail, abs=0.01)
        assert found[1] == pytest.approx(tip, abs=0.01)
    outwards = -shown.ARROW * gradient * eps * unit
    for axis in (0, 1):
        tail, tip = shown.ends(page, f"at-sigma-{axis + 1}")
        assert tip - tail == pytest.approx(np.eye(2)[axis] * outwards[axis], abs=0.01)
        assert (tail - place(mu))[1 - axis] == pytest.approx(0, abs=0.01)
    for plane, start, step in ((0, np.full(2, 300), eps * shown.PLANE / 7), (1, place(mu), sigma * eps * unit)):
        tail, tip = shown.ends(page, "of-eps", plane)
        assert tail == pytest.approx(start, abs=0.01)
        assert tip - tail == pytest.approx(step * (1 - 11 / np.hypot(*step)), abs=0.02)  # short of the dot's 11 units
    dot = page.locator("circle.explorable-place")
    at = [float(dot.get_attribute("cx")), shown.PLANE - float(dot.get_attribute("cy"))]
    assert at == pytest.approx(place(mu + sigma * eps), abs=0.01)


@pytest.mark.slow
def test_a_handle_with_no_room_stands_on_the_other_side_and_its_arrow_turns_with_it(explorable_page, make, seven):
    one = make(eps=(-1.61, 0.23), region=(1.5, 1.122, 0.102, 0.072))
    page = explorable_page(one)
    _, _, eps, gradient = check(page, one, levels_of(seven))
    tail, tip = shown.ends(page, "at-sigma-1")
    unit = shown.PLANE / (2 * one.half)
    assert tail[0] < (1.5 - one.low[0]) * unit
    assert (tip - tail)[0] == pytest.approx(shown.ARROW * gradient[0] * eps[0] * unit, abs=0.01)
    drag(page, "Sigma 1", -0.06, 0)
    assert check(page, one, levels_of(seven))[1][0] == pytest.approx(0.102 * np.exp(0.06 * np.log(10) / 0.22), abs=0.004)


def expected_estimates(one, image, drawn):
    """The three estimates of each draw, (drawn, 2), from Python's draws, torch's gradient and the textbook's formulas."""
    mu, sigma = np.reshape(one.region, (2, 2))
    z = mu + sigma * one.draws[:drawn]
    cost, gradient = shown.backpropagate(decoder_of(one), image, z)
    score = torch.distributions.Normal(*(torch.from_numpy(each) for each in (mu, sigma)))
    leaf = torch.from_numpy(mu.copy()).requires_grad_()
    per_draw = []
    for each in torch.from_numpy(z):
        (slope,) = torch.autograd.grad(torch.distributions.Normal(leaf, score.scale).log_prob(each).sum(), leaf)
        per_draw.append(slope.numpy())
    slopes = np.array(per_draw)
    others = (cost.sum() - cost) / (drawn - 1)
    return gradient, cost[:, None] * slopes, (cost - others)[:, None] * slopes


def test_a_hundred_draws_give_the_estimates_of_torch(explorable_page, make, seven):
    one = make(seed=7)
    page = explorable_page(one)
    press(page, "Roll 100")
    table = shown.estimates(page)
    for way, points in enumerate(expected_estimates(one, levels_of(seven), 100)):
        for axis in (0, 1):
            mean, error = table[f"mean, {axis + 1}"][way].split(" ± ")
            close = [points[:, axis].mean(), points[:, axis].std(ddof=1) / 10, points[:, axis].std(ddof=1)]
            for text, value in zip((mean, error, table[f"scatter, {axis + 1}"][way]), close, strict=True):
                assert shown.number(text) == pytest.approx(value, abs=0.051 if abs(value) < 100 else 0.51)
        inside = points[(np.abs(points) <= 75).all(axis=1)]
        assert int(table["beyond"][way]) == 100 - len(inside)
        assert shown.cloud(page, WAYS[way]) == pytest.approx(inside / 75, abs=0.001)
    assert page.locator(".explorable-count").inner_text() == "100 draws"


def exact_gradient(one, image):
    """Of the mean loss at mu, on a finer and wider grid of eps."""
    line = np.arange(-6, 6.01, 0.25)
    eps = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    weight = np.exp(-0.5 * (eps**2).sum(axis=1))
    mu, sigma = np.reshape(one.region, (2, 2))
    return weight / weight.sum() @ shown.backpropagate(decoder_of(one), image, mu + sigma * eps)[1]


@pytest.mark.slow
def test_the_ring_is_the_gradient_of_the_mean_loss(explorable_page, make, seven):
    one = make(region=(1.0, 1.3, 0.15, 0.05))
    page = explorable_page(one)
    press(page, "Roll 100")
    exact = exact_gradient(one, levels_of(seven))
    ring = page.get_by_role("img", name=WAYS[0]).locator(".explorable-ring")
    at = np.array([float(ring.get_attribute("cx")) / 100 - 1, 1 - float(ring.get_attribute("cy")) / 100])
    assert 75 * at == pytest.approx(exact, abs=0.05)
    text = "({:.1f}, {:.1f})".format(*exact).replace("-", "\N{MINUS SIGN}")
    assert text in page.locator(".explorable-clouds .explorable-quiet").inner_text()


@pytest.mark.slow
def test_draws_grow_follow_a_new_region_and_are_cleared(explorable_page, make, seven):
    one = make(seed=7)
    page = explorable_page(one)
    press(page, "Roll 100", 3)
    for drawn, change in ((300, None), (300, "region"), (DRAWS, "more")):
        if change == "region":
            drag(page, "Sigma 2", 0, 0.05)
            page.wait_for_function("() => !document.querySelector('.explorable-waiting')")
            one.region = [*one.region[:3], shown.row(page, "sigma")[0][1]]
        if change == "more":
            press(page, "Roll 100", 7)
            assert page.get_by_role("button", name="Roll 100").is_disabled()
        points = expected_estimates(one, levels_of(seven), drawn)[2]
        scatter = shown.estimates(page)["scatter, 2"][2]
        assert shown.number(scatter) == pytest.approx(points[:, 1].std(ddof=1), abs=0.051)
    press(page, "± 5,000")
    assert len(shown.cloud(page, WAYS[1])) > 900  # of those that the narrower planes leave out
    press(page, "Clear")
    assert {text for texts in shown.estimates(page).values() for text in texts} == {""}
    assert page.get_by_role("button", name="Clear").is_disabled()


@pytest.mark.slow
def test_rolls_are_those_of_python(explorable_page, make, seven):
    one = make(seed=11)
    page = explorable_page(one)
    press(page, "Roll ε", 3)
    eps = check(page, one, levels_of(seven))[2]
    assert eps.tolist() == one.draws[2].round(2).tolist() == normals(11, 3, 2)[2].round(2).tolist()
    said = page.locator(".explorable-unseen").inner_text()
    pair = "{:.2f}, {:.2f}".format(*eps).replace("-", "\N{MINUS SIGN}")
    assert said == f"Roll 3: ε ({pair}), loss {shown.loss(page):.2f} nats."


@pytest.mark.slow
def test_contour_lines_stand_where_the_loss_has_their_value(explorable_page, make, seven):
    """What is inked on the plane, away from its lines and letters, has for its loss a multiple of five nats."""
    one = make()
    page = explorable_page(one)
    ink = canvas(page.locator(".explorable-plane canvas").nth(1))[..., 3]
    rows, columns = np.nonzero((ink > 90) & (ink < 140))
    keep = (rows > 60) & (rows < 250) & (columns > 60) & (columns < 540)
    points = np.stack([columns[keep] + 0.5, shown.PLANE - rows[keep] - 0.5], axis=1) / shown.PLANE * 2 * one.half + one.low
    points = points[(np.abs(points - 0.2 * np.round(points / 0.2)) > 0.005).all(axis=1)]  # away from the window's lines
    nats, _ = shown.backpropagate(decoder_of(one), levels_of(seven), points)
    off = np.abs(nats - 5 * np.round(nats / 5))
    assert len(points) > 1500
    assert np.median(off) < 0.1
    assert (off < 1).mean() > 0.99


@pytest.mark.slow
def test_keys_and_touch_on_a_phone(explorable_page, make, seven):
    one = make(eps=(0, 0))
    page = explorable_page(one, phone=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    handle(page, "Centre").press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    handle(page, "Sigma 1").press("ArrowRight")
    handle(page, "ε").press("Shift+ArrowLeft")
    next_frame(page)
    mu, sigma, eps, _ = check(page, one, levels_of(seven))
    assert mu == pytest.approx([one.start[0] + 0.01, one.start[1] + 0.05], abs=1e-9)
    assert sigma[0] == pytest.approx(one.start[2] * 1.06, abs=0.0006)
    assert eps.tolist() == [-0.35, 0]
    plane = page.locator(".explorable-plane").first.bounding_box()
    page.touchscreen.tap(plane["x"] + plane["width"] * 1.5 / 7, plane["y"] + plane["height"] * 2.5 / 7)
    next_frame(page)
    assert check(page, one, levels_of(seven))[2] == pytest.approx([-2, 1], abs=0.06)
    for name in ("ε", "Centre", "Sigma 1", "Sigma 2"):
        box = handle(page, name).bounding_box()
        assert min(box["width"], box["height"]) >= 44


@pytest.mark.slow
def test_on_a_phone_what_is_compared_stands_on_one_screen(explorable_page, make):
    page = explorable_page(make(), phone=True, viewport={"width": 360, "height": 740})
    boxes = [page.locator(name).bounding_box() for name in (".explorable-eps-parts", ".explorable-routed")]
    assert max(box["y"] + box["height"] for box in boxes) - boxes[0]["y"] <= 740 - 48  # below the site's bar


@pytest.mark.slow
def test_it_works_from_disk(explorable_page, make, seven):
    one = make()
    check(explorable_page(one, disk=True), one, levels_of(seven))


def test_the_dice_are_standard_normal_and_those_of_the_page():
    eps = normals(0, 20_000)
    assert abs(eps.mean()) < 4 / 20_000**0.5
    assert abs(eps.std() - 1) < 4 / 40_000**0.5
    normal = torch.distributions.Normal(torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64))
    share = np.sort(normal.cdf(torch.from_numpy(eps)).numpy())
    assert np.abs(share - (np.arange(20_000) + 0.5) / 20_000).max() < 1.95 / 20_000**0.5  # Kolmogorov and Smirnov, 1 in 1,000
    assert np.abs(np.corrcoef(eps[:-1], eps[1:])[0, 1]) < 4 / 20_000**0.5


def test_python_computes_what_the_page_does_and_eight_bits_change_little(make, vae, seven):
    one = make(eps=(-1.61, 0.23))
    loss, gradient, x_hat = one.step()
    nats, slope = shown.backpropagate(decoder_of(one), levels_of(seven), one.z[None])
    assert loss == pytest.approx(nats[0], abs=1e-9)
    assert gradient == pytest.approx(slope[0], abs=1e-9)
    nats, slope = shown.backpropagate(vae.decode, seven, one.z[None])
    assert loss == pytest.approx(nats[0], abs=shown.INT8["loss"])
    assert gradient == pytest.approx(slope[0], abs=shown.INT8["gradient"])
    drawn = torch.sigmoid(vae.decode(torch.from_numpy(one.z[None])))[0].detach().numpy()
    assert 255 * np.abs(x_hat - drawn).max() < shown.INT8["pixel"]


def test_the_surface_is_the_loss_on_the_windows_grid(vae, seven):
    one = OneEps(vae.decoder.parameters(), seven, (0.5, 1.4), (0.1, 0.1))
    low, high = one.ends
    heights = low + (high - low) * np.frombuffer(one.surface, "<u2").reshape(41, 41) / 65535
    lines = [start + np.linspace(0, 2 * one.half, 41) for start in one.low]
    for row, column in ((0, 0), (0, 40), (40, 0), (13, 29)):
        z = np.array([[lines[0][column], lines[1][row]]])
        assert heights[row, column] == pytest.approx(shown.backpropagate(decoder_of(one), levels_of(seven), z)[0][0], abs=0.001)


def test_the_still_picture_and_the_name(make):
    one = make(eps=(-2, 0.5))
    assert one.z == pytest.approx([one.region[0] - 2 * one.region[2], one.region[1] + 0.5 * one.region[3]])
    assert repr(one) == "OneEps()"
    bundle, metadata = one._repr_mimebundle_()
    assert metadata["image/png"] == {"width": 600, "height": 390}
    assert bundle["image/png"] == make(eps=(-2, 0.5))._repr_mimebundle_()[0]["image/png"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"eps": (0, 0, 1)}, r"OneEps: eps: got \(0, 0, 1\) of shape \(3,\), expected two finite numbers"),
        ({"eps": (0, 4)}, r"OneEps: eps: got \[0.0, 4.0\], expected both numbers in \[-3.5, 3.5\]"),
        ({"region": (0, 0, 1)}, r"OneEps: region: got .*, expected four finite numbers"),
        ({"region": (0, 1, 0.1, 0.1)}, r"OneEps: region: got mu \[0.0, 1.0\], expected it in the window, \[0.6"),
        ({"region": (1, 1, 0.1, 0.3)}, r"OneEps: region: got sigma \[0.1, 0.3\], expected both numbers in \[0.02, 0.2\]"),
        ({"half": 0}, "OneEps: half: got 0, expected a number above 0"),
        ({"half": 0.2}, r"OneEps: (start|region): got sigma \[0.102, 0.072\], expected both numbers in \[0.008, 0.08\]"),
        ({"seed": -1}, "OneEps: seed: got -1, expected a whole number from 0"),
        ({"rolls": -3}, "OneEps: rolls: got -3, expected a whole number from 0"),
        ({"drawn": 1001}, "OneEps: drawn: got 1001, expected a whole number from 0 to 1000"),
    ],
)
def test_bad_input_is_named(make, wrong, message):
    with pytest.raises(ValueError, match=message):
        make(**wrong)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": np.zeros(783)}, r"OneEps: image: got shape \(783,\), expected \(784,\) or \(1, 784\)"),
        ({"image": np.full(784, np.nan)}, r"OneEps: image: got values from nan to nan, expected them in \[0, 1\]"),
        ({"mu": (1, np.nan)}, r"OneEps: mu: got \(1, nan\) of shape \(2,\), expected two finite numbers"),
        ({"sigma": np.ones((2, 2))}, r"(?s)OneEps: sigma: got .* of shape \(2, 2\), expected two finite numbers"),
        (
            {"decoder": [np.zeros(shape) for shape in ((784, 3), (784,))]},
            "OneEps: decoder: got one from 3 numbers to 784, expected one from 2 to 784",
        ),
    ],
)
def test_bad_arrays_are_named(vae, change, message):
    right = {"decoder": vae.decoder.parameters(), "image": np.zeros(784), "mu": (1, 1), "sigma": (0.1, 0.1)}
    with pytest.raises(ValueError, match=message):
        OneEps(**right | change)
