"""What every chapter promises its reader, read off the stored notebooks: shape, figures, prompts, and definitions equal to companion's."""

import ast
import functools
import json
import math
import re

import nbformat
import pytest
import torch
from torch.distributions import Independent, Normal

from companion import data, evaluation, losses, models, plots, successors
from tests.support import ROOT
from tools import notebooks, stored_figures

BOOK = ROOT / "book"
CHAPTERS = sorted(BOOK.glob("[0-9][0-9]-*.ipynb"))
OUTLOOK = BOOK / "outlook.ipynb"
LAB = BOOK / "appendix" / "wrong-code-lab.ipynb"  # keeps the rules of `page`; tests/book/test_lab.py has its own
OWN = BOOK / "your-own-images.ipynb"  # the capstone keeps them, too
FILE_NAME = re.compile(r"[\w-]+\.(png|svg|jpg)")


@pytest.fixture(scope="module", params=CHAPTERS, ids=lambda path: path.stem)
def chapter(request) -> nbformat.NotebookNode:
    notebook = nbformat.read(request.param, as_version=4)
    notebook.metadata.path = request.param
    return notebook


@pytest.fixture(scope="module", params=[*CHAPTERS, OUTLOOK, OWN, LAB], ids=lambda path: path.stem)
def page(request) -> nbformat.NotebookNode:
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def figures(notebook) -> list[tuple[int, dict]]:
    """(cell number, what mystnb says of it) of every code cell with a picture among its outputs."""
    return [
        (number, cell.metadata.get("mystnb", {}))
        for number, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and any("image/png" in output.get("data", {}) for output in cell.outputs)
    ]


def test_there_is_a_chapter():
    assert CHAPTERS


def font_sizes(held) -> list[float]:
    """The sizes, in points, of the words that a figure's contents have: of texts, and of an axis' numbers ("#23272f 11.5")."""
    if isinstance(held, list):
        return [size for each in held for size in font_sizes(each)]
    if not isinstance(held, dict):
        return []
    own = [held["font"]] if held.get("words") and "font" in held else []
    ticks = [float(held["text"].split()[1])] if "ticks" in held and "text" in held else []
    return own + ticks + [size for each in held.values() for size in font_sizes(each)]


@pytest.mark.parametrize("path", [*CHAPTERS, OUTLOOK, OWN, LAB, BOOK / "index.ipynb"], ids=lambda path: path.stem)
def test_no_word_of_a_figure_is_too_small_on_a_phone(path):
    entries = stored_figures.read(path)
    small = {
        place: min(font_sizes(entry["contents"]), default=plots.SMALL) for place, entry in entries.items() if entry["contents"]
    }
    assert small
    assert {place: size for place, size in small.items() if size < plots.SMALL} == {}


def test_it_opens_with_a_picture_and_a_question_and_says_what_the_reader_will_do(chapter):
    text = prose(chapter)
    assert text.startswith("# ")
    opening, _, rest = text.partition("## ")
    assert re.search(r"\*[^*\n]+\?\*", opening), "no question in italics before the first section"
    assert "In this chapter you will" in text
    goals = re.search(r"In this chapter you will.*?\n((?:\s*[-*] .+\n?)+)", text).group(1)
    assert 3 <= len(re.findall(r"^\s*[-*] ", goals, re.MULTILINE)) <= 5
    first_figure = figures(chapter)[0][0]
    goals_cell = next(i for i, cell in enumerate(chapter.cells) if "In this chapter you will" in cell.source)
    assert first_figure <= goals_cell + 1
    assert rest


def test_it_asks_for_a_prediction_three_times_and_folds_the_answer(chapter):
    text = prose(chapter)
    assert text.count("Predict first") >= 3
    assert len(re.findall(r"<details>\s*<summary>.+?</summary>\s*\n\s*\n.+?</details>", text, re.DOTALL)) >= 3
    assert text.count("<details") == text.count("</details>")


def test_every_figure_has_a_caption_a_name_and_alt_text_of_a_sentence(page):
    for number, said in figures(page):
        alt, figure = said.get("image", {}).get("alt", ""), said.get("figure", {})
        assert len(alt) >= 40, f"cell {number}: alt text {alt!r}"
        assert alt.rstrip().endswith("."), f"cell {number}: alt text is no sentence: {alt!r}"
        assert not FILE_NAME.search(alt), f"cell {number}: alt text names a file"
        assert len(figure.get("caption", "")) >= 30, f"cell {number}: caption {figure.get('caption')!r}"
        assert re.fullmatch(r"fig-[a-z0-9-]+", figure.get("name", "")), f"cell {number}: name {figure.get('name')!r}"


def test_the_readme_shows_the_first_figure_of_the_first_chapter():
    shown = re.search(r"!\[([^\]]+)\]\(([^)]+)\)", (BOOK.parent / "README.md").read_text(encoding="utf-8"))
    assert len(shown.group(1)) >= 40
    first = notebooks.first_figure(nbformat.read(BOOK / notebooks.PICTURE_FROM, as_version=4))
    assert (BOOK.parent / shown.group(2)).read_bytes() == first


def test_figure_names_are_the_figures_own():
    names = [
        said["figure"]["name"] for path in [*CHAPTERS, OUTLOOK, OWN, LAB] for _, said in figures(nbformat.read(path, as_version=4))
    ]
    assert len(names) == len(set(names))


def test_nothing_in_it_hangs_on_the_site(page):
    """A chapter reads whole in Jupyter, Binder and Colab: no MyST directive, role or substitution carries meaning there."""
    for cell in page.cells:
        if cell.cell_type == "markdown":
            assert not re.search(r"^(:::|```)\{|\{[a-z-]+\}`|\{\{", cell.source, re.MULTILINE), cell.source


def test_every_cell_was_run_in_order_without_error_or_warning(page):
    counts = [cell.execution_count for cell in code_cells(page) if cell.source.strip()]
    assert counts == list(range(1, len(counts) + 1))
    for cell in code_cells(page):
        tags = cell.metadata.get("tags", [])
        for output in cell.outputs:
            assert output.output_type != "error" or "raises-exception" in tags
            assert output.get("name") != "stderr", output.text
            assert " at 0x" not in str(output.get("data", {}).get("text/plain", "")), "a memory address is printed"


def test_its_prose_keeps_to_the_house_style(page):
    text = re.sub(r"`[^`]*`|\$[^$]*\$", " ", prose(page))
    for word in ("simply", "just plug", "obviously", "of course", "very powerful"):
        assert not re.search(rf"\b{word}\b", text, re.IGNORECASE), word


def test_randomness_comes_from_an_explicit_generator(page):
    code = "\n".join(cell.source for cell in code_cells(page))
    assert "manual_seed(" not in re.sub(r"Generator\([^)]*\)\.manual_seed\(", "", code)
    for call in re.findall(r"torch\.(?:rand|randn|randint|randperm|normal|bernoulli|multinomial)\((?:[^()]|\([^()]*\))*\)", code):
        assert "generator=" in call, call


# ------------------------------------------------------------------ first time inline, second time imported


def definition(stem: str, name: str, *needed: str):
    """The function or class `name` as the chapter's cell defines it, in a namespace of what it imports and of what is `needed`."""
    notebook = nbformat.read(BOOK / f"{stem}.ipynb", as_version=4)
    namespace: dict = {}
    for cell in code_cells(notebook):
        lines = [line for line in cell.source.splitlines() if not line.startswith(("%", "!"))]
        for node in ast.parse("\n".join(lines)).body:
            defined = node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else None
            if defined in (name, *needed) or isinstance(node, ast.Import | ast.ImportFrom):
                exec(compile(ast.Module([node], []), stem, "exec"), namespace)
            if defined == name:
                return namespace[name]
    raise AssertionError(f"{stem} defines no {name}")


def test_the_autoencoder_of_chapter_1_is_companions(digits, generator):
    ours = models.Autoencoder(2, generator=generator)
    theirs = definition("01-autoencoders", "Autoencoder")(2, generator=torch.Generator().manual_seed(0))
    assert [(name, p.shape, p.dtype) for name, p in ours.named_parameters()] == [
        (name, p.shape, p.dtype) for name, p in theirs.named_parameters()
    ]
    theirs.load_state_dict(ours.state_dict())
    x = digits.x_test[:20]
    torch.testing.assert_close(theirs.encode(x), ours.encode(x), atol=0, rtol=0)
    torch.testing.assert_close(theirs(x), ours(x), atol=0, rtol=0)


def test_the_rounding_of_chapter_2_is_companions(generator):
    z = torch.randn(200, 3, generator=generator, dtype=torch.float64)
    low, high = torch.tensor([-1.0, -0.5, -3.0]).double(), torch.tensor([1.0, 0.7, 3.0]).double()
    to_levels, from_levels = (definition("02-bottleneck", name) for name in ("to_levels", "from_levels"))
    for bits in (1, 3, 8):
        level = to_levels(z, bits, low, high)
        assert level.dtype == torch.int64
        assert (level.min(), level.max()) == (0, 2**bits - 1)
        torch.testing.assert_close(from_levels(level, bits, low, high), evaluation.round_code(z, bits, low, high))


def test_the_pca_of_chapter_2_is_that_of_a_singular_value_decomposition(digits):
    x = digits.x_train[:300]
    mean, variances, directions = definition("02-bottleneck", "pca")(x)
    _, values, rows = torch.linalg.svd(x - x.mean(dim=0), full_matrices=False)
    torch.testing.assert_close(variances[:50], values[:50] ** 2 / 300)
    through = definition("02-bottleneck", "through_pca")(digits.x_test[:20], 9, mean, directions)
    torch.testing.assert_close(through, mean + (digits.x_test[:20] - mean) @ rows[:9].T @ rows[:9])


def test_the_largest_angle_of_chapter_2_is_the_largest_principal_angle(generator):
    model = torch.nn.Sequential(*(models.mlp(sizes, generator=generator) for sizes in ([12, 3], [3, 12])))
    basis = torch.linalg.qr(model[1][0].weight.detach()).Q
    cosines = torch.linalg.svdvals(basis[:3])
    assert definition("02-bottleneck", "largest_angle")(model, 3) == pytest.approx(math.degrees(cosines.min().acos()))


def test_the_family_of_chapter_2_is_below_pca_and_its_prose_says_what_the_classifier_reads(digits):
    mean, _, directions = definition("02-bottleneck", "pca")(digits.x_train)
    squares = ((digits.x_test - mean) @ directions).square().mean(dim=0)
    left_out = squares.flip(0).cumsum(0).flip(0)  # PCA's error with 0, 1, 2, ... numbers
    text = prose(nbformat.read(BOOK / "02-bottleneck.ipynb", as_version=4))
    classifier, ends = models.load_trained("classifier"), torch.tensor([0.01, 0.99]).double()
    for latent_dim, bits in ((1, None), (2, None), (4, None), (8, 3), (16, 4), (32, 4), (64, None)):
        model = models.load_trained(f"bottleneck-{latent_dim}")
        z = model.encode(digits.x_test)
        error = (torch.sigmoid(model.decode(z)) - digits.x_test).square().sum(dim=1).mean()
        assert error < left_out[latent_dim]
        assert latent_dim == 64 or error < left_out[2 * latent_dim]  # and so PCA needs more than twice as many
        if bits:
            rounded = evaluation.round_code(z, bits, *model.encode(digits.x_train).quantile(ends, dim=0))
            named = (classifier(torch.sigmoid(model.decode(rounded))).argmax(dim=1) == digits.y_test).double().mean().item()
            assert f"{100 * named:.1f} %" in text


def test_the_reparameterization_of_chapter_5_is_companions(generator):
    mu, logvar = (torch.randn(20, 3, generator=generator, dtype=torch.float64) for _ in range(2))
    theirs = definition("05-reparameterization", "reparameterize")
    expected = models.reparameterize(mu, logvar, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(theirs(mu, logvar, generator=torch.Generator().manual_seed(2)), expected, atol=0, rtol=0)


def test_the_fitted_gaussian_of_chapter_3_is_companions_whitening(generator):
    z = torch.randn(50, 3, generator=generator, dtype=torch.float64) @ torch.rand(3, 3, generator=generator, dtype=torch.float64)
    mean, factor = definition("03-points-to-regions", "fit_gaussian")(z)
    whitening = evaluation.fit_whitening(z)
    torch.testing.assert_close((mean, factor), (whitening.mean, whitening.factor))


def test_the_log_density_of_chapter_4_is_torchs(generator):
    x, mu, logvar = (torch.randn(20, 3, generator=generator, dtype=torch.float64) for _ in range(3))
    theirs = definition("04-gaussian-parameters", "gaussian_log_density")(x, mu, logvar.exp())
    torch.testing.assert_close(theirs, Independent(Normal(mu, logvar.exp()), 1).log_prob(x))


def test_the_vae_of_chapter_6_with_an_exponential_head_is_companions(digits, generator):
    ours = models.VAE(2, generator=generator)
    theirs = definition("06-log-variance", "SpreadVAE")(torch.exp, 0.0, generator=generator)
    theirs.load_state_dict({key.replace("logvar_head", "spread_head"): value for key, value in ours.state_dict().items()})
    outputs = [model(digits.x_test[:9], generator=torch.Generator().manual_seed(1)) for model in (ours, theirs)]
    torch.testing.assert_close(outputs[1], outputs[0])


def test_the_loss_of_chapter_1_is_companions(digits, generator):
    logits = 4 * torch.randn(20, 784, generator=generator, dtype=torch.float64)
    theirs = definition("01-autoencoders", "bernoulli_nll")
    torch.testing.assert_close(theirs(digits.x_test[:20], logits), losses.bernoulli_nll(digits.x_test[:20], logits))


def test_the_kl_and_the_loss_of_chapter_7_are_companions(digits, generator):
    mu, logvar = (torch.randn(20, 3, generator=generator, dtype=torch.float64) for _ in range(2))
    torch.testing.assert_close(definition("07-loss", "gaussian_kl")(mu, logvar), losses.gaussian_kl(mu, logvar))
    model, x = models.load_trained("vae-2-seed1"), digits.x_test[:20]
    theirs = definition("07-loss", "negative_elbo", "gaussian_kl")
    for options in ({}, {"beta": 3.0}):
        got, expected = (f(model, x, generator=torch.Generator().manual_seed(4), **options) for f in (theirs, losses.negative_elbo))
        torch.testing.assert_close(tuple(got), tuple(expected))


def test_the_importance_weighted_bound_of_chapter_7_is_companions(digits):
    model, x = models.load_trained("vae-2-seed1"), digits.x_test[:20].round()
    theirs = definition("07-loss", "importance_weighted_bound")(model, x, samples=7, generator=torch.Generator().manual_seed(4))
    ours = losses.iwae_bound(model, x, samples=7, generator=torch.Generator().manual_seed(4)).bound
    torch.testing.assert_close(theirs, ours)


def test_the_linear_model_of_chapter_7_has_the_posterior_and_the_elbo_of_a_joint_gaussian(generator):
    w = torch.randn(5, 2, generator=generator, dtype=torch.float64)
    model = definition("07-loss", "LinearGaussian", "gaussian_kl")(w, s=0.7)
    x = torch.randn(4, 5, generator=generator, dtype=torch.float64)
    covariance = w @ w.T + 0.49 * torch.eye(5, dtype=torch.float64)  # of x; that of z and x is w
    posterior = model.posterior(x)
    torch.testing.assert_close(posterior.mean, x @ torch.linalg.inv(covariance) @ w)
    expected = torch.eye(2, dtype=torch.float64) - w.T @ torch.linalg.inv(covariance) @ w
    torch.testing.assert_close(posterior.covariance_matrix[0], expected)
    q = model.encode(x)
    elbo = definition("07-loss", "exact_elbo", "gaussian_kl", "LinearGaussian")(model, x, *q)
    gap = definition("07-loss", "gap", "LinearGaussian")
    torch.testing.assert_close(elbo + gap(model, x, *q), model.p_x.log_prob(x))
    for change in (-0.1, 0.1):  # the best diagonal q: any other width leaves more
        assert (gap(model, x, q[0], q[1] + change) > gap(model, x, *q)).all()


def test_the_mismatch_of_chapter_7_is_the_kl_of_one_gaussian_and_0_for_the_prior(generator):
    mismatch = definition("07-loss", "mismatch")
    mu, logvar = torch.tensor([[0.7, -1.2]]).double(), torch.tensor([[-3.0, -1.0]]).double()
    assert mismatch(mu, logvar) == pytest.approx(losses.gaussian_kl(mu, logvar).item(), abs=1e-6)
    assert mismatch(mu.repeat(3, 1), logvar.repeat(3, 1)) == pytest.approx(losses.gaussian_kl(mu, logvar).item(), abs=1e-6)
    assert mismatch(torch.zeros(1, 2).double(), torch.zeros(1, 2).double()) == pytest.approx(0, abs=1e-6)


def test_rate_distortion_and_active_units_of_chapter_8_are_companions(digits):
    model, x = models.load_trained("vae-16-seed0"), digits.x_test[:200]
    found = evaluation.rate_distortion(model, x, generator=torch.Generator().manual_seed(4))
    rate, distortion = definition("08-beta-tradeoff", "rate_distortion")(model, x, generator=torch.Generator().manual_seed(4))
    torch.testing.assert_close((rate.item(), distortion.item()), (found.rate, found.distortion))
    mu = 0.04 * torch.randn(2000, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(5)) * torch.arange(4)
    theirs = definition("08-beta-tradeoff", "active_units")(mu)
    assert theirs.tolist() == evaluation.active_units(mu).tolist() == [False, False, False, True]


def test_the_mutual_information_gap_of_chapter_8_is_companions(generator):
    sprites = data.make_sprites(3000)
    noise = torch.randn(3000, 4, generator=generator, dtype=torch.float64)
    mu = noise + torch.cat([sprites.factors[:, 1:4], sprites.factors[:, :1]], dim=1)  # the last factor is in no latent
    found = evaluation.mutual_information_gap(mu, sprites.factors)
    gap, gaps = definition("08-beta-tradeoff", "information_gap", "mutual_information")(mu, sprites.factors)
    torch.testing.assert_close(gap.item(), found.gap)
    torch.testing.assert_close(gaps, found.per_factor)


def test_a_price_is_a_noise_in_chapter_8(digits):
    """D + beta R with s = 1 is beta times the negative ELBO with s^2 = beta, but for a constant: for every model."""
    vae, x = models.load_trained("vae-2-seed1"), digits.x_test[:20]
    for beta in (0.1, 1.0, 5.0176):
        both = []
        for sigma, weight in ((1.0, beta), (math.sqrt(beta), 1.0)):
            nll = functools.partial(losses.gaussian_nll, sigma=sigma)
            both.append(losses.negative_elbo(vae, x, beta=weight, nll=nll, generator=torch.Generator().manual_seed(3)).loss)
        constant = 392 * ((1 - beta) * math.log(2 * math.pi) - beta * math.log(beta))
        torch.testing.assert_close(both[0], beta * both[1] + constant)


def test_turning_the_codes_of_chapter_8_leaves_p_of_x(digits):
    vae, x = models.load_trained("vae-2-seed0"), torch.bernoulli(digits.x_test[:5], generator=torch.Generator().manual_seed(1))
    turn = torch.tensor([[0.8, 0.6], [-0.6, 0.8]], dtype=torch.float64)
    turned = definition("08-beta-tradeoff", "Turned")(vae, turn)
    torch.testing.assert_close(
        evaluation.plane_posterior(turned, x).log_p, evaluation.plane_posterior(vae, x).log_p, rtol=0, atol=1e-4
    )
    mu, logvar = vae.encode(x)
    precision = torch.linalg.inv(turn.T @ torch.diag(logvar[0].exp()) @ turn)  # of the turned Gaussian, by hand
    torch.testing.assert_close(turned.encode(x)[1][0], -precision.diagonal().log())
    torch.testing.assert_close(turned.decode(turned.encode(x)[0]), vae.decode(mu))


def test_the_threshold_of_chapter_8_is_the_lowest_point_of_one_direction():
    """J of one direction, minimised by brute force: silent below the threshold, half the logarithm above it."""
    for u in (0.5, 0.95, 1.5, 4.0):  # variance over beta s^2, with beta s^2 = 1
        grid = torch.linspace(-2, 2, 161, dtype=torch.float64)
        w, a = torch.meshgrid(grid, grid, indexing="ij")
        best, kl = torch.tensor(torch.inf, dtype=torch.float64), None
        for v in torch.linspace(0.02, 1.2, 60, dtype=torch.float64):
            each = 0.5 * (a**2 * u + v - 1 - v.log())
            cost = 0.5 * ((1 - w * a) ** 2 * u + w**2 * v) + each
            if cost.min() < best:
                best, kl = cost.min(), each.flatten()[cost.argmin()].item()
        assert kl == pytest.approx(0.5 * math.log(max(u, 1)), abs=0.03)


def test_the_two_layer_loss_of_the_outlook_is_companions(digits):
    model, x = successors.load_trained("two-layer"), digits.x_test[:50]
    theirs = definition("outlook", "two_layer_loss", "kl_between")(model, x, torch.Generator().manual_seed(4))
    terms = successors.two_layer_elbo(model, x, generator=torch.Generator().manual_seed(4))
    torch.testing.assert_close(theirs, tuple(terms)[1:])


def test_the_vq_loss_of_the_outlook_is_companions_and_so_are_its_gradients(digits, generator):
    model, x = successors.VQVAE(4, 2, 5, generator=generator), digits.x_test[:50]
    parts = definition("outlook", "vq_loss", "choose")(model, x)
    terms = successors.vq_loss(model, x, generator=generator)
    torch.testing.assert_close(parts, tuple(terms)[1:])
    theirs, ours = sum(parts).mean(), terms.loss
    got, expected = (torch.autograd.grad(loss, list(model.parameters())) for loss in (theirs, ours))
    torch.testing.assert_close(got, expected)


def test_the_steps_back_of_the_outlook_are_companions(generator):
    x_0, x_t = (torch.randn(3, 784, generator=generator, dtype=torch.float64) for _ in range(2))
    keep = successors.cosine_keep(100)
    for t in (2, 40, 100):
        mean, variance = definition("outlook", "step_back")(x_0, x_t, t, keep)
        expected = successors.step_back(x_0, x_t, torch.full((3,), t), keep)
        torch.testing.assert_close((mean, variance.expand(3, 1)), expected)


def test_the_published_number_is_quoted_as_it_was_measured():
    """Chapter 7 quotes benchmarks/burda2016.json, which a chapter cannot read where only companion is installed."""
    result = json.loads((BOOK.parent / "benchmarks" / "burda2016.json").read_text(encoding="utf-8"))
    text = prose(nbformat.read(BOOK / "07-loss.ipynb", as_version=4))
    short = round(result["nll"], 2) - result["paper"]["nll"]
    errors = f"{result['monte_carlo_se']:.3f} from the draws", f"{result['image_se']:.2f} from the images"
    for number in (
        *errors,
        f"{short:.2f} nats worse",
        f"{result['nll']:.2f}",
        f"{result['paper']['nll']:.2f}",
        f"{result['epochs']} epochs",
        "3,280 epochs",
        f"{result['minutes_of_training']:.0f} minutes",
    ):
        assert number in text, number
    assert len(result["curve"]) == result["epochs"] >= 150
