"""Lets `pytest --nbval` compare figures, and lends tests a browser."""

pytest_plugins = ["tests.figures", "tests.browser"]
