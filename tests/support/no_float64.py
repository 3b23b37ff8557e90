"""A device without float64, as Apple's GPUs are, played on the CPU: tensors that refuse float64 until `.cpu()` has brought them home."""

import torch
from torch import nn
from torch.utils._pytree import tree_map

REFUSAL = "this device has no float64"


class Elsewhere(torch.Tensor):
    """A tensor on the played device. `held` is the plain tensor behind it; what is computed with it stays on the device."""

    @staticmethod
    def __new__(cls, held: torch.Tensor):
        return torch.Tensor._make_wrapper_subclass(cls, held.shape, dtype=held.dtype, strides=held.stride())

    def __init__(self, held: torch.Tensor):
        self.held = held

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function is torch.Tensor.cpu:
            return args[0].held
        return super().__torch_function__(function, types, args, kwargs or {})

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        args_held, kwargs_held = tree_map(held, (args, kwargs or {}))
        result = function(*args_held, **kwargs_held)
        if function._schema.is_mutable:  # in place: what it gives is what it was given
            return args[0] if isinstance(result, torch.Tensor) else result
        return tree_map(elsewhere, result)


def held(value):
    return value.held if isinstance(value, Elsewhere) else value


def elsewhere(value):
    """A value on the played device.

    Raises:
        TypeError: it is float64.
    """
    if not isinstance(value, torch.Tensor):
        return value
    if value.dtype == torch.float64:
        raise TypeError(REFUSAL)
    return Elsewhere(value)


def move(model: nn.Module) -> nn.Module:
    """Put a model's weights on the played device, in place."""
    for module in model.modules():
        for name, weight in list(module.named_parameters(recurse=False)):
            module.register_parameter(name, nn.Parameter(elsewhere(weight.detach())))
    return model
