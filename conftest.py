"""Lets `pytest --nbval` compare figures, and lends tests a browser."""

collect_ignore_glob = ["book/exercises/*.ipynb"]  # stored without outputs; tests/exercises runs them
pytest_plugins = ["tests.figures", "tests.browser"]
