"""What every test shares: shape annotations checked at run time, and the digits loaded once."""

import matplotlib
import pytest
import torch
from jaxtyping import config, install_import_hook

# Every annotated function checks the types and shapes that it is given and returns. Must come before the two are imported.
install_import_hook(["companion", "coursework"], "beartype.beartype")

from companion import data  # noqa: E402


@pytest.fixture(autouse=True)
def own_style():
    """What a test sets of matplotlib's style ends with it."""
    with matplotlib.rc_context():
        yield


@pytest.fixture
def as_users_run():
    """Switch the run-time shape checks off, so that a test sees the error that a user without them sees."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture(scope="session")
def digits() -> data.Dataset:
    return data.load_digits()
