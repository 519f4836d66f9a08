# One command for each thing people do here. Works with GNU make 3.81 (macOS) and any POSIX shell.
# The first command sets up .venv; every later one starts at once and needs no network.

PYTHON ?=
CANDIDATES := $(or $(PYTHON),python3 python3.13 python3.12 python3.11)
SUITABLE := import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LESSONS ?= notebooks/*.ipynb notebooks/deep/*.ipynb
READY := .venv/.installed

.PHONY: help demo lab test test-matrix check lessons solutions lock clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-12s %s\n", $$1, $$2}'

demo: $(READY)  ## make a first picture
	@$(BIN)/nst demo

lab: $(READY)  ## open the first lesson in JupyterLab
	@$(BIN)/nst fetch
	@$(BIN)/jupyter lab notebooks/00_start_here.ipynb

# Two workers share the cores already: threads of their linear algebra would wait for each other.
test: export OPENBLAS_NUM_THREADS := 1
test: check  ## every check: style, types, unit tests, then all lessons run and compared
	@$(BIN)/nst fetch
	$(BIN)/python -m pytest -q -n 2
	@# -x: after a cell that fails the later ones fail too, and hide the first.
	$(BIN)/python -m pytest -q -x -n 2 --dist loadfile --nbval --nbval-current-env \
	  --nbval-cell-timeout=600 --nbval-sanitize-with=tests/nbval_sanitize.cfg notebooks

test-matrix: $(READY)  ## the unit tests and two lessons on other processors, Pythons and versions (hours)
	@$(BIN)/nst fetch
	@$(BIN)/python benchmarks/matrix.py

check: $(READY)  ## style and types only: seconds
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lessons: $(READY)  ## run every lesson from top to bottom and store its outputs
	@$(BIN)/nst fetch
	@$(BIN)/python tools/store_lessons.py $(LESSONS)
	@$(BIN)/ruff format --quiet notebooks

solutions: $(READY)  ## write copies of the lessons with all exercises solved: solutions/
	@$(BIN)/python tools/editions.py solutions

lock:  ## rewrite requirements.lock after a change of dependencies (needs uv)
	uv pip compile pyproject.toml --extra course --group test --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o requirements.lock

clean:  ## remove .venv and every cache in this folder
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache dist docs/_build
	find . -name __pycache__ -prune -exec rm -rf {} +

# The stamp goes first and comes back last: an interrupted set-up starts from nothing next time.
$(READY): requirements.lock pyproject.toml
	@if [ -e $@ ]; then echo "Updating .venv ..."; exit 0; fi; \
	for python in $(CANDIDATES); do \
	  if "$$python" -c "$(SUITABLE)" 2>/dev/null; then \
	    echo "Creating .venv with $$("$$python" --version) (about 2 GB, once) ..."; \
	    exec "$$python" -m venv --clear .venv; \
	  fi; \
	done; \
	echo "No Python 3.11, 3.12 or 3.13 with the venv and ensurepip modules was found. Tried:"; \
	for python in $(CANDIDATES); do \
	  found=$$("$$python" --version 2>/dev/null) || found="not found"; \
	  echo "  $$python: $$found"; \
	done; \
	echo "Install one (Debian, Ubuntu: also python3-venv), or name it: make PYTHON=/path/to/python3.12"; \
	exit 1
	@rm -f $@
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-index --no-deps --no-build-isolation --editable .
	@touch $@
