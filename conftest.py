"""Lets `pytest --nbval` compare figures."""

pytest_plugins = ["tests.figures"]
