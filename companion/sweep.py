"""The same `fit` over many settings and seeds, on the cores of this machine or on a Dask cluster, and sweeps stored as small files.

Settings are plain dicts of numbers and strings, so that they can travel to another process and into a file. A run depends on
nothing but its settings and the data: it gives the same bits in this process, in another, or on a cluster.
"""

import contextlib
import itertools
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import torch
from jaxtyping import Float
from torch import Tensor, nn

from companion import _require, losses, models, training
from companion.training import History

STORED = Path(__file__).parent / "_bundled" / "sweeps"
REQUIRED = ("kind", "latent_dim", "seed")
FIT = ("steps", "batch_size", "learning_rate", "decay", "adam_eps")
KNOWN: dict[str, tuple[str, ...]] = {"ae": (*REQUIRED, "hidden", "dtype", "nll", "sigma", *FIT)}
KNOWN["vae"] = (*KNOWN["ae"], "beta", "warmup")


class SweepError(RuntimeError):
    """A stored sweep is missing or damaged. The message says which, what was expected and what to do."""


class Run(NamedTuple):
    """One run of a sweep.

    settings: what it was made with, seed included. result: what `measure` returned, or None. error: None, or what went wrong,
    with the settings by name.
    """

    settings: dict
    result: object
    error: str | None


class Stored(NamedTuple):
    """A sweep that was too long to run live. what: a sentence. command: the line that makes it again. runs: all of them.

    The settings of each run are whole: what the runs share is in every one of them, and in `common` too.
    """

    what: str
    command: str
    common: dict
    runs: list[Run]


def grid(**axes: object) -> list[dict]:
    """Every combination of settings. A list or a range is an axis and varies; anything else, a tuple too, is the same everywhere.

    The last axis varies fastest.

    Raises:
        ValueError: an axis holds nothing.

    Example:
        >>> [s["beta"] for s in grid(kind="vae", latent_dim=2, hidden=(64, 128), beta=[0.5, 1.0], seed=range(3))]
        [0.5, 0.5, 0.5, 1.0, 1.0, 1.0]
    """
    values = {name: value if isinstance(value, list | range) else [value] for name, value in axes.items()}
    for name, choices in values.items():
        if len(choices) == 0:
            raise ValueError(f"grid: {name}: got {choices!r}, which holds nothing; expected at least one value")
    return [dict(zip(values, combination, strict=True)) for combination in itertools.product(*values.values())]


def train(settings: Mapping, x: Float[Tensor, "n pixels"]) -> tuple[nn.Module, History]:
    """One run: the model that `settings` name, fitted to `x`; all that is random comes from a generator with the seed they name.

    Args:
        settings: kind ("ae": `losses.reconstruction_loss`, "vae": `losses.negative_elbo`), latent_dim and seed are needed. May also
            hold hidden, dtype ("float64" or "float32"), nll ("bernoulli", or "gaussian" with a sigma), what `training.fit` takes
            (steps, batch_size, learning_rate, decay, adam_eps), and for a VAE beta (default 1) and warmup: over that many steps
            the weight of the KL rises linearly from 0 to beta.
        x: the data, (n, pixels); cast to dtype.

    Returns:
        The trained model and the `History` of the run.

    Raises:
        ValueError: a setting is missing, or none of these.

    Example:
        >>> model, history = train({"kind": "vae", "latent_dim": 2, "seed": 0, "steps": 100}, digits.x_train)
    """
    _require_settings(settings)
    dtype = _chosen("dtype", settings.get("dtype", "float64"), {"float64": torch.float64, "float32": torch.float32})
    generator = torch.Generator().manual_seed(settings["seed"])
    model = models.build({"hidden": models.HIDDEN, **settings}, generator=generator, dtype=dtype)
    options = {name: settings[name] for name in FIT if name in settings}
    return model, training.fit(model, x.to(dtype), _loss(settings), generator=generator, **options)


def sweep(
    settings: Sequence[Mapping],
    x: Float[Tensor, "n pixels"],
    measure: Callable[[nn.Module, History], object],
    *,
    jobs: int = 2,
    progress: bool = False,
) -> list[Run]:
    """`train` for each of `settings`, many at a time, and what `measure` makes of each model.

    The runs are shared out by joblib: on `jobs` processes of this machine, or on a Dask cluster (extra `dask`) when the call stands
    within `joblib.parallel_config(backend="dask")`. A run has one thread and gives the same bits everywhere. A run that fails
    says so in its `error` and leaves the others alone. A run whose worker dies is started again; when that happens to it again
    while it is the only one, its `error` says so. (On Dask the scheduler tries several times before it counts as once; and a
    cluster that has lost all its workers is waited for, as Dask does.)

    Args:
        settings: one mapping a run, as `train` takes them; `grid` makes them.
        x: the data, (n, pixels); every run gets all of it.
        measure: `measure(model, history)` is called where the run was; what it returns must be small and picklable.
        jobs: how many processes; 1 runs everything in this one. On Dask it is the cluster that says.
        progress: show a progress bar over finished runs, and at the end how many failed.

    Returns:
        One `Run` for each of `settings`, in their order.

    Raises:
        ValueError or TypeError: `jobs` is no int of at least 1, `x` is no tensor with two axes. KeyboardInterrupt: a run was stopped.

    Example:
        >>> runs = sweep(grid(kind="vae", latent_dim=2, beta=[1, 4], seed=range(3)), digits.x_train, final_loss)
    """
    _require.whole("sweep: jobs", jobs)
    _require.tensor("sweep: x", x, ndim=2)
    from tqdm.auto import tqdm

    with tqdm(total=len(settings), unit="run", disable=not progress) as bar:
        runs = _Work([dict(each) for each in settings], _pack(x), measure, jobs, bar.update).finish()
    if progress:
        print(f"sweep: {len(runs)} runs, {sum(run.error is not None for run in runs)} failed")
    return runs


def store(name: str, runs: Sequence[Run], *, what: str, command: str, folder: str | Path = STORED) -> Path:
    """Write a finished sweep to `folder`/`name`.json, floats rounded to 10 digits. Settings that all runs share stand once.

    Args:
        name: what `load_stored` will ask for.
        runs: what `sweep` returned; every result a dict of numbers, strings, lists and dicts of them.
        what: a sentence that says what the sweep shows. command: the line that makes it again.

    Raises:
        ValueError: a run failed, or there is none. TypeError: a result holds something that JSON does not know.
    """
    if not runs:
        raise ValueError(f"store: {name}: got no runs, expected at least one")
    if errors := [run.error for run in runs if run.error]:
        raise ValueError(f"store: {name}: got {len(errors)} failed runs, expected none; the first: {errors[0]}")
    first = runs[0].settings
    common = {key: value for key, value in first.items() if all(key in r.settings and r.settings[key] == value for r in runs)}
    head = {"what": what, "command": command, "common": common}
    rows = [{"settings": {k: v for k, v in r.settings.items() if k not in common}, "result": _rounded(r.result)} for r in runs]
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in rows)
    path = Path(folder) / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(head, indent=1)[:-2] + f',\n "rows": [\n{lines}\n]\n}}\n', encoding="utf-8")
    return path


def load_stored(name: str, *, folder: str | Path = STORED) -> Stored:
    """Load a sweep that `store` wrote: one too long for a chapter, with its settings and the command that makes it again.

    Raises:
        SweepError: there is no sweep of that name (the message lists those there are), or its file is damaged.

    Example:
        >>> stored = load_stored("beta")
        >>> stored.runs[0].settings["beta"], stored.command
    """
    path = Path(folder) / f"{name}.json"
    known = sorted(file.stem for file in Path(folder).glob("*.json"))
    if name not in known:
        found = f"expected one of {', '.join(known)}" if known else f"expected a file {path.name} in {folder}. {_require.RESTORE}"
        raise SweepError(f"load_stored: name: got {name!r}, {found}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        common = _tuples(content["common"])
        runs = [Run({**common, **_tuples(row["settings"])}, row["result"], None) for row in content["rows"]]
        return Stored(content["what"], content["command"], common, runs)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise SweepError(
            f"load_stored: {path} is damaged ({reason}). Expected what `sweep.store` writes. {_require.RESTORE}"
        ) from error


def _require_settings(settings: Mapping) -> None:
    for name in REQUIRED:
        if name not in settings:
            raise ValueError(f"train: settings: `{name}` is missing, expected {', '.join(REQUIRED)} at least")
    known = _chosen("kind", settings["kind"], KNOWN)
    if unknown := [name for name in settings if name not in known]:
        raise ValueError(f"train: settings: got `{unknown[0]}` for kind {settings['kind']!r}, expected some of {', '.join(known)}")
    if "sigma" in settings and settings.get("nll") != "gaussian":
        raise ValueError(f"train: settings: got `sigma` with nll {settings.get('nll', 'bernoulli')!r}, expected nll 'gaussian'")
    _require.whole("train: settings: seed", settings["seed"], least=0)


def _chosen(name: str, value: object, choices: Mapping) -> Any:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"train: settings: {name}: got {value!r}, expected one of {', '.join(choices)}")
    return choices[value]


def _loss(settings: Mapping) -> training.Loss:
    gaussian = partial(losses.gaussian_nll, sigma=settings.get("sigma", 1))
    nll = _chosen("nll", settings.get("nll", "bernoulli"), {"bernoulli": losses.bernoulli_nll, "gaussian": gaussian})
    if settings["kind"] == "ae":
        return partial(losses.reconstruction_loss, nll=nll)
    beta = settings.get("beta", 1)
    if "warmup" not in settings:
        return partial(losses.negative_elbo, beta=beta, nll=nll)
    return _warmed_up(beta, settings["warmup"], nll)


def _warmed_up(beta: float | int, warmup: int, nll: Callable) -> training.Loss:
    _require.whole("train: settings: warmup", warmup)
    steps = itertools.count()  # `fit` calls its loss once a step

    def loss(model: nn.Module, x: Tensor, *, generator: torch.Generator) -> losses.ELBOTerms:
        return losses.negative_elbo(model, x, beta=beta * min(1, next(steps) / warmup), nll=nll, generator=generator)

    return loss


class _Work:
    """The runs of one sweep: those that have ended, and how the others are shared out until all have."""

    def __init__(self, settings: list[dict], packed: tuple, measure: Callable, jobs: int, tick: Callable[[], object]):
        self.settings, self.packed, self.measure, self.jobs, self.tick = settings, packed, measure, jobs, tick
        self.runs: dict[int, Run] = {}

    def finish(self) -> list[Run]:
        while missing := [i for i in range(len(self.settings)) if i not in self.runs]:
            try:
                for i in self.share_out(missing)[0]:  # one of them took its worker along: each alone, where it can hurt no other
                    again, why = self.share_out([i])
                    if again:
                        self.give_up(i, f"its worker died or could not answer, twice: {why}")
            except TimeoutError as error:  # joblib found no worker on the cluster
                if not self.runs:
                    raise
                for i in set(missing).difference(self.runs):
                    self.give_up(i, f"no worker is left: {_named(error)}")
        return [self.runs[i] for i in range(len(self.settings))]

    def share_out(self, wanted: Sequence[int]) -> tuple[list[int], str]:
        """Run those `wanted`. Returns those that were begun and gave no answer, and why."""
        begun: list[int] = []
        whys: list[str] = []
        # No more are handed out than can run, so that a dying worker takes few along.
        parallel = joblib.Parallel(n_jobs=self.jobs, batch_size=1, pre_dispatch="n_jobs", return_as="generator_unordered")
        with _mended_dask(whys):
            try:
                for i, run in parallel(self.tasks(wanted, begun)):
                    self.end(i, run)
            except BrokenProcessPool as error:
                whys.append(_named(error))
                if all(i in self.runs for i in begun):
                    raise  # nothing was running: beginning again would not end
        return [i for i in begun if i not in self.runs], whys[-1] if whys else ""

    def tasks(self, wanted: Sequence[int], begun: list[int]) -> Iterator:
        for i in wanted:
            begun.append(i)
            yield joblib.delayed(_run)(i, self.settings[i], self.packed, self.measure)

    def end(self, i: int, run: Run) -> None:
        self.runs[i] = run
        self.tick()

    def give_up(self, i: int, why: str) -> None:
        self.end(i, _failed(self.settings[i], why))


def _run(i: int, settings: dict, packed: tuple, measure: Callable[[nn.Module, History], object]) -> tuple[int, Run]:
    """What a worker does. It returns an error rather than raise it, because joblib would stop all the other runs."""
    try:
        with _one_thread():
            model, history = train(settings, _unpack(*packed))
            if history.interrupted:
                raise KeyboardInterrupt
            return i, Run(settings, measure(model, history), None)
    except Exception as error:
        return i, _failed(settings, _named(error))


def _failed(settings: dict, why: str) -> Run:
    return Run(settings, None, f"{why} (settings: {', '.join(f'{name}={value!r}' for name, value in settings.items())})")


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Sums are taken in another order with another number of threads, and two workers with two threads each stand in line."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def _mended_dask(whys: list[str]) -> Iterator[None]:
    """Within this block joblib's Dask backend, where it is the one in use, does two things better than in joblib 1.6.

    It never tells of a task that the scheduler gave up, so that the call would wait for ever: here such a task counts as done,
    without a result, and its error goes to `whys`. And when the cluster has a single worker left, it runs the task in this
    process, where what kills a worker would kill us: here it waits for that worker.
    """
    backend, _ = joblib.parallel.get_active_backend()
    if type(backend).__module__ != "joblib._dask":
        yield
        return
    submit, effective_n_jobs = backend.submit, backend.effective_n_jobs

    def submit_and_tell(batch: object, callback: Callable) -> Any:
        def tell(future: Any) -> None:
            if error := future.exception():
                whys.append(_named(error))
                callback([])

        future = submit(batch, callback)
        future.add_done_callback(tell)
        return future

    backend.submit, backend.effective_n_jobs = submit_and_tell, lambda n_jobs: max(2, effective_n_jobs(n_jobs))
    try:
        yield
    finally:
        del backend.submit, backend.effective_n_jobs  # the class's own show again


def _pack(x: Tensor) -> tuple[bytes, torch.dtype, tuple[int, ...]]:
    """The data as bytes that go out with every run: images shrink to a fifteenth, and no worker's death can take them along.

    A large array would be placed on one Dask worker, and be lost with it; joblib leaves bytes in the task.
    """
    return zlib.compress(x.detach().cpu().contiguous().numpy().tobytes(), 1), x.dtype, tuple(x.shape)


def _unpack(content: bytes, dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
    return torch.frombuffer(bytearray(zlib.decompress(content)), dtype=dtype).reshape(shape)


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.10g}")
    if isinstance(value, Mapping):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value


def _tuples(settings: dict) -> dict:
    """JSON has no tuples; in settings a list would be an axis of `grid`."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
