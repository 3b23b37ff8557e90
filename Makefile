# `make book`, `make check` and `make test` are all a newcomer needs. Each makes .venv first, the first time.

# The first Python there is; where it does not fit, tools/environment.py looks for one that does.
PYTHON ?= $(or $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python3.14 python,$(shell command -v $(name) 2>/dev/null))),\
	$(if $(shell command -v uv 2>/dev/null),uv run --quiet --no-project --python 3.13 python))
JOBS ?= 2
VENV := .venv/bin
# The networks are small: one thread is as fast as two, and two that spin while they wait slow everything beside them.
export OMP_WAIT_POLICY := PASSIVE
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: book check test help lab notebooks exercises models check-models sweeps check-sweeps bench offline portable gallery limits lock clean has-python environment
.DEFAULT_GOAL := book

book: has-python  ## build the site into _build/html, warnings as errors, and print the page to open
	@$(PYTHON) tools/make.py book

check: has-python  ## lint, types and every fast test, about a minute: what to run after each change
	@$(PYTHON) tools/make.py check --jobs $(JOBS)

test: has-python  ## all of it: the site, lint, types, every notebook run again and compared, and the tests; SLOW=1 NO_SKIPS=1 COVERAGE=1 as CI does
	@$(PYTHON) tools/make.py test --jobs $(JOBS) $(if $(filter 1,$(SLOW)),--slow) $(if $(filter 1,$(NO_SKIPS)),--no-skips) $(if $(filter 1,$(COVERAGE)),--coverage)

exercises: environment  ## try every exercise of book/exercises/source, then make the students' notebooks, the solutions and the table of them
	OMP_NUM_THREADS=1 $(VENV)/coursework release
	$(VENV)/python tools/exercise_index.py

models: environment  ## train the models that the chapters share, some minutes, into companion/_bundled
	OMP_NUM_THREADS=1 $(VENV)/python tools/make_models.py

check-models: environment  ## train the shared models again and compare them with the stored ones
	OMP_NUM_THREADS=1 $(VENV)/python tools/make_models.py --check

sweeps: environment  ## make the stored sweeps of chapter 8 again, about a quarter of an hour, into companion/_bundled/sweeps
	OMP_NUM_THREADS=1 $(VENV)/python tools/make_sweeps.py --jobs $(JOBS)

check-sweeps: environment  ## make the stored sweeps again and compare them with what is stored
	OMP_NUM_THREADS=1 $(VENV)/python tools/make_sweeps.py --check --jobs $(JOBS)

bench: environment  ## what is slow or depends on the machine: sizes and times as ratios, into benchmarks/ (see its README)
	$(VENV)/python benchmarks/run.py

lab: environment  ## open JupyterLab on the chapters
	$(VENV)/jupyter lab --notebook-dir=book

notebooks: environment  ## run every notebook, or N=03 alone, and store its outputs, and its time and memory in book/measured.json
	OMP_NUM_THREADS=1 $(VENV)/python tools/notebooks.py $(N)

limits: environment  ## run every notebook and fail when one takes over 60 s or 1 GB
	OMP_NUM_THREADS=1 $(VENV)/python tools/notebooks.py --check --limits 60 1024

offline: book  ## pack the site for reading without a network: _build/offline/course.zip, and course.pdf of every page (needs a Chromium)
	$(VENV)/python tools/offline.py

gallery: environment  ## after a comparison: a page of every figure and how near it came to the limits, test-results/gallery.html
	$(VENV)/python tools/gallery.py

portable: environment  ## the notebooks, or N=03 alone, as other machines would run them, and how near each figure came: an hour or two; ONLY=edges for one run of it
	$(VENV)/python tools/portable.py $(N) $(if $(ONLY),--only $(ONLY))

lock: environment  ## compile requirements.txt and binder/requirements.txt from their .in files; UPGRADE=1 looks for newer versions of all, UPGRADE=NAME of one
	$(VENV)/python tools/lock.py $(if $(UPGRADE),--upgrade $(filter-out 1,$(UPGRADE)))

clean:  ## remove what make made: the environment, the site and the test results
	rm -rf .venv _build test-results .pytest_cache .ruff_cache .mypy_cache companion.egg-info coursework/coursework.egg-info

help:  ## say what each target is for
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' $(MAKEFILE_LIST)

has-python:
	@test -n "$(strip $(PYTHON))" || { echo "make: no Python found. Install Python 3.11 to 3.14, or uv, and run make again."; exit 1; }

environment: has-python
	@$(PYTHON) tools/environment.py
