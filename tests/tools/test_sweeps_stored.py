"""The sweeps that chapter 8 loads: they are what tools/make_sweeps.py makes, and the check notices when they are not."""

import pytest

from companion import sweep
from tools import make_sweeps


@pytest.mark.parametrize("name", list(make_sweeps.SWEEPS))
def test_a_stored_sweep_has_the_scripts_settings_and_results_for_all(name):
    stored, script = sweep.load_stored(name), make_sweeps.SWEEPS[name]
    assert [run.settings for run in stored.runs] == script.settings
    assert (stored.what, stored.command) == (script.what, f"python tools/make_sweeps.py {name}")
    shape = stored.runs[0].result
    for run in stored.runs:
        assert make_sweeps.distance(shape, run.result) < float("inf")  # the same keys and lengths, no NaN


@pytest.mark.slow
def test_one_run_made_again_gives_the_stored_numbers():
    assert make_sweeps.check("warmup", quick=True)


def test_the_check_fails_when_a_number_has_moved(monkeypatch, capsys):
    stored = sweep.load_stored("units")
    moved = [run._replace(result={**run.result, "variance": [v + 0.01 for v in run.result["variance"]]}) for run in stored.runs]
    monkeypatch.setattr(make_sweeps, "make", lambda of, settings, jobs: stored.runs)
    assert make_sweeps.main(["--check", "units"]) == 0
    monkeypatch.setattr(make_sweeps, "make", lambda of, settings, jobs: moved)
    assert make_sweeps.main(["--check", "units"]) == 1
    assert "units: 18 runs, largest difference 1.0e-02, at most 1e-03 allowed" in capsys.readouterr().out
    failed = [stored.runs[0]._replace(result=None, error="ValueError: no (settings: beta=1)"), *stored.runs[1:]]
    monkeypatch.setattr(make_sweeps, "make", lambda of, settings, jobs: failed)
    assert make_sweeps.main(["--check", "units"]) == 1
    assert "units: ValueError: no" in capsys.readouterr().out


def test_results_of_another_shape_are_infinitely_far():
    assert make_sweeps.distance({"a": [1.0, 2.0]}, {"a": [1.5, 2]}) == 0.5
    for other in ({"b": [1.0, 2.0]}, {"a": [1.0]}, {"a": 1.0}, {"a": [1.0, None]}):
        assert make_sweeps.distance({"a": [1.0, 2.0]}, other) == float("inf")
    assert make_sweeps.distance([1.0, 2.0], [1.0, float("nan")]) == float("inf")


def test_an_unknown_name_lists_the_known_ones(capsys):
    with pytest.raises(SystemExit):
        make_sweeps.main(["alpha"])
    assert "got alpha, expected names from beta, units" in capsys.readouterr().err
