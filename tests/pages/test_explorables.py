"""Every explorable where its readers meet it: on the built site, over loopback and from disk, moved by mouse, finger and keys.

What each one paints is held against companion in detail in tests/companion/widgets, on pages of one widget. Here: that the stored state, the
site's extension, its policy and its style sheet leave that whole.
"""

import gzip
import http.server
import json
import math
import re
import threading

import nbformat
import numpy as np
import pytest
import torch

from companion import data, evaluation, losses, models, sweep, widgets
from companion.widgets.dice import normals
from companion.widgets.explorable import Explorable
from sphinx_ext import stored_widgets
from tests.support import ROOT
from tests.support.browser import PATIENCE, watch
from tests.support.driving import beta_slider as slider
from tests.support.driving import bottleneck_dial as bottleneck
from tests.support.driving import bring_alive, scroll_to
from tests.support.driving import draw_a_digit as drawing
from tests.support.driving import latent_map as plane
from tests.support.driving import latent_pads as pads
from tests.support.driving import log_variance_dial as dials
from tests.support.driving import one_eps as dice
from tests.support.driving import region as region
from tests.support.driving import two_gaussians as gaussians
from tests.support.seeing import next_frame, pixels
from tools.loopback import serve

BOOK = ROOT / "book"
WHERE = {  # page -> what stands on it, in order
    "index": ["DrawADigit"],
    "01-autoencoders": ["LatentMap"],
    "02-bottleneck": ["BottleneckDial"],
    "03-points-to-regions": ["LatentPads"],
    "04-gaussian-parameters": ["Regions"],
    "05-reparameterization": ["OneEps"],
    "06-log-variance": ["LogVarianceDial"],
    "07-loss": ["TwoGaussians", "DrawADigit", "Bound"],
    "08-beta-tradeoff": ["BetaSlider"],
    "your-own-images": ["PictureMap"],
}
KINDS = {
    "desktop, light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone, dark": {"viewport": {"width": 375, "height": 800}, "color_scheme": "dark", "has_touch": True, "is_mobile": True},
    "from disk": {"viewport": {"width": 1280, "height": 900}},
}


@pytest.fixture(params=[pytest.param(kind, marks=[] if kind == "desktop, light" else pytest.mark.slow) for kind in KINDS])
def kind(request):
    return request.param


@pytest.fixture
def open_page(browser, site, address, kind):
    """Open a page of the book by name and bring its explorables to life; what went wrong on it must be nothing."""
    contexts = []

    def visit(name):
        start = site.as_uri() if kind == "from disk" else address
        context = browser.new_context(**KINDS[kind])
        page = context.new_page()
        page.trouble = watch(page, start)
        contexts.append((context, page))
        page.goto(f"{start}/book/{name}.html")
        bring_alive(page)
        assert page.locator(".explorable-live").count() == len(WHERE[name])
        return page

    yield visit
    trouble = [page.trouble for _, page in contexts if any(page.trouble.values())]
    for context, _ in contexts:
        context.close()
    assert trouble == []


def tap(page, locator, across, down, kind):
    """Press at shares of an element's box, with a finger on the phone and with the mouse elsewhere."""
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    point = box["x"] + across * box["width"], box["y"] + down * box["height"]
    if kind == "phone, dark":
        page.touchscreen.tap(*point)
    else:
        page.mouse.click(*point)
    next_frame(page)


def view_of(page, name, kind):
    """The view of a page's explorable, by its class."""
    return page.locator(".explorable-view").nth(WHERE[name].index(kind))


def test_the_map_draws_what_belongs_to_the_place(open_page, kind):
    page = open_page("01-autoencoders")
    model, state = models.load_trained("ae-2-seed0"), stored_state("01-autoencoders", "LatentMap")
    image = page.get_by_role("button", name="Send the 4 through")
    for pressed in (image, page.locator(".explorable-plane canvas")):
        tap(page, pressed, 0.5, 0.5, kind)
        z = plane.exact(page, state["low"], state["high"])
        assert plane.numbers(page) == pytest.approx(z, abs=0.00501)
        drawn = torch.sigmoid(model.decode(torch.from_numpy(z)[None]))[0].numpy()
        assert np.abs(np.array(pixels(page, plane.OUTPUT)) - 255 * (1 - drawn)).max() < plane.INT8


@pytest.mark.slow
def test_latent_pads_decode_where_they_are_pressed(open_page, kind):
    page = open_page("03-points-to-regions")
    state = stored_state("03-points-to-regions", "LatentPads")
    for index, name in enumerate(pads.NAMES):
        model, pad = models.load_trained(name), state["pads"][index]
        tap(page, page.locator(".explorable-plane canvas").nth(index), 0.4, 0.45, kind)
        left, _ = pads.exact(page, index)
        z = torch.from_numpy(pads.code(page, index, pad)[None])
        painted = np.array(pixels(page, nth=index))
        assert np.abs(painted - 255 * (1 - torch.sigmoid(model.decode(z))[0].numpy())).max() < pads.INT8
        page.locator(".explorable-handle").nth(index).press("ArrowRight")
        next_frame(page)
        assert pads.exact(page, index)[0] == pytest.approx(left + 1, abs=0.01)
        assert np.abs(np.array(pixels(page, nth=index)) - painted).max() > 0


@pytest.mark.slow
def test_regions_show_the_density_of_their_mixture_and_decode_what_is_drawn(open_page, kind):
    page = open_page("04-gaussian-parameters")
    tap(page, page.get_by_role("button", name=re.compile(r"^Region 2 \d+ %$")), 0.5, 0.5, kind)
    page.locator(".explorable-handle:focus, .explorable-handle[data-number='2']").first.press("ArrowLeft")
    next_frame(page)
    stored = stored_state("04-gaussian-parameters", "Regions")["regions"]
    moved = [stored[0], [*region.shown(page)[:2], *stored[1][2:]]]
    assert moved[1][0] != stored[1][0]
    density = region.mixture(moved).log_prob(torch.tensor(moved[1][:2]).double()).exp().item()
    assert region.density(page) == pytest.approx(density, rel=0.006)
    z = region.drawn(page)
    grey = 255 * (1 - torch.sigmoid(models.load_trained("vae-2-seed0").decode(z)))
    assert (region.decoded(page) - grey).abs().max() < region.INT8


@pytest.mark.slow
def test_one_eps_decodes_z_and_hands_its_gradient_on(open_page, kind):
    page = open_page("05-reparameterization")
    tap(page, page.locator(".explorable-plane canvas").first, 0.3, 0.7, kind)
    eps, (mu, at_mu), (sigma, at_sigma) = dice.eps(page), dice.row(page, "mu"), dice.row(page, "sigma")
    assert eps == pytest.approx([-1.4, -1.4], abs=0.06)
    vae = models.load_trained("vae-2-seed0")
    _, _, x_test, y_test = data.load_digits()
    image = x_test[y_test == 7][180:181]
    z = (mu + sigma * eps)[None]
    loss, gradient = dice.backpropagate(vae.decode, image, z)
    assert dice.loss(page) == pytest.approx(loss[0], abs=dice.INT8["loss"])
    assert at_mu == pytest.approx(gradient[0], abs=dice.INT8["gradient"])
    assert at_sigma == pytest.approx(at_mu * eps, abs=0.02)
    grey = 255 * (1 - torch.sigmoid(vae.decode(torch.tensor(z)))[0].numpy())
    assert np.abs(pixels(page, nth=1) - grey).max() < dice.INT8["pixel"]


@pytest.mark.slow
def test_the_dials_take_torchs_steps(open_page, kind):
    page = open_page("06-log-variance")
    state = stored_state("06-log-variance", "LogVarianceDial")
    dials.assert_shows(page, **{name: state[name] for name in ("cost", "rate", "steps")})
    tap(page, page.get_by_role("button", name="restart", exact=True), 0.5, 0.5, kind)
    for steps in range(1, 4):
        tap(page, page.get_by_role("button", name="one step", exact=True), 0.5, 0.5, kind)
        dials.assert_shows(page, cost=state["cost"], rate=state["rate"], steps=steps)


@pytest.mark.slow
def test_two_gaussians_show_companions_kl(open_page, kind):
    page = open_page("07-loss")
    view = view_of(page, "07-loss", "TwoGaussians")
    tap(page, view.locator(".explorable-plane canvas"), 0.3, 0.6, kind)
    mu, logvar = gaussians.point(view)
    kl = losses.gaussian_kl(*gaussians.tensors(mu, logvar)).item()
    assert gaussians.shown(view)["forward"] == pytest.approx(kl, abs=0.0006)


@pytest.mark.parametrize("name", ["index", pytest.param("07-loss", marks=pytest.mark.slow)])
def test_a_drawn_digit_is_encoded_as_companion_encodes_it(open_page, kind, name):
    page = open_page(name)
    view = view_of(page, name, "DrawADigit")
    tap(page, view.locator(".explorable-thumb").nth(2), 0.5, 0.5, kind)
    vae = models.load_trained("vae-2-seed0")
    x = torch.from_numpy(drawing.seen(view).reshape(784))
    mu, logvar, at_mean, _, reconstruction, kl = drawing.expected(vae, x, 0)
    shown = drawing.shown(view)
    assert shown[0] == pytest.approx(mu.tolist(), abs=drawing.INT8["mu"])
    assert shown[1] == pytest.approx(logvar.tolist(), abs=drawing.INT8["logvar"])
    assert shown[2:4] == (
        pytest.approx(reconstruction, abs=drawing.INT8["reconstruction"]),
        pytest.approx(kl, abs=drawing.INT8["kl"]),
    )
    assert np.abs(drawing.strip(view)[0] - at_mean).max() < drawing.INT8["pixel"]
    tap(page, view.get_by_role("button", name="Clear", exact=True), 0.5, 0.5, kind)
    tap(page, view.locator(".explorable-pad"), 0.5, 0.3, kind)
    next_frame(page)
    assert drawing.seen(view).max() > 0.3  # a dot was drawn, and the encoder sees it


@pytest.mark.slow
def test_the_slider_fetches_its_family_and_shows_each_models_numbers(open_page, kind):
    page = open_page("08-beta-tradeoff")
    first = [run for run in sweep.load_stored("beta").runs if run.settings["seed"] == 0]
    slider.go(page, "Home")
    for run in first:
        rate, distortion = (run.result["train"][name] for name in ("rate", "distortion"))
        assert slider.read(page) == pytest.approx([rate, distortion, rate + distortion], abs=0.0051)
        samples = slider.painted(page)[12:]
        name = "vae-2-seed0" if run.settings["beta"] == 1 else f"vae-2-beta{run.settings['beta']:g}"
        z = torch.from_numpy(normals(0, 6, 2))
        off = samples - slider.grey(models.load_trained(name).decode(z))
        assert np.abs(off).max() < slider.LARGEST
        slider.go(page, "ArrowRight")


@pytest.mark.slow
def test_the_bottleneck_dial_shows_what_each_stored_model_makes_of_a_rounded_code(open_page, kind):
    page = open_page("02-bottleneck")
    state = stored_state("02-bottleneck", "BottleneckDial")
    tap(page, page.locator(".explorable-thumb").nth(5), 0.5, 0.5, kind)
    bottleneck.press(page, "numbers", "Home")
    for stage in state["stages"]:
        dim, (codes, low, high) = stage["latent_dim"], (torch.tensor(stage[name]).double() for name in ("codes", "low", "high"))
        z = evaluation.round_code(codes[5:6], state["bits"], low, high)
        x_hat = torch.sigmoid(models.load_trained(f"bottleneck-{dim}").decode(z))[0].numpy()
        (original, reconstruction), _ = bottleneck.painted(page)
        assert np.abs(reconstruction - bottleneck.grey(x_hat)).max() < bottleneck.LARGEST
        size, own, mean = bottleneck.read(page)
        assert size == bottleneck.size(dim, state["bits"])
        assert float(own) == pytest.approx(((x_hat - (1 - original / 255)) ** 2).sum(), abs=bottleneck.ERROR)
        assert float(mean) == pytest.approx(stage["errors"][state["bits"] - 1], abs=0.051)
        bottleneck.press(page, "numbers", "ArrowRight")
    chart = page.locator(".explorable-chart")
    tap(page, chart, *bottleneck.point(chart, 0, 0), kind)  # one number of one bit
    bottleneck.settle(page)
    assert bottleneck.read(page)[0] == bottleneck.size(state["stages"][0]["latent_dim"], 1)


# ------------------------------------------------------------------ what makes them fast, and what it must not spoil


SLIDERS = ("02-bottleneck", "06-log-variance", "08-beta-tradeoff")  # whose explorable has sliders and no handle


def one_and_the_rest(names):
    """Pages for a test of what all explorables share: one in every run, the others with --slow."""
    return [pytest.param(name, marks=[] if name == "04-gaussian-parameters" else pytest.mark.slow) for name in names]


@pytest.mark.parametrize("name", one_and_the_rest(WHERE))
def test_a_move_writes_into_what_stands_there(browser, address, name):
    """New nodes would be laid out anew, and after each the theme's own script measures every printout of the page again."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/book/{name}.html")
    bring_alive(page)
    next_frame(page)
    page.evaluate(
        "() => { window.changed = []; const note = (all) => window.changed.push(...all.map((one) => one.target.outerHTML));"
        "new MutationObserver(note).observe(document.querySelector('main'), { childList: true, subtree: true }); }"
    )
    before = page.locator(".explorable").first.inner_text()
    if name == "index":
        drawing.draw(page, drawing.arc(0.5, 0.5, 0.3, -80, 280)[:12])
    else:
        slider = page.locator(".explorable-view").first.get_by_role("slider")
        (slider.nth(0) if name in SLIDERS else page.locator(".explorable-handle").first).press("ArrowRight")
        next_frame(page)
    assert page.locator(".explorable").first.inner_text() != before
    changed = page.evaluate("window.changed")
    assert [html for html in changed if 'role="status"' not in html] == []  # where a screen reader is told that a stroke has ended
    page.close()


MOVED = ".explorable-handle, input[type=range], .explorable-pad"  # what arrow keys move

KEYS = """async (knob) => {
  const said = () => knob.getAttribute("aria-valuetext"), seen = [said()];
  const press = async () => {
    knob.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, cancelable: true }));
    await null;
    seen.push(said());
  };
  await press();
  await press();
  await new Promise(requestAnimationFrame);
  return [...seen, said()];
}"""


@pytest.mark.parametrize("name", one_and_the_rest(name for name in WHERE if name not in ("index", *SLIDERS)))
def test_a_key_is_drawn_at_once_and_a_second_one_with_the_frame(browser, address, name):
    """Not later, or the time until the frame is lost; not more often, or a burst of events is drawn in vain."""
    page = browser.new_page()
    page.goto(f"{address}/book/{name}.html")
    bring_alive(page)
    before, first, second, framed = page.locator(".explorable-view .explorable-handle").first.evaluate(KEYS)
    page.close()
    assert first != before
    assert second == first
    assert framed != second


@pytest.mark.parametrize("name", one_and_the_rest(WHERE))
def test_the_page_does_not_hear_the_keys_of_an_explorable(browser, address, name):
    """The theme and bootstrap search the whole page at each key that they hear."""
    page = browser.new_page()
    page.goto(f"{address}/book/{name}.html")
    bring_alive(page)
    page.evaluate(
        "() => { window.heard = []; for (const who of [window, document])"
        " who.addEventListener('keydown', (event) => window.heard.push(event.key), { capture: true }); }"
    )
    page.locator(f".explorable-view :is({MOVED})").first.press("ArrowRight")
    assert page.evaluate("window.heard") == []
    page.keyboard.press("Control+k")  # the site's own: it opens the search
    assert "k" in page.evaluate("window.heard")
    assert page.locator(".search-button__wrapper.show").count() == 1
    page.close()


def test_an_explorable_lives_before_its_page_has_come_in(browser, site):
    """The server holds back what follows the explorable until it has been used."""
    whole = (site / "book" / "04-gaussian-parameters.html").read_bytes()
    cut = whole.index(b"<h2>", whole.index(b'class="explorable-view'))
    used = threading.Event()

    class Halting(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            if not self.path.endswith("04-gaussian-parameters.html"):
                return super().do_GET()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(whole[:cut])
            used.wait(PATIENCE / 1000)
            return self.wfile.write(whole[cut:])

    with serve(site, Halting) as start:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        try:
            page.goto(f"{start}/book/04-gaussian-parameters.html", wait_until="commit")
            page.locator(".explorable-view").wait_for(state="attached", timeout=PATIENCE)
            scroll_to(page.locator(".explorable-view"))
            page.locator(".explorable-live").wait_for(state="attached", timeout=PATIENCE)
            before = region.shown(page)
            page.locator(".explorable-handle").first.press("ArrowLeft")
            next_frame(page)
            assert region.shown(page)[0] == pytest.approx(before[0] - 0.08)
            assert page.evaluate("document.readyState") == "loading"
        finally:
            used.set()
            page.close()


# ------------------------------------------------------------------ what is stored, and what it weighs


TOPS = "() => [...document.querySelectorAll('.bd-article section > *')].map((block) => block.getBoundingClientRect().top + scrollY)"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["index", "07-loss"])
def test_text_far_from_view_rests_in_its_place(browser, address, name):
    """What runtime.js lets rest, for speed, stands where it stood: links lead to the right place, and paper has all of it."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/book/{name}.html")
    page.locator(".course-rests").first.wait_for(state="attached", timeout=PATIENCE)
    resting = page.locator(".course-rests").evaluate_all("all => all.map((block) => getComputedStyle(block).contentVisibility)")
    assert len(resting) > 5
    assert set(resting) == {"auto"}
    tops = page.evaluate(TOPS)
    page.evaluate("document.querySelectorAll('.course-rests').forEach((block) => block.classList.remove('course-rests'))")
    assert page.evaluate(TOPS) == pytest.approx(tops, abs=1)
    page.emulate_media(media="print")
    next_frame(page)
    paragraph = page.locator(".bd-article p").first
    assert (
        paragraph.evaluate("p => { p.classList.add('course-rests'); return getComputedStyle(p).contentVisibility; }") == "visible"
    )
    page.close()


def stored_models(name) -> dict:
    """The saved widget models of a notebook, by id."""
    notebook = nbformat.read(BOOK / f"{name}.ipynb", as_version=4)
    return stored_widgets.state(notebook)


def stored_state(name, kind) -> dict:
    """The saved traits of the one widget of a kind in a notebook."""
    return next(m["state"] for m in stored_models(name).values() if m["state"].get("_anywidget_id", "").endswith(f".{kind}"))


def test_the_table_above_is_what_the_notebooks_hold():
    found = {}
    for path in sorted(BOOK.rglob("[0-9a-z]*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        views = [view["model_id"] for cell in cells for view in stored_widgets.views(cell.get("outputs", []))]
        page = path.relative_to(BOOK).with_suffix("").as_posix()
        state = stored_models(page)
        assert all(view in state for view in views), f"{path.name}: a view without its state would be blank"
        if views:
            found[page] = [state[view]["state"]["_anywidget_id"].split(".")[-1] for view in views]
    assert found == WHERE


def page_models(site, name) -> dict:
    """The saved widget models of a built page, by id."""
    html = (site / "book" / f"{name}.html").read_text(encoding="utf-8")
    pattern = rf'<script type="{re.escape(stored_widgets.JUPYTER_STATE)}">(.*?)</script>'
    return json.loads(re.search(pattern, html, re.DOTALL)[1])["state"]


def moved_out(site, name) -> str:
    """The text of a file that the site's extension took out of the pages."""
    script = (site / "_static" / "explorables" / "buffers" / f"{name}.js").read_text(encoding="utf-8")
    return json.loads(script.partition(" = ")[2].removesuffix(";\n"))


@pytest.mark.parametrize("name", WHERE)
def test_a_notebook_stores_no_code(name):
    """A change of a script changes no notebook."""
    text = (BOOK / f"{name}.ipynb").read_text(encoding="utf-8")
    assert not any(f'"{key}":' in text for key in stored_widgets.CODE)
    assert not any(f'"{form}":' in text for form in (stored_widgets.JUPYTER_VIEW, stored_widgets.JUPYTER_STATE))


@pytest.mark.parametrize("name", WHERE)
def test_the_page_has_the_packages_code(site, name):
    """In pieces; its lines in another order where several explorables share some of them."""
    ours = [model for model in page_models(site, name).values() if stored_widgets.is_ours(model)]
    assert sorted(model["state"]["_anywidget_id"].split(".")[-1] for model in ours) == sorted(WHERE[name])
    for model in ours:
        kind = getattr(widgets, model["state"]["_anywidget_id"].split(".")[-1])
        assert issubclass(kind, Explorable)
        assert not set(model["state"]) & set(stored_widgets.CODE)
        for key, files in model["code"].items():
            text = "\n".join(moved_out(site, file) for file in files)
            assert sorted(text.splitlines()) == sorted(str(getattr(kind, key)).splitlines())


@pytest.mark.parametrize("name", WHERE)
def test_only_the_code_of_an_explorable_in_a_pages_opening_is_asked_for_ahead(site, name):
    """Those of the front page and of chapter 1 stand there."""
    html = (site / "book" / f"{name}.html").read_text(encoding="utf-8")
    ahead = re.findall(r'<link rel="preload" as="script" href="[^"]*/buffers/(\w+)\.js" />', html)
    top = [model for model in page_models(site, name).values() if model.get("atTop")]
    assert len(top) == (name in ("index", "01-autoencoders"))
    assert sorted(ahead) == sorted(file for model in top for files in model["code"].values() for file in files)


@pytest.mark.parametrize("name", WHERE)
def test_a_pages_weights_are_within_their_budget(site, name):
    """150 kB compressed; 350 kB for the family of the beta
    slider, which comes at first touch, and 82 kB for each of the dial's seven decoders, which come one by one as their size is chosen.
    """
    external = {b["external"] for model in page_models(site, name).values() for b in model.get("buffers", []) if "external" in b}
    sizes = [len(gzip.compress((site / "_static/explorables/buffers" / f"{hashed}.js").read_bytes())) for hashed in external]
    assert sum(sizes) <= {"02-bottleneck": 560_000, "08-beta-tradeoff": 350_000}.get(name, 150_000)
    assert name != "02-bottleneck" or max(sizes) <= 82_000
    assert math.isclose(sum(sizes), 0) == (name == "06-log-variance")


def test_every_page_has_the_policy(site):
    for page in [site / "search.html", site / "genindex.html", *site.glob("book/**/*.html")]:
        head = page.read_text(encoding="utf-8")[:3000]
        assert "Content-Security-Policy" in head, page
        assert "default-src 'self'; script-src 'self' 'unsafe-inline' blob:" in head, page


@pytest.mark.slow
def test_without_scripts_the_still_picture_stands(browser, address):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 800})
    page = context.new_page()
    for name, kinds in WHERE.items():
        page.goto(f"{address}/book/{name}.html")
        still = page.locator(".explorable-view img.figure-light")
        assert still.count() == len(kinds)
        assert all(box["width"] > 250 for box in (still.nth(i).bounding_box() for i in range(len(kinds))))
    context.close()
