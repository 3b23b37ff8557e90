# `make book` and `make test` are all a newcomer needs: both make .venv first, the first time.

PYTHON ?= python3
JOBS ?= 2
VENV := .venv/bin
READY := .venv/.installed
PAGE := _build/html/index.html
# The networks are small: one thread is as fast as two, and two that spin while they wait slow everything beside them.
export OMP_WAIT_POLICY := PASSIVE
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: book test lab notebooks exercises models check-models sweeps check-sweeps bench offline portable limits clean
.DEFAULT_GOAL := book

book: $(READY)  ## build the site into _build/html, warnings as errors, and print the page to open
	$(VENV)/jupyter-book build . -W -n --keep-going --quiet
	@echo "make book: open file://$(CURDIR)/$(PAGE)"

# The notebooks come first: each is one process's work for up to a minute, which nothing could share at the end.
test: book  ## unit tests, browser tests, and every notebook run again and compared with its stored outputs
	$(VENV)/ruff check .
	$(VENV)/ruff format --check --quiet .
	@$(VENV)/python tools/axe.py
	OMP_NUM_THREADS=1 $(VENV)/python -m pytest --nbval -n $(JOBS) --dist loadfile --no-loadscope-reorder book tests

exercises: $(READY)  ## try every exercise of book/exercises/source, then make the students' notebooks and the solutions of them
	OMP_NUM_THREADS=1 $(VENV)/companion release

models: $(READY)  ## train the models that the chapters share, some minutes, into companion/_bundled
	OMP_NUM_THREADS=1 $(VENV)/python tools/make_models.py

check-models: $(READY)  ## train the shared models again and compare them with the stored ones
	OMP_NUM_THREADS=1 $(VENV)/python tools/make_models.py --check

sweeps: $(READY)  ## make the stored sweeps of chapter 8 again, about a quarter of an hour, into companion/_bundled/sweeps
	OMP_NUM_THREADS=1 $(VENV)/python tools/make_sweeps.py --jobs $(JOBS)

check-sweeps: $(READY)  ## make the stored sweeps again and compare them with what is stored
	OMP_NUM_THREADS=1 $(VENV)/python tools/make_sweeps.py --check --jobs $(JOBS)

bench: $(READY)  ## what takes long or hangs on the machine: sizes and times as ratios, into benchmarks/ (see its README)
	$(VENV)/python benchmarks/run.py

lab: $(READY)  ## open JupyterLab on the chapters
	$(VENV)/jupyter lab --notebook-dir=book

notebooks: $(READY)  ## run every notebook and store its outputs, and its time and memory in book/measured.json
	OMP_NUM_THREADS=1 $(VENV)/python tools/notebooks.py

limits: $(READY)  ## run every notebook and fail when one takes over 60 s or 1 GB
	OMP_NUM_THREADS=1 $(VENV)/python tools/notebooks.py --check --limits 60 1024

offline: book  ## pack the site for reading without a network: _build/offline/course.zip, and course.pdf of every page (needs a Chromium)
	$(VENV)/python tools/offline.py

portable: $(READY)  ## the notebooks' comparison on CPUs this one can play: other vector code, other matrix products, other threads
	ATEN_CPU_CAPABILITY=default OMP_NUM_THREADS=1 $(VENV)/python -m pytest --nbval book
	ATEN_CPU_CAPABILITY=avx2 OMP_NUM_THREADS=2 $(VENV)/python -m pytest --nbval book
	MKL_CBWR=COMPATIBLE OMP_NUM_THREADS=2 $(VENV)/python -m pytest --nbval book

clean:  ## remove what make made: the environment, the site and the test results
	rm -rf .venv _build test-results .pytest_cache .ruff_cache companion.egg-info

$(READY): requirements.txt pyproject.toml tools/environment.py
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) not found. Install Python 3.11 to 3.13 and run make again."; exit 1; }
	@$(PYTHON) tools/environment.py
