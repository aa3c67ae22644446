# One command for each chore; `make help` lists them. Options are passed on in ARGS:
#   make lab ARGS='--no-browser --port 8899'
#   make test-core ARGS='tests/lessons/test_linear_regression.py -k ridge'

ARGS ?=
export PYTHON
IN_VENV = PATH="$(CURDIR)/.venv/bin:$$PATH"
# as many tests at once as there are processors, so each library gets one thread
PYTEST = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(IN_VENV) python -m pytest \
	--numprocesses logical --maxprocesses 4 --dist worksteal
NEED_PROGRAMS = kernel or browser or sandbox or postgresql

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev programs torch lab notebooks audit demo bench test test-core lint format lock links clean

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s  %s\n", $$1, $$2 }' Makefile

lab: setup  ## open JupyterLab on the start page
	@$(IN_VENV) pitfalls lab $(ARGS)

setup:  ## make .venv, the environment that learners need, from its lock
	@sh tools/setup.sh requirements.lock

setup-dev:  ## make .venv with everything: tests, cluster, PostgreSQL
	@sh tools/setup.sh requirements-dev.lock

programs:  ## install the system programs that the tests start (apt, as root)
	@sh tools/system_programs.sh

torch: setup-dev  ## install PyTorch, which tests of gradients are held against
	@sh tools/torch.sh

test: programs torch lint  ## run every test; sets up everything it needs
	@$(PYTEST) $(ARGS)

test-core: torch lint  ## run the tests that need no system program
	@$(PYTEST) -m "not ($(NEED_PROGRAMS))" $(ARGS)

lint: setup-dev  ## check style and types
	@$(IN_VENV) ruff check --quiet
	@$(IN_VENV) ruff format --check --quiet
	@$(IN_VENV) mypy

format: setup-dev  ## lay out the code and sort the imports
	@$(IN_VENV) ruff check --quiet --fix
	@$(IN_VENV) ruff format

notebooks: setup-dev  ## rebuild notebooks/ from autograder/exercises/
	@$(IN_VENV) pitfalls build $(ARGS)

audit: setup-dev  ## check every exercise against its pitfalls and its right answers
	@$(IN_VENV) pitfalls audit $(ARGS)

demo: setup-dev  ## grade a class of made-up submissions, from hand-out to report
	@$(IN_VENV) pitfalls demo $(ARGS)

bench: setup-dev  ## measure what grading costs
	@$(IN_VENV) python -m benchmarks $(ARGS)

lock:  ## resolve pyproject.toml anew: both locks and environment.yml (ARGS=--upgrade)
	@$(IN_VENV) python3 tools/lock.py $(ARGS)

links:  ## write the repository's address of pyproject.toml into the README
	@$(IN_VENV) python3 tools/links.py

clean:  ## remove what can be made again: .venv, build folders, caches (never work/)
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
