"""What every explorable shares: its JavaScript and style beside it, a still picture for where no script runs, and a stable name.

An explorable's page code is its own `.js`, joined with the modules of `js/` that it imports, its style `common.css`; anywidget runs
them in Jupyter, `sphinx_ext/runtime/runtime.js` on the static page.
"""

import base64
import inspect
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import anywidget
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import widget_serialization
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from companion import plots
from companion.widgets import bundle

REFERENCE = {"sync": True, **widget_serialization}  # tag of a trait that points at a Weights
STILL_DPI = 200  # twice the size on the page, as the book's other figures


class Explorable(anywidget.AnyWidget):
    """Base of the explorables. A subclass in `name.py` has its page code in `name.js` and draws its still picture in `still`."""

    def __init_subclass__(cls, **options: Any) -> None:
        if Explorable not in cls.__bases__:  # traitlets derives classes of its own to add traits
            return super().__init_subclass__(**options)
        own = Path(inspect.getfile(cls)).with_suffix(".js")
        cls._esm = bundle.join(own)
        cls._css = bundle.style()
        return super().__init_subclass__(**options)

    def still(self) -> Figure:
        """The picture that stands in where no script runs."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict, dict]:
        """The live view and the still picture in one output; whoever shows it takes the best that it can."""
        data, metadata = super()._repr_mimebundle_(**options) or ({}, {})
        with plt.rc_context(plots.STYLE):
            figure = self.still()
            picture = io.BytesIO()
            figure.savefig(picture, format="png", dpi=STILL_DPI)
            plt.close(figure)
        width, height = (round(inches * STILL_DPI / 2) for inches in figure.get_size_inches())
        data["image/png"] = base64.b64encode(picture.getvalue()).decode()
        return data, {**metadata, "image/png": {"width": width, "height": height}}


def image_titles(titles: Iterable[str] | None, count: int) -> list[str]:
    """What each of `count` images is called in a sentence: `titles`, or "test image 1 of 10" and so on.

    Raises:
        ValueError: other than `count` titles, or an empty one.
    """
    if titles is None:
        return [f"test image {i + 1} of {count}" for i in range(count)]
    titles = list(titles)
    if len(titles) != count or not all(titles):
        raise ValueError(f"titles: got {titles} for {count} images, expected a word or more for each")
    return titles


def draw_codes(axes: Axes, codes: np.ndarray, labels: np.ndarray, *, names: Iterable | None = None) -> None:
    """Scatter codes (n, 2) in the colours of their labels and write each label, as the page does.

    names: (label, z_1, z_2) for each; None writes each label at the median of its codes.
    """
    axes.scatter(codes[:, 0], codes[:, 1], s=4, c=np.array(plots.PALETTE)[labels], linewidths=0, alpha=0.75)
    medians = ((label, *np.median(codes[labels == label], axis=0)) for label in np.unique(labels))
    for label, x, y in medians if names is None else names:
        axes.text(x, y, str(label), ha="center", va="center", fontweight="bold", path_effects=plots.OUTLINE)
