"""Control groups of version 2, played by plain files: what the kit writes where, and when it leaves them alone.

What the kernel does with what is written was not seen here: the machines that this was made on have version 1.
"""

import os
import shutil
from pathlib import Path

import pytest

from coursework.sandbox import cgroup
from coursework.wire.limits import Limits

LIMITS = Limits(memory=2**30, disk=2**26, processes=32)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The group of this process: `grade.scope`, with one process in it."""
    folder = tmp_path / "user.slice" / "grade.scope"
    folder.mkdir(parents=True)
    files = {"cgroup.controllers": "cpuset cpu io memory pids", "cgroup.procs": "17\n", "cgroup.subtree_control": ""}
    for name, text in files.items():
        (folder / name).write_text(text)
    (tmp_path / "self").write_text("0::/user.slice/grade.scope\n")
    monkeypatch.setattr(cgroup, "MOUNT", tmp_path)
    monkeypatch.setattr(cgroup, "OWN", tmp_path / "self")
    monkeypatch.setattr(Path, "rmdir", lambda folder: shutil.rmtree(folder))  # the kernel's files go with their folder
    return folder


def text(folder, name):
    return (folder / name).read_text()


def test_a_worker_has_a_group_with_bounds_that_goes_with_it(own):
    folder = cgroup.below()
    assert folder == own
    assert text(own / cgroup.MAIN, "cgroup.procs") == "17"  # a group with groups below it may hold no process
    assert text(own, "cgroup.subtree_control") in ("+cpu", "+memory", "+pids")  # one a write, of which a plain file keeps the last
    group = cgroup.group(folder, LIMITS)
    bounds = {"memory.max": str(2**30 + 2**27 + cgroup.SLACK), "memory.swap.max": "0", "memory.oom.group": "1"}
    for name, value in (bounds | {"pids.max": "35", "cpu.weight": "100"}).items():
        assert text(group.folder, name) == value, name
    group.add(23)
    assert text(group.folder, "cgroup.procs") == "23"
    (group.folder / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 2000000\n")
    assert group.used() == 2.5
    assert group.close() is None
    assert not group.folder.exists()


def test_what_the_kernel_ended_for_its_memory_is_told_and_what_runs_on_is_killed(own, monkeypatch):
    group = cgroup.group(cgroup.below(), LIMITS)
    (group.folder / "memory.events").write_text("low 0\nmax 9\noom 1\noom_kill 2\n")
    (group.folder / "cgroup.events").write_text("populated 1\nfrozen 0\n")
    killed = []

    def pause(_):
        killed.append(text(group.folder, "cgroup.kill"))
        (group.folder / "cgroup.events").write_text("populated 0\n")

    monkeypatch.setattr(cgroup.time, "sleep", pause)
    assert group.close() == "memory"
    assert killed == ["1"]


def test_a_second_grader_makes_its_groups_beside_the_first_ones(own):
    folder = cgroup.below()
    cgroup.OWN.write_text(f"0::/user.slice/grade.scope/{cgroup.MAIN}\n")
    assert cgroup.below() == folder


@pytest.mark.parametrize("case", ["version 1", "both", "no memory", "no file", "read-only"])
def test_where_groups_cannot_be_made_there_are_none(own, monkeypatch, case):
    if case == "version 1":
        cgroup.OWN.write_text("4:memory:/user\n3:cpu:/user\n")
    elif case == "both":  # version 2 is mounted, and version 1 has the controllers
        (own / "cgroup.controllers").write_text("")
    elif case == "no memory":
        (own / "cgroup.controllers").write_text("cpu pids")
    elif case == "no file":
        cgroup.OWN.unlink()
    else:
        monkeypatch.setattr(os, "access", lambda path, mode: False)
    before = sorted(own.rglob("*"))
    assert cgroup.below() is None
    assert sorted(own.rglob("*")) == before
