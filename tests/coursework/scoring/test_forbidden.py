"""Imports that an exercise forbids, read off the text of a student's cells."""

import pytest

from coursework.handin.cells import StudentCell
from coursework.scoring.forbidden import forbidden_imports

FORBID = ("companion.losses", "sklearn")


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("from companion.losses import gaussian_kl", ["companion.losses", "companion.losses.gaussian_kl"]),
        ("from companion import data, losses as l", ["companion.losses"]),
        ("import companion.losses", ["companion.losses"]),
        ("def f():\n    import sklearn.mixture as m", ["sklearn.mixture"]),
        ("__import__('sklearn')", ["sklearn"]),
        ("import importlib as i\ni.import_module('companion.losses')", ["companion.losses"]),
        ("import companion.losses_of_mine, sklearns", []),
        ("import companion\nfrom . import losses", []),
        ("importlib.import_module(name)", []),
        ("def f(:", []),
    ],
)
def test_what_is_imported_is_found_in_whatever_form(code, found):
    assert forbidden_imports([StudentCell(None, code)], FORBID) == found


def test_what_came_with_the_exercise_is_not_asked():
    assert forbidden_imports([StudentCell(None, "import sklearn", "given")], FORBID) == []
    assert forbidden_imports([StudentCell(None, "import sklearn")], ()) == []
