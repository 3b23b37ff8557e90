"""Lets `pytest --nbval` compare figures, lends tests a browser, and says what a test needs."""

collect_ignore_glob = ["book/exercises/*.ipynb"]  # stored without outputs; tests/book runs them
pytest_plugins = ["tests.support.needs", "tests.support.figures", "tests.support.browser"]
