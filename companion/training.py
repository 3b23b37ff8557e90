"""`fit`: the one training loop of the course, on tensors in memory. What is minimised comes in as `loss`.

No callbacks, no schedules beyond the linear decay, no data loader: a run that wants more writes its own loop, as chapter 1 does.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import Optimizer

from companion import _require

Loss = Callable[..., object]  # loss(model, x, *, generator) -> NamedTuple of tensors, `loss` among them


class NonFiniteLossError(FloatingPointError):
    """A term of the loss became NaN or infinite. `history` holds the steps before it."""

    def __init__(self, message: str, history: "History"):
        super().__init__(message)
        self.history = history


@dataclass
class History:
    """What a run recorded, and what it needs to go on.

    terms: for each term of the loss its mean over the batch at every step done, (steps_done,), float64 on the CPU, nats.
    interrupted: True when the run was stopped by the keyboard (Ctrl-C, or Jupyter's stop button).
    state: what `fit(..., resume=history)` needs to go on exactly where this run stopped.
    """

    terms: dict[str, Float[Tensor, "steps_done"]] = field(default_factory=dict)
    interrupted: bool = False
    state: dict = field(default_factory=dict, repr=False)

    @property
    def steps_done(self) -> int:
        """How many steps are recorded."""
        return len(next(iter(self.terms.values()), ()))

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {values[-1]:.2f}" for name, values in self.terms.items() if len(values))
        return f"History({self.steps_done} steps{'; last step: ' + last if last else ''})"


def fit(
    model: nn.Module,
    x: Float[Tensor, "n pixels"],
    loss: Loss,
    *,
    generator: torch.Generator,
    steps: int = 2000,
    batch_size: int = 128,
    learning_rate: float | int = 3e-3,
    decay: bool = True,
    adam_eps: float | int = 1e-8,
    progress: bool = False,
    resume: History | None = None,
) -> History:
    """Minimise `loss` over `model`'s parameters with Adam (Kingma & Ba 2015), on batches of `x` without replacement.

    Every epoch goes through `x` in a new random order; a last, smaller batch is left out. `model` is changed in place.

    Args:
        model: the network; only its parameters are touched.
        x: the data, (n, pixels), on the device and of the type of the model's weights. An Apple GPU ("mps") wants float32.
        loss: `loss(model, batch, generator=generator)` returns a NamedTuple (or dict) of tensors with a scalar `loss` in it.
        generator: draws the order of the batches, and whatever `loss` draws from it.
        steps: how many updates in all, those of `resume` counted in.
        batch_size: images a step; all of `x` when `x` has fewer.
        learning_rate: Adam's step size at the first step.
        decay: lower it linearly, to reach 0 after `steps`.
        adam_eps: the number that Adam adds to the root of the mean squared gradient. A loss scaled by c gives the same run when
            `adam_eps` is scaled by c too.
        progress: show a progress bar.
        resume: the `History` of an earlier call with the same arguments; the run goes on as if it had never stopped.

    Returns:
        A `History`. After an interrupt it holds the steps done so far.

    Raises:
        NonFiniteLossError: a term is NaN or infinite; names epoch, step and term; `model` keeps the weights before that step.
        ValueError or TypeError: empty or ill-shaped data, numbers out of range, a `loss` that returns no `loss`.

    Example:
        >>> history = fit(model, digits.x_train, losses.reconstruction_loss, generator=torch.Generator().manual_seed(0))
        >>> history.terms["loss"].shape
        torch.Size([2000])
    """
    _require_arguments(x, generator, steps, batch_size, learning_rate)
    _require.positive("fit: adam_eps", adam_eps)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, eps=adam_eps, fused=True)
    batches = _Batches(len(x), min(batch_size, len(x)), generator)
    records = _restore(resume, optimizer, batches, steps, generator)
    with _interrupt_between_steps() as interrupts:
        for step in _steps(records.done, steps, progress):
            batch = x.index_select(0, batches.indices(step).to(x.device))
            terms = _named(loss(model, batch, generator=generator))
            means = _means(terms)
            if (name := _non_finite(means)) is not None:
                value = f"term `{name}` is {means[name].item()}, expected a finite number"
                history = _history(records, optimizer, batches, generator)
                raise NonFiniteLossError(f"fit: epoch {batches.epoch(step)}, step {step}: {value}", history)
            _update(optimizer, terms["loss"], learning_rate * (1 - step / steps) if decay else learning_rate)
            records.add(means)
            if interrupts:
                break
    history = _history(records, optimizer, batches, generator)
    history.interrupted = bool(interrupts)
    return history


@contextlib.contextmanager
def _interrupt_between_steps() -> Iterator[list]:
    """Hold Ctrl-C back until a step is whole, so that weights, records and random state agree; a second Ctrl-C stops at once."""
    interrupts: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield interrupts  # only the main thread may set signal handlers, and only it is interrupted
        return

    def note(number: int, frame: object) -> None:
        if interrupts:
            raise KeyboardInterrupt
        interrupts.append(number)

    previous = signal.signal(signal.SIGINT, note)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, previous)


class _Records:
    """The terms of every step, in tensors made once: thousands of small ones among the batches would scatter the heap."""

    def __init__(self, steps: int):
        self.steps, self.done = steps, 0
        self.values: dict[str, Tensor] = {}

    def add(self, means: Mapping[str, Tensor]) -> None:
        for name, value in means.items():
            if name not in self.values:
                self.values[name] = torch.empty(self.steps, dtype=torch.float64)
            self.values[name][self.done] = value
        self.done += 1

    def terms(self) -> dict[str, Tensor]:
        return {name: values[: self.done].clone() for name, values in self.values.items()}


class _Batches:
    """Random batches without replacement: one permutation an epoch, drawn when its first batch is asked for."""

    def __init__(self, n: int, batch_size: int, generator: torch.Generator):
        self.n, self.batch_size, self.generator = n, batch_size, generator
        self.per_epoch = n // batch_size
        self.order = torch.empty(0, dtype=torch.long)  # of no epoch yet
        self.order_epoch = -1

    def epoch(self, step: int) -> int:
        return step // self.per_epoch

    def indices(self, step: int) -> Tensor:
        if self.order_epoch != self.epoch(step):
            self.order = torch.randperm(self.n, generator=self.generator, device=self.generator.device)
            self.order_epoch = self.epoch(step)
        start = (step % self.per_epoch) * self.batch_size
        return self.order[start : start + self.batch_size]


def _means(terms: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The mean of each term over the batch, float64 on the CPU."""
    # On the CPU first: some devices, Apple's GPUs among them, have no float64.
    return {name: value.detach().cpu().double().mean() for name, value in terms.items()}


def _non_finite(means: Mapping[str, Tensor]) -> str | None:
    """The name of a term that is NaN or infinite, or None. `loss`, the sum, comes last: the term that overflowed is the one to name."""
    in_order = sorted(means, key=lambda name: name == "loss")
    return next((name for name in in_order if not torch.isfinite(means[name])), None)


def _update(optimizer: Optimizer, loss: Tensor, learning_rate: float | int) -> None:
    """Gradients and one step along them."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def _named(terms: object) -> dict[str, Tensor]:
    named = terms._asdict() if hasattr(terms, "_asdict") else dict(terms) if isinstance(terms, Mapping) else {}
    if not isinstance(named.get("loss"), Tensor) or named["loss"].ndim != 0:
        raise TypeError(f"fit: loss returned {type(terms).__name__}, expected a NamedTuple or dict of tensors with a scalar `loss`")
    return named


def _steps(done: int, steps: int, progress: bool) -> Iterable:  # of what: asking a bar for its first step would start it
    if not progress:
        return range(done, steps)
    from tqdm.auto import tqdm

    return tqdm(range(done, steps), initial=done, total=steps, unit="step")


def _history(records: _Records, optimizer: Optimizer, batches: _Batches, generator: torch.Generator) -> History:
    """The steps done so far, and what `_restore` needs to go on behind them."""
    state = {
        "optimizer": optimizer.state_dict(),
        "generator": generator.get_state(),
        "order": batches.order,
        "order_epoch": batches.order_epoch,
    }
    return History(records.terms(), state=state)


def _restore(resume: History | None, optimizer: Optimizer, batches: _Batches, steps: int, generator: torch.Generator) -> _Records:
    """Put optimizer, batches and generator back where `resume` left them; return its records."""
    records = _Records(steps)
    if resume is None:
        return records
    if not isinstance(resume, History) or not resume.state:
        raise TypeError(f"fit: resume: got {resume!r}, expected the History that an earlier fit returned")
    if resume.steps_done > steps:
        raise ValueError(f"fit: resume: got a history of {resume.steps_done} steps, expected at most steps={steps}")
    optimizer.load_state_dict(resume.state["optimizer"])
    generator.set_state(resume.state["generator"])
    batches.order, batches.order_epoch = resume.state["order"], resume.state["order_epoch"]
    records.done = resume.steps_done
    for name, values in resume.terms.items():
        records.values[name] = torch.cat([values, values.new_empty(steps - len(values))])
    return records


def _require_arguments(x: Tensor, generator: torch.Generator, steps: int, batch_size: int, learning_rate: float | int) -> None:
    _require.tensor("fit: x", x, ndim=2)
    _require.not_empty("fit: x", x)
    _require.finite("fit: x", x)
    _require.generator("fit: generator", generator)
    _require.whole("fit: steps", steps)
    _require.whole("fit: batch_size", batch_size)
    _require.positive("fit: learning_rate", learning_rate)
