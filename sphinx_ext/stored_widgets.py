"""How a notebook stores its explorables, and the way back to how Jupyter writes widgets. Notebooks are dicts, as JSON has them.

Jupyter writes a view in the cell's output and the state of all models, code included, in the notebook's metadata. A notebook of the book
stores an explorable's name, state and still picture, and none of its code, so that a change of a script changes no notebook. Because the
state alone draws nothing, both stand under names of our own: Jupyter's viewers then show the still picture, and not an error, until the
cell is run.
"""

JUPYTER_VIEW = "application/vnd.jupyter.widget-view+json"
JUPYTER_STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.companion.explorable+json"
STATE = "explorables"  # a key of the notebook's metadata: model id -> {"model_name", "model_module", "state", "buffers"}
CODE = ("_esm", "_css")
VERSION = {"version_major": 2, "version_minor": 0}  # of Jupyter's two formats


def views(outputs: list) -> list[dict]:
    """The views among a cell's outputs, in either form; each has a "model_id"."""
    return [data[form] for data in _bundles(outputs) for form in (JUPYTER_VIEW, VIEW) if form in data]


def state(notebook: dict) -> dict:
    """Model id -> what is saved of it, in either form or, where Jupyter saved a stored notebook again, in both."""
    metadata = notebook["metadata"]
    return {**metadata.get(STATE, {}), **metadata.get("widgets", {}).get(JUPYTER_STATE, {}).get("state", {})}


def is_ours(model: dict) -> bool:
    """Whether a saved model is an explorable, whose code `companion` has."""
    return model["state"].get("_anywidget_id", "").startswith("companion.widgets.")


def without_code(models: dict) -> dict:
    """Models as a notebook stores them: an explorable's without its code."""
    return {name: _without(model) if is_ours(model) else model for name, model in models.items()}


def store(notebook: dict) -> None:
    """Bring a notebook's widgets into the stored form, in place. What has that form stays as it is."""
    models = without_code(state(notebook))
    notebook["metadata"].pop("widgets", None)
    if models:
        notebook["metadata"][STATE] = models
    for data in _cells_bundles(notebook):
        if JUPYTER_VIEW in data:
            data[VIEW] = {"model_id": data.pop(JUPYTER_VIEW)["model_id"]}


def restore(notebook: dict) -> None:
    """Bring a notebook's widgets into Jupyter's form, in place; an explorable's code stays away."""
    models = notebook["metadata"].pop(STATE, None)
    if models:
        notebook["metadata"]["widgets"] = {JUPYTER_STATE: {"state": models, **VERSION}}
    for data in _cells_bundles(notebook):
        if VIEW in data:
            data[JUPYTER_VIEW] = {**data.pop(VIEW), **VERSION}


def _without(model: dict) -> dict:
    return {**model, "state": {name: value for name, value in model["state"].items() if name not in CODE}}


def _cells_bundles(notebook: dict) -> list[dict]:
    return [data for cell in notebook["cells"] for data in _bundles(cell.get("outputs", []))]


def _bundles(outputs: list) -> list[dict]:
    return [output["data"] for output in outputs if "data" in output]
