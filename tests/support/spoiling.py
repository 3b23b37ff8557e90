"""A saved widget state as it should not be: what of it is lost, before the page reads it."""


def drop_weights(saved):
    """The models of weights have no bytes."""
    for model in saved["state"].values():
        if model["model_name"] == "WidgetModel":
            model["buffers"] = []


def lose_files(saved):
    """The files that the bytes of weights were put into are not there."""
    for model in saved["state"].values():
        for buffer in model.get("buffers", []) if model["model_name"] == "WidgetModel" else []:
            buffer["external"] = "missing"
