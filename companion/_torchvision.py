"""Import torchvision beside a CPU-only torch. Holds that one repair and nothing else.

On Linux x86-64 the torchvision of the package registry is built against a CUDA torch. Beside a CPU-only torch its C++
library does not load, and the import stops at `operator torchvision::nms does not exist`, although everything this course
uses (`datasets`, `transforms`) is pure Python. Declaring the schemas of the missing operators is enough. Where the plain
import works, this module does nothing.
"""

import importlib
import sys
from types import ModuleType

import torch

_MISSING = "operator torchvision::"
_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_library = None  # torch.library drops the declarations when the object that made them is collected


def import_datasets() -> ModuleType:
    """Return `torchvision.datasets`, mending the import only where the plain one fails for want of an operator."""
    try:
        return importlib.import_module("torchvision.datasets")
    except RuntimeError as error:
        if _MISSING not in str(error):
            raise
    _declare_operators()
    return importlib.import_module("torchvision.datasets")


def _declare_operators() -> None:
    global _library
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]  # what the failed import left half made
    if _library is None:
        _library = torch.library.Library("torchvision", "DEF")
        for schema in _SCHEMAS:
            _library.define(schema)
