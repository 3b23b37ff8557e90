"""A pytest plugin: what a test needs beside Python, said by markers, and two switches.

    browser    a Chromium
    sandbox    bubblewrap, and a system that lets it work
    site       what `make book` builds
    pinned     the very versions of requirements.txt
    medium     seconds: a kernel, a build of pages, a training
    slow       up to a minute; rarely the only test that fails

A test has the first three when it uses the fixture of that name (or one that uses it), and the others when it says so. Where browser or
sandbox is missing it is skipped, and with --no-skips it fails. What is slow runs with --slow alone. `make check` runs what has no marker,
or `pinned`.
"""

import pytest

NEEDS = ("browser", "sandbox", "site")
SLOW = "slow: --slow runs it"


def pytest_addoption(parser):
    group = parser.getgroup("course")
    group.addoption("--slow", action="store_true", help="run the tests that take long, too")
    group.addoption("--no-skips", action="store_true", help="a test whose browser or sandbox is missing fails")


def pytest_configure(config):
    for name in (*NEEDS, "medium", "slow", "pinned"):
        config.addinivalue_line("markers", f"{name}: see tests/support/needs.py")


def pytest_collection_modifyitems(config, items):
    for item in items:
        for name in set(NEEDS) & set(getattr(item, "fixturenames", ())):
            item.add_marker(name)
        if item.get_closest_marker("slow") and not config.getoption("slow"):
            item.add_marker(pytest.mark.skip(reason=SLOW))


def missing(config, what):
    """Skip the test that asks, or with --no-skips fail it, because something is not on this machine."""
    say = pytest.fail if config.getoption("no_skips") else pytest.skip
    say(what)


@pytest.fixture(scope="session")
def sandbox(pytestconfig):
    """What students' code is shut into. It is opened once, because a bubblewrap that is installed need not be allowed to work."""
    from coursework.sandbox.commands import SandboxError
    from coursework.sandbox.supervisor import Supervisor

    try:
        Supervisor("bwrap").__enter__().close()
    except SandboxError as error:
        missing(pytestconfig, f"no sandbox works on this machine, and grading is not tested: {error}")
