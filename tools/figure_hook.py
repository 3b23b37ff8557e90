"""Runs in a notebook's kernel: whatever is shown as a PNG that matplotlib drew carries its contents in the output's metadata.

`display` and a cell's last value both go through IPython's display formatter, and a figure of pyplot as well as the still picture of an
explorable are drawn while it formats. So it is there that matplotlib's canvas is watched, and only there: a figure that is saved to a file
costs nothing. Nothing is imported before something is shown, because every kernel of the tests would pay for it.
"""

import json
import sys

KEY = "figure_contents"  # in the metadata of an output's "image/png"


def install(shell, collector):
    """Watch what a shell formats. `collector` is compiled code that defines `contents(figure)`."""
    formatter = shell.display_formatter
    formatter.format = Watch(formatter.format, collector)


class Watch:
    """The display formatter's `format`, which also notes the contents of what is drawn meanwhile."""

    def __init__(self, formats, collector):
        self.formats, self.collector = formats, collector
        self.space = {"__name__": "figure_contents"}
        self.drawn = None  # while something is formatted, the contents of each figure drawn for it

    def __call__(self, *arguments, **options):
        """Format as before. Returns (data, metadata), as the formatter does."""
        self.watch_canvas()
        before, self.drawn = self.drawn, []
        try:
            data, metadata = self.formats(*arguments, **options)
            if "image/png" in data and self.drawn:
                metadata.setdefault("image/png", {})[KEY] = self.drawn[-1]
            return data, metadata
        finally:
            self.drawn = before

    def watch_canvas(self):
        """Let matplotlib's canvas say what it drew, as soon as matplotlib is there."""
        backend = sys.modules.get("matplotlib.backend_bases")
        if backend is None or hasattr(backend.FigureCanvasBase.print_figure, "plain"):
            return
        plain = backend.FigureCanvasBase.print_figure

        def print_figure(canvas, *arguments, **options):
            result = plain(canvas, *arguments, **options)
            if self.drawn is not None:
                self.drawn.append(self.describe(canvas.figure))
            return result

        print_figure.plain = plain
        backend.FigureCanvasBase.print_figure = print_figure

    def describe(self, figure):
        """A figure's contents; what cannot be described is reported, and does not end the cell."""
        try:
            if "contents" not in self.space:
                exec(self.collector, self.space)
            held = self.space["contents"](figure)
            json.dumps(held, allow_nan=False)  # what cannot be sent would take the figure with it
            return held
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}
