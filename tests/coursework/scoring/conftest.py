"""What the tests of scoring share: the small exercise, and a sandbox that each file of tests opens once."""

import pytest

from coursework.samples import small
from coursework.sandbox.supervisor import Supervisor


@pytest.fixture(scope="module")
def exercise(tmp_path_factory):
    return small.exercise(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def supervisor(sandbox):
    with Supervisor() as opened:
        yield opened
