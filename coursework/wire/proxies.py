"""Stand-ins, on the trusted side, for what stays in a worker: functions, classes, modules, other objects.

A proxy asks its worker and gets plain values or proxies back. Gradients pass through, to tensors that were handed in and to the
parameters of modules; second derivatives do not. Nothing that a student's class defines (`__eq__`, `__bool__`, a tensor subclass)
exists here but for its length, its items and its iterator: what arrives is a real tensor, number or text. Other names that begin with
an underscore are never asked for, and a `Shape` says what else is not.
"""

import contextlib
import re
import weakref
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from coursework.wire import generators
from coursework.wire.errors import StudentError, refusal
from coursework.wire.protocol import ProtocolError, field
from coursework.wire.shape import Shape
from coursework.wire.values import Decoder, Encoder, Ref

NOTED = "_noted"  # in a stand-in's `vars`: what its last call did beside its result; not there after a call that raised


@runtime_checkable
class Peer(Protocol):
    """What a stand-in needs of the session that it came from (`session.Session`)."""

    number: int
    shape: Shape

    def ask(self, op: str, message: dict, encoder: Encoder, place: str = "") -> tuple[dict, Decoder]: ...

    def fetch(self, op: str, message: dict, place: str) -> Any: ...

    def whole(self, answer: dict, decoder: Decoder, place: str) -> Any: ...

    def checked(self) -> contextlib.AbstractContextManager[None]: ...

    def free(self, lent: int) -> None: ...

    def drop(self, number: int) -> None: ...


class _StandIn:
    """What all stand-ins can do. place: how a test came to it, see `shape`."""

    _session: Peer
    _ref: Ref
    _place: str

    def _stand_for(self, session: Peer, ref: Ref, place: str) -> None:
        vars(self).update(_session=session, _ref=ref, _place=place)
        weakref.finalize(self, session.free, ref.id).atexit = False

    def _owner(self) -> "ModuleProxy | None":
        """The module whose parameters a call may use."""
        return vars(self).get("_module")

    def __getattr__(self, name: str) -> Any:
        """An attribute, asked for in the worker. A method of a module knows its module, for the gradients of its parameters."""
        if name.startswith("_"):
            raise AttributeError(name)
        place, owner = f"{self._place}.{name}", self._owner()
        self._session.shape.asked(place)
        if owner is not None:
            owner._carry()
        value = self._session.fetch("get", {"on": self._ref.id, "name": name}, place)
        if owner is not None and type(value) is CallableProxy:
            vars(value)["_module"] = owner
        return value

    def __setattr__(self, name: str, value: object) -> None:
        if "_ref" in vars(self):
            raise AttributeError(f"{self!r}: an attribute of what is a student's cannot be set from outside")
        vars(self)[name] = value

    def __len__(self) -> int:
        return call(self, f"len({self._place})", "len", (), {})

    def __getitem__(self, key: object) -> Any:
        return call(self, f"{self._place}[...]", "item", (key,), {})

    def __iter__(self) -> Iterator:
        return call(self, f"iter({self._place})", "iter", (), {})

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<a student's {self._ref.kind} {self._ref.name}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{self!r} cannot be copied or pickled")  # a copy would be another owner of what is lent

    def __deepcopy__(self, _: object) -> NoReturn:
        self.__reduce__()


class Proxy(_StandIn):
    """An object that stays in the worker. Its attributes and methods are asked for by name.

    Example:
        >>> counter = session.value("Counter")()
        >>> counter.add(2), counter.total
        (None, 2)
    """

    def __init__(self, session: Peer, ref: Ref, place: str):
        self._stand_for(session, ref, place)


class CallableProxy(Proxy):
    """A function, a method or a class that stays in the worker.

    Example:
        >>> gaussian_kl = session.value("gaussian_kl")
        >>> mu = torch.zeros(3, 2, requires_grad=True)
        >>> gaussian_kl(mu, torch.zeros(3, 2)).sum().backward()
    """

    def __init__(self, session: Peer, ref: Ref, place: str):
        super().__init__(session, ref, place)
        vars(self)["__name__"] = ref.name

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return call(self, f"{self._place}()", "call", args, kwargs)


class Unusable:
    """Stands for something of a kind that a test does not take at its place. It costs nothing until a test looks at it.

    Any use raises the error that says so, `isinstance` and being sent to the worker among them, and the worker hears of none. Only that
    it is not None can be told, and its `repr`.

    Args:
        error: as `Shape.gave` raised it.
    """

    def __init__(self, error: StudentError):
        object.__setattr__(self, "_error", error)

    def __repr__(self) -> str:
        return "<something that the test does not take>"


def _raise(self: Unusable, *_: object, **__: object) -> NoReturn:
    raise object.__getattribute__(self, "_error").with_traceback(None)


_USES = {name for kind in (int, float, complex, list, dict, set) for name in dir(kind) if re.fullmatch(r"__(?!.*class).*__", name)}
_USES |= {"__call__", "__next__", "__matmul__", "__rmatmul__", "__enter__", "__exit__"}
for _use in _USES - {"__doc__", "__init__", "__new__", "__repr__"}:
    setattr(Unusable, _use, _raise)


class ModuleProxy(_StandIn, nn.Module):
    """An `nn.Module` that stays in the worker, with its parameters at hand.

    Calls and methods run there. `named_parameters()` and `parameters()` are fetched, and are leaves here: after `loss.backward()`
    each has its `.grad`. What is written into them here, by an optimizer, is carried over before the next call. Submodules are
    attributes; `modules()` and `children()` are not carried.

    Example:
        >>> model = session.value("VAE")(4)
        >>> model(x).sum().backward()
        >>> [name for name, parameter in model.named_parameters() if parameter.grad is None]
        []
    """

    _leaves: dict[str, nn.Parameter] | None
    _sent: dict[str, int]

    def __init__(self, session: Peer, ref: Ref, place: str):
        nn.Module.__init__(self)
        vars(self).update(_leaves=None, _sent={})
        del vars(self)["training"]  # asked for in the worker, as any attribute
        self._stand_for(session, ref, place)

    def _owner(self) -> "ModuleProxy":
        return self

    def forward(self, *args: object, **kwargs: object) -> Any:
        return call(self, f"{self._place}()", "call", args, kwargs)

    def named_parameters(self, *_: object, **__: object) -> Iterator[tuple[str, nn.Parameter]]:
        """The names and values of the parameters, as they are in the worker now."""
        return iter(self._fetch().items())

    def state_dict(self, *_: object, **__: object) -> dict[str, Tensor]:  # type: ignore[override]  # torch's also fills a given dict
        """Parameters and buffers, by name: copies."""
        self._carry()
        return self._state(buffers=True)[0]

    def named_buffers(self, *_: object, **__: object) -> Iterator[tuple[str, Tensor]]:
        names = set(self._fetch())
        return iter([(name, value) for name, value in self.state_dict().items() if name not in names])

    def named_modules(self, *_: object, **__: object) -> NoReturn:
        raise NotImplementedError(f"{self!r}: a student's module does not list its submodules; ask for one by name")

    named_children = named_modules

    def _apply(self, *_: object, **__: object) -> NoReturn:
        raise NotImplementedError(f"{self!r}: a student's module stays on the CPU; double() and float() change its numbers")

    def train(self, mode: bool = True) -> "ModuleProxy":
        self.__getattr__("train")(mode)
        return self

    def load_state_dict(self, state_dict: Mapping[str, Tensor], *_: object, **__: object) -> None:
        self.__getattr__("load_state_dict")(dict(state_dict))

    def requires_grad_(self, requires_grad: bool = True) -> "ModuleProxy":
        return self._changed("requires_grad_", requires_grad)

    def double(self) -> "ModuleProxy":
        return self._changed("double")

    def float(self) -> "ModuleProxy":
        return self._changed("float")

    def _changed(self, method: str, *args: object) -> "ModuleProxy":
        """Call a method after which the parameters are others."""
        self.__getattr__(method)(*args)
        vars(self).update(_leaves=None, _sent={})
        return self

    def _state(self, *, buffers: bool) -> tuple[dict, list]:
        session = self._session
        answer, decoder = session.ask("parameters", {"on": self._ref.id, "buffers": buffers}, Encoder(refuse))
        with session.checked():
            found, trained = decoder.decode(answer.get("value")), field(answer, "trained", list)
            decoder.finish()
            if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
                raise ProtocolError("parameters that are none")
        return found, trained

    def _fetch(self) -> dict[str, nn.Parameter]:
        """The leaves, with the worker's values in them; the same objects each time, so that gradients stay."""
        self._carry()
        found, trained = self._state(buffers=False)
        leaves = self._leaves or {}
        for name, value in found.items():
            learned = name in trained and value.is_floating_point()
            if name in leaves and leaves[name].shape == value.shape and leaves[name].dtype == value.dtype:
                leaves[name].data.copy_(value)
            else:
                leaves[name] = nn.Parameter(value, requires_grad=learned)
        leaves = {name: leaves[name] for name in found}
        vars(self).update(_leaves=leaves, _sent={name: leaf._version for name, leaf in leaves.items()})
        return leaves

    def _carry(self) -> None:
        """Write into the worker what was written into the leaves here."""
        changed = {name: leaf for name, leaf in (self._leaves or {}).items() if leaf._version != self._sent[name]}
        if changed:
            with torch.no_grad():
                encoder = Encoder(refuse)
                values = encoder.encode(changed)
            self._session.ask("set", {"on": self._ref.id, "values": values}, encoder)
            self._sent.update({name: leaf._version for name, leaf in changed.items()})

    def _trained(self) -> dict[str, nn.Parameter]:
        """The leaves that take a gradient; fetched at the first call."""
        leaves = self._fetch() if self._leaves is None else self._leaves
        return {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}


def refuse(value: object) -> NoReturn:
    """The `refer` of whoever has nothing to refer to."""
    raise TypeError(f"a {type(value).__name__} cannot be sent to a student's code; plain values and its own functions can")


def proxy(session: Peer, ref: Ref, place: str) -> Any:
    """The stand-in for what a worker lends at a place; an `Unusable`, where nothing of its kind is taken there."""
    try:
        session.shape.gave(place, ref.kind)
    except StudentError as error:
        session.free(ref.id)
        return Unusable(error)
    kinds: dict[str, type] = {"module": ModuleProxy, "object": Proxy}
    return kinds.get(ref.kind, CallableProxy)(session, ref, place)


def call(target: _StandIn, place: str, how: str, args: tuple, kwargs: dict) -> Any:
    """Call something in the worker, with gradients where they are wanted. how: "call", "len", "item" or "iter".

    What the call did besides is kept with what was called: see `_noted`.
    """
    session, owner = target._session, target._owner()
    vars(target).pop(NOTED, None)
    if how != "call":
        session.shape.asked(place)
    modules = [] if owner is None else [owner]
    encoder = Encoder(lambda value: _own(session, value, modules))
    message = {"on": target._ref.id, "how": how, "args": encoder.encode(tuple(args)), "kwargs": encoder.encode(kwargs)}
    modules = list(dict.fromkeys(modules))
    for module in modules:
        module._carry()
    gradients = torch.is_grad_enabled()
    trained = [(module._ref.id, module._trained()) for module in modules] if gradients else []
    message |= {"grad": gradients, "parameters": [[number, list(leaves)] for number, leaves in trained]}
    answer, decoder = session.ask("call", message, encoder, place)
    number = session.number
    with session.checked():
        _advance(encoder.generators, field(answer, "generators", list), decoder)
        vars(target)[NOTED] = _noted(field(answer, "noted", dict), {*range(len(args)), *kwargs})
    value = session.whole(answer, decoder, place)
    inputs = [*encoder.differentiable, *(leaf for _, leaves in trained for leaf in leaves.values())]
    if inputs and decoder.differentiable:
        _Graft.apply(session, number, len(decoder.differentiable), *decoder.differentiable, *inputs)
    return value


def _own(session: Peer, value: object, modules: list["ModuleProxy"]) -> dict:
    """The node of a proxy among the arguments; a module is noted, for its parameters' gradients."""
    if not isinstance(value, (Proxy, ModuleProxy)) or value._session is not session:
        refuse(value)
    if isinstance(value, ModuleProxy):
        modules.append(value)
    return {"t": "ref", "id": value._ref.id, "k": value._ref.kind, "name": value._ref.name}


def _noted(told: dict, places: set[int | str]) -> dict[str, Any]:
    """What a worker tells of a call beside its result.

    changed: which arguments the code changed in place, by position or by name; the tensors of this side are as they were. printed:
    whether it wrote to standard output. It is a student's worker that says so: one that lies hides a slip of its own, no more.
    """
    changed = field(told, "changed", list)
    known = [place for place in changed if type(place) in (int, str) and place in places]
    if len(known) != len(changed) or len(set(known)) != len(known):
        raise ProtocolError("changes of what was not handed in")
    return {"changed": known, "printed": field(told, "printed", bool)}


def _advance(lent: list[torch.Generator], claims: list, decoder: Decoder) -> None:
    """Bring each generator that was handed in to where the worker's copy of it is now, by drawing the same."""
    if len(claims) != len(lent):
        raise ProtocolError("what was drawn from more or fewer generators than were sent")
    for generator, claim in zip(lent, claims, strict=True):
        if claim is None:
            raise refusal("ValueError", generators.SEEDED)
        try:
            generators.advance(generator, decoder.drawn(claim))
        except ValueError as error:
            raise ProtocolError(str(error)) from None


class _Graft(torch.autograd.Function):
    """The place of a worker's call in the graph of this side: makes the outputs, in place, results of the inputs."""

    @staticmethod
    def forward(ctx: Any, session: Peer, number: int, count: int, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.session, ctx.number, ctx.count = session, number, count
        ctx.shapes = [(each.shape, each.dtype) for each in tensors[count:]]
        ctx.set_materialize_grads(False)
        ctx.mark_dirty(*tensors[:count])
        weakref.finalize(ctx, session.drop, number).atexit = False
        return tensors[:count]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple:
        if torch.is_grad_enabled():  # create_graph=True: what is returned here would be taken for a constant
            raise NotImplementedError("second derivatives do not pass through a student's function")
        encoder = Encoder(refuse)
        node = encoder.encode([None if each is None else each.contiguous() for each in gradients])
        answer, decoder = ctx.session.ask("backward", {"call": ctx.number, "gradients": node}, encoder)
        with ctx.session.checked():
            found = decoder.decode(answer.get("value"))
            decoder.finish()
            if not isinstance(found, list) or len(found) != len(ctx.shapes):
                raise ProtocolError("more or fewer gradients than were asked for")
            for gradient, (shape, dtype) in zip(found, ctx.shapes, strict=True):
                fits = isinstance(gradient, Tensor) and gradient.shape == shape and gradient.dtype == dtype
                if gradient is not None and not fits:
                    raise ProtocolError("a gradient of another shape or dtype than its tensor")
        return (None, None, None, *[None] * ctx.count, *found)
