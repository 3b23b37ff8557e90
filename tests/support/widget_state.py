"""Compares widget state, the numbers that an explorable ships, at the end of a notebook that has one.

Text must be equal, numbers within 1e-6 of their size or of 1, and of bytes (levels from 0 to 255, weights) one in a thousand may differ.
An explorable's code is no part of it.
"""

import ast
import base64
import json

import pytest

from sphinx_ext import stored_widgets
from tools import notebooks


class StateItem(pytest.Item):
    """The widget state that the notebook stores, against the state in the kernel after its last cell."""

    def runtest(self):
        """Compare every model that a view leads to."""
        cells = self.parent.figure_cells
        if any(cell.test_outputs is None for cell in cells):
            pytest.skip("not every cell of the notebook was run")
        views = [view["model_id"] for cell in cells for view in stored_widgets.views(cell.test_outputs)]
        models = stored_widgets.without_code(read_state(self.parent.kernel.kc))
        _, got = notebooks.named_models(models, views, self.path.stem)
        complaints = compare_states(stored_widgets.state(self.parent.nb), got)
        if complaints:
            pytest.fail(
                f"{self.parent.name}: widget state differs from what is stored\n" + "\n".join(complaints[:10]), pytrace=False
            )

    def reportinfo(self):
        """Name the notebook."""
        return self.path, 0, f"{self.path.name}: widget state"


def read_state(client):
    """Ask a kernel for the state of all its widgets, as a notebook stores it."""
    ask = "__import__('json').dumps(__import__('ipywidgets').Widget.get_manager_state(drop_defaults=False)['state'])"
    number = client.execute("", user_expressions={"state": ask}, store_history=False)
    while True:
        reply = client.get_shell_msg(timeout=60)
        if reply["parent_header"].get("msg_id") == number:
            return json.loads(ast.literal_eval(reply["content"]["user_expressions"]["state"]["data"]["text/plain"]))


def compare_states(stored, got):
    """List what differs between two states of widgets, model by model."""
    complaints = []
    if set(stored) != set(got):
        complaints.append(f"expected {len(stored)} models, got {len(got)}: a view without its state, or a state without a view")
    for name in stored.keys() & got.keys():
        complaints += compare_values(stored[name]["state"], got[name]["state"], stored[name]["model_name"])
        before, after = (
            {str(b["path"]): base64.b64decode(b["data"]) for b in m.get("buffers", [])} for m in (stored[name], got[name])
        )
        complaints += compare_values(before, after, stored[name]["model_name"])
    return complaints


def compare_values(stored, got, place):
    """List what differs between two values as JSON has them, or bytes."""
    if isinstance(stored, dict) and isinstance(got, dict) and stored.keys() == got.keys():
        return [line for key in stored for line in compare_values(stored[key], got[key], f"{place}.{key}")]
    if isinstance(stored, list) and isinstance(got, list) and len(stored) == len(got):
        return [line for i, pair in enumerate(zip(stored, got, strict=True)) for line in compare_values(*pair, f"{place}[{i}]")]
    if isinstance(stored, bytes) and isinstance(got, bytes) and len(stored) == len(got):
        share = sum(a != b for a, b in zip(stored, got, strict=True)) / max(1, len(stored))
        return [f"{place}: {share:.2%} of the bytes differ"] if share > 1e-3 else []
    if type(stored) in (int, float) and type(got) in (int, float) and abs(stored - got) <= 1e-6 * max(1, abs(stored)):
        return []
    return [] if stored == got else [f"{place}: expected {str(stored)[:80]}, got {str(got)[:80]}"]
