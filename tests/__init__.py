"""The course's tests: fast ones by default, and with CI set those, too, that take long and seldom fail alone."""

import os

THOROUGH = bool(os.environ.get("CI"))
