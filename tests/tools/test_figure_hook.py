"""What is drawn while something is shown carries its contents, and nothing else is looked at."""

import io

import matplotlib.pyplot as plt
import pytest
from matplotlib.backend_bases import FigureCanvasBase

from tools.figure_hook import KEY, Watch

COLLECTOR = "seen = []\ndef contents(figure):\n    seen.append(figure)\n    return {'size': len(figure.axes)}"


@pytest.fixture(autouse=True)
def canvas(monkeypatch):
    """Matplotlib's canvas as it was, afterwards."""
    monkeypatch.setattr(FigureCanvasBase, "print_figure", FigureCanvasBase.print_figure)


def shown(figures, *, inner=None):
    """Stands in for IPython's formatter: draws figures, and shows something else meanwhile."""
    for figure in figures:
        figure.savefig(io.BytesIO(), format="png")
    if inner:
        inner()
    return {"text/plain": "Figure"} | ({"image/png": "AAAA"} if figures else {}), {}


def watch(collector=COLLECTOR):
    return Watch(shown, compile(collector, "collector", "exec"))


def figure(axes=1):
    drawn, _ = plt.subplots(1, axes)
    plt.close(drawn)
    return drawn


def test_a_figure_that_is_shown_carries_its_contents():
    data, metadata = watch()([figure(axes=2)])
    assert data == {"text/plain": "Figure", "image/png": "AAAA"}
    assert metadata == {"image/png": {KEY: {"size": 2}}}


def test_a_figure_that_is_saved_is_not_looked_at():
    formats = watch()
    formats([figure()])
    figure().savefig(io.BytesIO(), format="png")
    assert len(formats.space["seen"]) == 1
    assert formats([]) == ({"text/plain": "Figure"}, {})


def test_what_is_shown_meanwhile_takes_nothing_away():
    formats = watch()
    _, metadata = formats([figure(axes=3)], inner=lambda: formats([figure()]))
    assert metadata["image/png"][KEY] == {"size": 3}


@pytest.mark.parametrize(
    ("returned", "error"),
    [("1 / 0", "ZeroDivisionError: division by zero"), ("{'at': float('nan')}", "ValueError: Out of range float")],
)
def test_what_cannot_be_described_or_sent_is_reported_and_ends_nothing(returned, error):
    _, metadata = watch(f"def contents(figure):\n    return {returned}")([figure()])
    assert metadata["image/png"][KEY]["error"].startswith(error)
