"""companion.sweep: one run is build and fit; many give the same bits in this process, on two of them and on a Dask cluster of two
workers; a dead worker and a bad setting cost nobody else anything; stored sweeps come back as they were.
"""

import json
import math
import os
import signal
from functools import partial
from pathlib import Path

import joblib
import pytest
import torch
from joblib.externals.loky import get_reusable_executor

from companion import losses, models, sweep, training
from tests.support import waiting
from tests.support.processes import outlives, started

SMALL = {"kind": "vae", "hidden": (16,), "seed": 0, "steps": 20, "batch_size": 32}
SIX = sweep.grid(**SMALL, latent_dim=[2, 3, 4, 5, 6, 7])


@pytest.fixture(scope="module")
def x(digits):
    return digits.x_train[:256]


@pytest.fixture(scope="module")
def expected(x):
    """What the six runs give in this process."""
    return sweep.sweep(SIX, x, fingerprint, jobs=1)


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes on this machine, each with a nanny that starts it again; a task may lose one worker, not two."""
    distributed = pytest.importorskip("distributed")
    options = {"host": "127.0.0.1", "dashboard_address": None, "worker_dashboard_address": None, "silence_logs": "CRITICAL"}
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster, distributed.Client(cluster) as client:
        cluster.scheduler.allowed_failures = 1
        yield client


@pytest.fixture(scope="module", autouse=True)
def leave_no_process():
    before = started()
    yield
    get_reusable_executor().shutdown(wait=True)
    assert [process for process in started() - before if outlives(process)] == []


def fingerprint(model, history):
    return models.digest(model.state_dict()), history.terms["loss"].tolist()


def threads(model, history):
    return torch.get_num_threads()


def process(model, history):
    return os.getpid()


def together(model, history, *, folder: Path):
    """The id of this process, once a second one has come this far too: both are at work at the same time."""
    (folder / str(os.getpid())).touch()
    waiting.until(lambda: len(list(folder.iterdir())) == 2, "a second process came this far")
    return os.getpid()


def noted(model, history, *, folder: Path, kill: int, times: int):
    """A fingerprint that notes each start in a file, and kills its own process in the first `times` starts of the run to `kill`."""
    with (folder / str(model.latent_dim)).open("a") as file:
        file.write(".")
    if model.latent_dim == kill and starts(folder)[kill] <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return fingerprint(model, history)


def starts(folder: Path) -> dict[int, int]:
    return {int(file.name): len(file.read_text()) for file in folder.iterdir()}


# grid


def test_grid_gives_every_combination_the_last_axis_fastest():
    made = sweep.grid(kind="vae", latent_dim=2, hidden=(64, 128), beta=[0.5, 1.0], seed=range(3))
    assert [(s["beta"], s["seed"]) for s in made] == [(0.5, 0), (0.5, 1), (0.5, 2), (1.0, 0), (1.0, 1), (1.0, 2)]
    assert all(
        s | {"beta": 0, "seed": 0} == {"kind": "vae", "latent_dim": 2, "hidden": (64, 128), "beta": 0, "seed": 0} for s in made
    )


def test_an_axis_of_shapes_varies_and_one_shape_does_not():
    assert sweep.grid(hidden=[(16,), (8, 8)]) == [{"hidden": (16,)}, {"hidden": (8, 8)}]
    assert sweep.grid(hidden=(8, 8), note="abc") == [{"hidden": (8, 8), "note": "abc"}]


def test_an_empty_axis_is_named():
    with pytest.raises(ValueError, match=r"grid: beta: got \[\], which holds nothing"):
        sweep.grid(seed=range(2), beta=[])


# train


def rising(beta, steps):
    """The warm-up, written out: one weight for each step."""
    weights = iter([beta * min(1.0, step / steps) for step in range(1000)])
    return lambda model, x, *, generator: losses.negative_elbo(model, x, beta=next(weights), generator=generator)


@pytest.mark.parametrize(
    ("extra", "loss", "fit"),
    [
        ({"kind": "ae"}, losses.reconstruction_loss, {}),
        ({}, losses.negative_elbo, {}),
        ({"beta": 4.0}, partial(losses.negative_elbo, beta=4.0), {}),
        ({"beta": 2, "warmup": 7}, rising(2, 7), {}),
        (
            {"nll": "gaussian", "sigma": 0.5},
            partial(losses.negative_elbo, nll=partial(losses.gaussian_nll, sigma=0.5)),
            {},
        ),
        ({"kind": "ae", "nll": "gaussian"}, partial(losses.reconstruction_loss, nll=losses.gaussian_nll), {}),
        ({"learning_rate": 1e-2, "decay": False, "adam_eps": 1e-3}, losses.negative_elbo, None),
    ],
)
def test_a_run_is_build_and_fit_with_one_generator(x, extra, loss, fit):
    settings = {**SMALL, "latent_dim": 3, "seed": 5, **extra}
    generator = torch.Generator().manual_seed(5)
    kind = models.Autoencoder if settings["kind"] == "ae" else models.VAE
    by_hand = kind(3, hidden=(16,), generator=generator)
    options = extra if fit is None else fit
    history = training.fit(by_hand, x, loss, generator=generator, steps=20, batch_size=32, **options)
    model, found = sweep.train(settings, x)
    assert fingerprint(model, found) == fingerprint(by_hand, history)


def test_the_courses_own_sizes_are_the_default(x):
    model, _ = sweep.train({"kind": "vae", "latent_dim": 2, "seed": 0, "steps": 1}, x)
    assert [layer.out_features for layer in model.encoder if isinstance(layer, torch.nn.Linear)] == list(models.HIDDEN)
    assert {p.dtype for p in model.parameters()} == {torch.float64}


def test_single_precision_is_a_setting(x):
    model, _ = sweep.train({**SMALL, "latent_dim": 2, "dtype": "float32"}, x)
    assert {p.dtype for p in model.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"momentum": 0.9}, r"train: settings: got `momentum` for kind 'vae', expected some of kind, latent_dim, seed, .* warmup"),
        ({"kind": "ae", "beta": 1}, r"got `beta` for kind 'ae'"),
        ({"kind": "ae", "warmup": 5}, r"got `warmup` for kind 'ae'"),
        ({"kind": "gan"}, r"train: settings: kind: got 'gan', expected one of ae, vae"),
        ({"sigma": 0.1}, r"got `sigma` with nll 'bernoulli', expected nll 'gaussian'"),
        ({"nll": "poisson"}, r"nll: got 'poisson', expected one of bernoulli, gaussian"),
        ({"dtype": "float16"}, r"dtype: got 'float16', expected one of float64, float32"),
        ({"dtype": torch.float32}, r"dtype: got torch.float32, expected one of"),
        ({"warmup": 0}, r"train: settings: warmup: got 0, expected at least 1"),
        ({"seed": -1}, r"train: settings: seed: got -1, expected at least 0"),
    ],
)
def test_a_setting_that_means_nothing_is_an_error_that_names_it(x, change, message):
    with pytest.raises(ValueError, match=message):
        sweep.train({**SMALL, "latent_dim": 2, **change}, x)


@pytest.mark.parametrize("name", ["kind", "latent_dim", "seed"])
def test_a_setting_that_is_missing_is_named(x, name):
    settings = {key: value for key, value in {**SMALL, "latent_dim": 2}.items() if key != name}
    with pytest.raises(ValueError, match=f"train: settings: `{name}` is missing"):
        sweep.train(settings, x)


# sweep, on this machine


@pytest.mark.slow
def test_two_processes_give_the_bits_of_one_in_the_order_of_the_settings(x, expected, tmp_path):
    assert [run.settings for run in expected] == SIX
    assert [run.error for run in expected] == [None] * 6
    assert expected[1].result == fingerprint(*sweep.train(SIX[1], x))
    assert len({run.result[0] for run in expected}) == 6
    assert sweep.sweep(SIX, x, fingerprint, jobs=2) == expected
    pids = {run.result for run in sweep.sweep(SIX[:2], x, partial(together, folder=tmp_path), jobs=2)}
    assert len(pids - {os.getpid()}) == 2
    assert sweep.sweep(SIX[:1], x, process, jobs=1)[0].result == os.getpid()


@pytest.mark.slow
def test_a_run_has_one_thread_and_gives_the_others_back(x):
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        for jobs in (1, 2):
            assert [run.result for run in sweep.sweep(SIX[:2], x, threads, jobs=jobs)] == [1, 1]
        assert torch.get_num_threads() == 3
        sweep.sweep([{**SIX[0], "beta": -1}], x, threads, jobs=1)
        assert torch.get_num_threads() == 3  # after a failure too
    finally:
        torch.set_num_threads(before)


BAD = [SIX[0], {**SIX[1], "beta": -1}, {**SIX[2], "learning_rate": 1e200}, {**SIX[3], "momentum": 0.9}, SIX[4]]


def assert_the_bad_ones_named_themselves(runs, expected):
    assert [runs[0], runs[4]] == [expected[0], expected[4]]
    assert [run.result for run in runs[1:4]] == [None] * 3
    assert runs[1].error.startswith(
        "ValueError: negative_elbo: beta: got -1, expected a finite number of at least 0 (settings: kind="
    )
    assert "latent_dim=3, beta=-1)" in runs[1].error
    assert "NonFiniteLossError: fit: epoch 0, step 1" in runs[2].error
    assert "learning_rate=1e+200" in runs[2].error
    assert "got `momentum`" in runs[3].error


def test_a_cluster_without_workers_keeps_what_is_finished(x, expected, monkeypatch):
    whole = sweep._Work.share_out

    def two_and_no_more(work, wanted):
        return whole(work, wanted[:2]) if not work.runs else no_worker(work, wanted)

    def no_worker(work, wanted):
        raise TimeoutError("DaskDistributedBackend has no worker after 10 seconds")

    monkeypatch.setattr(sweep._Work, "share_out", two_and_no_more)
    runs = sweep.sweep(SIX[:3], x, fingerprint, jobs=1)
    assert runs[:2] == expected[:2]
    assert runs[2].error.startswith(
        "no worker is left: TimeoutError: DaskDistributedBackend has no worker after 10 seconds (settings:"
    )
    monkeypatch.setattr(sweep._Work, "share_out", no_worker)
    with pytest.raises(TimeoutError):  # a cluster that never had one: nothing is finished, nothing to keep
        sweep.sweep(SIX[:3], x, fingerprint, jobs=1)


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_setting_that_fails_names_itself_and_leaves_the_others(x, expected, jobs):
    assert_the_bad_ones_named_themselves(sweep.sweep(BAD, x, fingerprint, jobs=jobs), expected)


def test_a_measure_that_fails_names_the_settings(x):
    (run,) = sweep.sweep(SIX[:1], x, lambda model, history: history.terms["kl_divergence"], jobs=1)
    assert run.error.startswith("KeyError: 'kl_divergence' (settings: kind='vae', hidden=(16,), seed=0,")


@pytest.mark.slow
def test_a_worker_that_dies_loses_nothing(x, expected, tmp_path):
    assert sweep.sweep(SIX, x, partial(noted, folder=tmp_path, kill=7, times=1), jobs=2) == expected
    begun = starts(tmp_path)
    assert begun[7] == 2
    assert begun[2] == begun[3] == 1  # what was finished was kept


@pytest.mark.slow
def test_a_run_that_always_kills_its_worker_takes_no_other_along(x, expected, tmp_path):
    runs = sweep.sweep(SIX[:4], x, partial(noted, folder=tmp_path, kill=2, times=99), jobs=2)
    assert runs[1:] == expected[1:4]
    assert runs[0].result is None
    assert runs[0].error.startswith("its worker died or could not answer, twice: TerminatedWorkerError: ")
    assert "latent_dim=2)" in runs[0].error
    assert starts(tmp_path)[2] == 2


def test_progress_counts_the_runs_and_says_how_many_failed(x, capsys):
    sweep.sweep(BAD[:3], x, threads, jobs=1, progress=True)
    shown = capsys.readouterr()
    assert shown.out == "sweep: 3 runs, 2 failed\n"
    assert "3/3" in shown.err
    sweep.sweep(BAD[:3], x, threads, jobs=1)
    assert capsys.readouterr() == ("", "")


def test_an_interrupt_stops_the_sweep_and_is_not_taken_for_a_result(x, monkeypatch):
    monkeypatch.setattr(training, "fit", lambda *a, **k: training.History(interrupted=True))
    with pytest.raises(KeyboardInterrupt):
        sweep.sweep(SIX, x, threads, jobs=1)


@pytest.mark.usefixtures("as_users_run")
def test_bad_input_is_named(x):
    with pytest.raises(ValueError, match=r"sweep: jobs: got 0, expected at least 1"):
        sweep.sweep(SIX, x, threads, jobs=0)
    with pytest.raises(ValueError, match=r"sweep: x: got shape \(256,\), expected 2 axes"):
        sweep.sweep(SIX, x[:, 0], threads)
    assert sweep.sweep([], x, threads) == []


# the same call on a Dask cluster


@pytest.mark.slow
def test_a_cluster_of_two_workers_gives_the_bits_of_this_process(x, expected, cluster, tmp_path):
    with joblib.parallel_config(backend="dask"):
        assert sweep.sweep(SIX, x, fingerprint) == expected
        pids = {run.result for run in sweep.sweep(SIX[:2], x, partial(together, folder=tmp_path))}
        assert [run.result for run in sweep.sweep(SIX[:2], x, threads)] == [1, 1]
    assert pids == set(cluster.run(os.getpid).values())
    assert len(pids) == 2


@pytest.mark.slow
def test_a_cluster_with_one_worker_left_does_not_run_in_this_process(x, cluster, monkeypatch):
    monkeypatch.setattr(cluster, "ncores", lambda: {"the last one": 1})
    with joblib.parallel_config(backend="dask"):
        assert os.getpid() not in {run.result for run in sweep.sweep(SIX[:2], x, process)}


@pytest.mark.slow
def test_a_setting_that_fails_on_a_cluster_names_itself_and_leaves_the_others(x, expected, cluster):
    with joblib.parallel_config(backend="dask"):
        assert_the_bad_ones_named_themselves(sweep.sweep(BAD, x, fingerprint), expected)


@pytest.mark.slow
def test_a_clusters_worker_that_dies_loses_nothing(x, expected, cluster, tmp_path):
    with joblib.parallel_config(backend="dask"):
        assert sweep.sweep(SIX, x, partial(noted, folder=tmp_path, kill=4, times=1)) == expected
    assert (
        starts(tmp_path)[4] == 2
    )  # others whose result lay on that worker are run again too, which costs time and changes nothing


@pytest.mark.slow
def test_a_run_that_always_kills_its_clusters_worker_takes_no_other_along(x, expected, cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster.cluster.scheduler, "allowed_failures", 0)
    cluster.wait_for_workers(2, timeout=waiting.HANG)
    with joblib.parallel_config(backend="dask"):
        runs = sweep.sweep(SIX[:4], x, partial(noted, folder=tmp_path, kill=3, times=99))
        assert [runs[0], *runs[2:]] == [expected[0], *expected[2:4]]
        assert "its worker died or could not answer, twice: KilledWorker: " in runs[1].error
        assert "latent_dim=3)" in runs[1].error
        assert starts(tmp_path)[3] >= 2  # how often, is for the scheduler to say


# stored sweeps


def fitted(latent_dim, value):
    settings = {"kind": "vae", "latent_dim": latent_dim, "hidden": (64, 128), "seed": 0}
    return sweep.Run(settings, {"kl": value, "per_unit": [value, 1 / 3], "active": 2}, None)


@pytest.fixture
def stored(tmp_path):
    sweep.store("sizes", [fitted(2, 1.5), fitted(3, math.pi)], what="Two sizes.", command="make sweeps", folder=tmp_path)
    return tmp_path


def test_a_stored_sweep_comes_back_with_whole_settings(stored):
    found = sweep.load_stored("sizes", folder=stored)
    assert (found.what, found.command) == ("Two sizes.", "make sweeps")
    assert found.common == {"kind": "vae", "hidden": (64, 128), "seed": 0}
    assert [run.settings for run in found.runs] == [fitted(2, 0).settings, fitted(3, 0).settings]
    assert [run.error for run in found.runs] == [None, None]
    assert found.runs[1].result == {"kl": 3.141592654, "per_unit": [3.141592654, 0.3333333333], "active": 2}
    content = json.loads((stored / "sizes.json").read_text())
    assert content["rows"][0]["settings"] == {"latent_dim": 2}  # what all share stands once


def test_one_run_alone_can_be_stored(tmp_path):
    sweep.store("one", [fitted(2, 1.5)], what="One.", command="-", folder=tmp_path)
    assert sweep.load_stored("one", folder=tmp_path).runs == [
        sweep.Run(fitted(2, 1.5).settings, {**fitted(2, 1.5).result, "per_unit": [1.5, 0.3333333333]}, None)
    ]


def test_what_failed_or_is_not_a_number_is_not_stored(tmp_path):
    write = partial(sweep.store, "bad", what="-", command="-", folder=tmp_path)
    with pytest.raises(ValueError, match=r"store: bad: got 1 failed runs, expected none; the first: OSError: disk"):
        write([fitted(2, 1.0), sweep.Run({"seed": 0}, None, "OSError: disk")])
    with pytest.raises(ValueError, match=r"store: bad: got no runs"):
        write([])
    with pytest.raises(ValueError, match="not JSON compliant"):
        write([fitted(2, math.nan)])
    with pytest.raises(TypeError, match="not JSON serializable"):
        write([sweep.Run({"seed": 0}, {"mu": torch.zeros(2)}, None)])
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_name_lists_the_known_ones(stored):
    with pytest.raises(sweep.SweepError, match=r"load_stored: name: got 'beta', expected one of sizes$"):
        sweep.load_stored("beta", folder=stored)
    with pytest.raises(sweep.SweepError, match=r"got 'beta', expected a file beta\.json in .*gone\. Reinstall companion"):
        sweep.load_stored("beta", folder=stored / "gone")


@pytest.mark.usefixtures("as_users_run")
@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:100],
        lambda text: "",
        lambda text: "[]",
        lambda text: text.replace('"settings"', '"setting"'),
        lambda text: text.replace('"command"', '"order"'),
        lambda text: text.replace('{"latent_dim": 2}', "2"),
    ],
)
def test_a_damaged_file_names_itself_and_the_remedy(stored, damage):
    path = stored / "sizes.json"
    path.write_text(damage(path.read_text()))
    with pytest.raises(sweep.SweepError, match=r"sizes\.json is damaged \(.*Reinstall companion, or restore the file with `git"):
        sweep.load_stored("sizes", folder=stored)
