"""Stand-ins, on the trusted side, for what stays in a worker: functions, classes, modules, other objects.

A proxy asks its worker and gets plain values or proxies back. Gradients pass through, to tensors that were handed in and to the
parameters of modules; second derivatives do not. Nothing that a student's class defines (`__eq__`, `__bool__`, a tensor subclass)
exists here: what arrives is a real tensor, number or text. Names that begin with an underscore are never asked for.
"""

import contextlib
import weakref
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from coursework.wire import protocol
from coursework.wire.errors import StudentError
from coursework.wire.shape import PLAIN, Shape


@runtime_checkable
class Peer(Protocol):
    """What a stand-in needs of the session that it came from (`session.Session`)."""

    _number: int
    shape: Shape

    def ask(self, op: str, message: dict, encoder: protocol.Encoder, place: str = "") -> tuple[dict, protocol.Decoder]: ...

    def fetch(self, op: str, message: dict, place: str) -> Any: ...

    def checked(self) -> contextlib.AbstractContextManager[None]: ...

    def free(self, lent: int) -> None: ...

    def drop(self, number: int) -> None: ...


class Proxy:
    """An object that stays in the worker. Its attributes and methods are asked for by name.

    Example:
        >>> counter = session.value("Counter")()
        >>> counter.add(2), counter.total
        (None, 2)
    """

    def __init__(self, session: Peer, ref: protocol.Ref, place: str):
        vars(self).update(_session=session, _ref=ref, _place=place)
        weakref.finalize(self, session.free, ref.id).atexit = False

    def __getattr__(self, name: str) -> Any:
        return attribute(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self!r}: an attribute of a student's object cannot be set from outside")

    def __repr__(self) -> str:
        return shown(self)

    def __reduce__(self) -> NoReturn:
        refuse_copy(self)


class CallableProxy(Proxy):
    """A function, a method or a class that stays in the worker.

    Example:
        >>> gaussian_kl = session.value("gaussian_kl")
        >>> mu = torch.zeros(3, 2, requires_grad=True)
        >>> gaussian_kl(mu, torch.zeros(3, 2)).sum().backward()
    """

    def __init__(self, session: Peer, ref: protocol.Ref, place: str, owner: "ModuleProxy | None" = None):
        super().__init__(session, ref, place)
        vars(self).update(__name__=ref.name, _owner=owner)

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return call(self, args, kwargs, self._owner)


class ModuleProxy(nn.Module):
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

    def __init__(self, session: Peer, ref: protocol.Ref, place: str):
        super().__init__()
        vars(self).update(_session=session, _ref=ref, _place=place, _leaves=None, _sent={})
        del vars(self)["training"]  # asked for in the worker, as any attribute
        weakref.finalize(self, session.free, ref.id).atexit = False

    def forward(self, *args: object, **kwargs: object) -> Any:
        return call(self, args, kwargs, self)

    def __getattr__(self, name: str) -> Any:
        return attribute(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        if "_ref" in vars(self):
            raise AttributeError(f"{self!r}: an attribute of a student's module cannot be set from outside")
        vars(self)[name] = value

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

    def train(self, mode: bool = True) -> "ModuleProxy":
        self._method("train", mode)
        return self

    def requires_grad_(self, requires_grad: bool = True) -> "ModuleProxy":
        self._method("requires_grad_", requires_grad)
        return self._anew()

    def load_state_dict(self, state_dict: Mapping[str, Tensor], *_: object, **__: object) -> None:
        self._method("load_state_dict", dict(state_dict))

    def double(self) -> "ModuleProxy":
        self._method("double")
        return self._anew()

    def float(self) -> "ModuleProxy":
        self._method("float")
        return self._anew()

    def _apply(self, *_: object, **__: object) -> NoReturn:
        raise NotImplementedError(f"{self!r}: a student's module stays on the CPU; double() and float() change its numbers")

    def _anew(self) -> "ModuleProxy":
        vars(self).update(_leaves=None, _sent={})
        return self

    def _method(self, name: str, *args: object) -> Any:
        return attribute(self, name)(*args)

    def _state(self, *, buffers: bool) -> tuple[dict, list]:
        session = self._session
        answer, decoder = session.ask("parameters", {"on": self._ref.id, "buffers": buffers}, protocol.Encoder(session_refuses))
        with session.checked():
            found, trained = decoder.decode(answer.get("value")), protocol.field(answer, "trained", list)
            decoder.finish()
            if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
                raise protocol.ProtocolError("parameters that are none")
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
                encoder = protocol.Encoder(session_refuses)
                values = encoder.encode(changed)
            self._session.ask("set", {"on": self._ref.id, "values": values}, encoder)
            self._sent.update({name: leaf._version for name, leaf in changed.items()})

    def _trained(self) -> dict[str, nn.Parameter]:
        """The leaves that take a gradient; fetched at the first call."""
        leaves = self._fetch() if self._leaves is None else self._leaves
        return {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}

    def __repr__(self) -> str:
        return shown(self)

    def __reduce__(self) -> NoReturn:
        refuse_copy(self)

    def __deepcopy__(self, _: object) -> NoReturn:
        refuse_copy(self)


def shown(target: Proxy | ModuleProxy) -> str:
    """What stands for a stand-in in a message."""
    return f"<a student's {target._ref.kind} {target._ref.name}>"


def refuse_copy(target: Proxy | ModuleProxy) -> NoReturn:
    """Raise, because a copy of a stand-in would be another owner of what is lent."""
    raise TypeError(f"{target!r} cannot be copied or pickled")


def session_refuses(value: object) -> NoReturn:
    raise TypeError(f"a {type(value).__name__} is no value of a parameter")


def proxy(session: Peer, ref: protocol.Ref, place: str) -> Proxy | ModuleProxy:
    """The stand-in for what a worker lends at a place, if it may lend it there."""
    try:
        session.shape.gave(place, ref.kind)
    except StudentError:
        session.free(ref.id)
        raise
    if ref.kind == "module":
        return ModuleProxy(session, ref, place)
    return (CallableProxy if ref.kind in ("function", "class") else Proxy)(session, ref, place)


def attribute(target: "Proxy | ModuleProxy", name: str) -> Any:
    """An attribute, asked for in the worker. A method of a module knows its module, for the gradients of its parameters."""
    if name.startswith("_"):
        raise AttributeError(name)
    place = f"{target._place}.{name}"
    target._session.shape.asked(place)
    owner = target if isinstance(target, ModuleProxy) else vars(target).get("_owner")
    if owner is not None:
        owner._carry()
    value = target._session.fetch("get", {"on": target._ref.id, "name": name}, place)
    if owner is not None and isinstance(value, CallableProxy):
        vars(value)["_owner"] = owner
    return value


def call(target: "CallableProxy | ModuleProxy", args: tuple, kwargs: dict, owner: ModuleProxy | None) -> Any:
    """Call something in the worker, with gradients where they are wanted."""
    session, ref, place = target._session, target._ref, f"{target._place}()"
    modules = [] if owner is None else [owner]
    encoder = protocol.Encoder(lambda value: _own(session, value, modules))
    arguments, keywords = encoder.encode(tuple(args)), encoder.encode(kwargs)
    modules = list(dict.fromkeys(modules))
    for module in modules:
        module._carry()
    gradients = torch.is_grad_enabled()
    trained = [(module._ref.id, module._trained()) for module in modules] if gradients else []
    message = {"on": ref.id, "args": arguments, "kwargs": keywords, "grad": gradients}
    message["parameters"] = [[number, list(leaves)] for number, leaves in trained]
    answer, decoder = session.ask("call", message, encoder, place)
    number = session._number
    with session.checked():
        value = decoder.decode(answer.get("value"))
        outputs = list(decoder.differentiable)
        _advance(encoder.generators, protocol.field(answer, "generators", list), decoder)
        decoder.finish()
    if not isinstance(value, (Proxy, ModuleProxy)):
        session.shape.gave(place, PLAIN)
    inputs = [*encoder.differentiable, *(leaf for _, leaves in trained for leaf in leaves.values())]
    return _grafted(session, number, value, outputs, inputs)


def _own(session: Peer, value: object, modules: list["ModuleProxy"]) -> dict:
    """The node of a proxy among the arguments; a module is noted, for its parameters' gradients."""
    if not isinstance(value, (Proxy, ModuleProxy)) or value._session is not session:
        raise TypeError(f"a {type(value).__name__} cannot be sent to a student's code; plain values and its own functions can")
    if isinstance(value, ModuleProxy):
        modules.append(value)
    return {"t": "ref", "id": value._ref.id, "k": value._ref.kind, "name": value._ref.name}


def _advance(generators: list[torch.Generator], nodes: list, decoder: protocol.Decoder) -> None:
    """Bring each generator that was handed in to where the worker's copy of it is now."""
    if len(nodes) != len(generators):
        raise protocol.ProtocolError("the states of more or fewer generators than were sent")
    for generator, node in zip(generators, nodes, strict=True):
        state = decoder.decode(node)
        if not isinstance(state, torch.Generator):
            raise protocol.ProtocolError("the state of no generator")
        generator.set_state(state.get_state())


class _Graft(torch.autograd.Function):
    """The place of a worker's call in the graph of this side."""

    @staticmethod
    def forward(ctx: Any, session: Peer, number: int, outputs: list[Tensor], *inputs: Tensor) -> tuple[Tensor, ...]:
        ctx.session, ctx.number = session, number
        ctx.shapes = [(each.shape, each.dtype) for each in inputs]
        ctx.set_materialize_grads(False)
        weakref.finalize(ctx, session.drop, number).atexit = False
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple:
        if torch.is_grad_enabled():  # create_graph=True: what is returned here would be taken for a constant
            raise NotImplementedError("second derivatives do not pass through a student's function")
        encoder = protocol.Encoder(session_refuses)
        node = encoder.encode([None if each is None else each.contiguous() for each in gradients])
        answer, decoder = ctx.session.ask("backward", {"call": ctx.number, "gradients": node}, encoder)
        with ctx.session.checked():
            found = decoder.decode(answer.get("value"))
            decoder.finish()
            if not isinstance(found, list) or len(found) != len(ctx.shapes):
                raise protocol.ProtocolError("more or fewer gradients than were asked for")
            for gradient, (shape, dtype) in zip(found, ctx.shapes, strict=True):
                fits = isinstance(gradient, Tensor) and gradient.shape == shape and gradient.dtype == dtype
                if gradient is not None and not fits:
                    raise protocol.ProtocolError("a gradient of another shape or dtype than its tensor")
        return None, None, None, *found


def _grafted(session: Peer, number: int, value: Any, outputs: list[Tensor], inputs: list[Tensor]) -> Any:
    """The value of a call, its differentiable tensors tied to the inputs."""
    if not outputs or not inputs:
        return value
    tied = dict(zip(map(id, outputs), _Graft.apply(session, number, outputs, *inputs), strict=True))
    return _swapped(value, tied)


def _swapped(value: Any, tied: dict[int, Tensor]) -> Any:
    if isinstance(value, Tensor):
        return tied.get(id(value), value)
    if isinstance(value, (tuple, list)):
        return type(value)(_swapped(each, tied) for each in value)
    if isinstance(value, dict):
        return {key: _swapped(each, tied) for key, each in value.items()}
    return value
