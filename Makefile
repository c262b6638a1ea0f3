# KD Playground. Every target sets up what it needs: nothing but Python 3.11 to 3.13 and make must be there.
#
#   make run      open the dashboard on http://localhost:8501     (another port: make run PORT=8502)
#                 without CUDA, 1.5 GB instead of 6: make run TORCH=cpu, the first time; later it is remembered
#   make test     run all checks and tests, the browser's too
#   make lock     resolve requirements*.txt anew into the lock files
#   make record   train anew what pages show before anything was trained here

SHELL := /bin/bash
PORT ?= 8501
NODE_MODULES := assets/components/node_modules/.package-lock.json
BIN := .venv/bin
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo "$$python" && break; done)

# PyTorch's build: "cpu", or nothing for the one with CUDA. An environment stays with the one that it was made for, since
# pip takes either for the other.
MADE_FOR := $(shell cat .venv/torch 2>/dev/null)
TORCH ?= $(MADE_FOR)
ifeq ($(TORCH),cpu)
    RUN_LOCK := requirements-cpu.lock
    SIZE := torch brings 0.7 GB
else ifeq ($(TORCH),)
    RUN_LOCK := requirements.lock
    SIZE := torch for Linux brings 5 GB
else
    $(error TORCH is "cpu" or nothing, not "$(TORCH)")
endif
ifneq ($(TORCH),$(if $(wildcard .venv/ready-to-run),$(MADE_FOR),$(TORCH)))
    $(error The environment here has the other build of PyTorch. Remove it first: rm -rf .venv)
endif

.PHONY: run test lock record

run: .venv/ready-to-run
	@$(BIN)/python -c "import socket, sys; sys.exit(socket.socket().connect_ex(('127.0.0.1', $(PORT))) == 0)" || { \
		echo "Port $(PORT) is busy: perhaps the dashboard is already open on http://localhost:$(PORT)."; \
		echo "Otherwise choose another port: make run PORT=$$(( $(PORT) + 1 ))"; exit 1; }
	@$(BIN)/python .ci/open_browser.py $(PORT) &
	$(BIN)/python -m streamlit run app.py --server.port=$(PORT)

test: .venv/ready-to-test $(NODE_MODULES)
	$(BIN)/ruff check
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	@failed=0; \
	$(BIN)/pytest --numprocesses=logical --maxprocesses=4 --dist=loadfile --ignore=tests/browser --cov --cov-report= || failed=1; \
	KD_CHROMIUM="$$(.ci/chromium $(BIN)/python)" $(BIN)/pytest tests/browser --cov --cov-append --cov-report=term || failed=1; \
	exit $$failed

record: .venv/ready-to-run
	$(BIN)/python -m benchmarks.record
	$(BIN)/python -m benchmarks.record_many

# One resolution for Linux, macOS and Windows and every Python; what runs is pinned alike in both files.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --upgrade
lock: .venv/ready-to-test
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) requirements.txt --output-file requirements.lock
	$(COMPILE) requirements-dev.txt --constraint requirements.lock --output-file requirements-dev.lock
	$(BIN)/python .ci/cpu_lock.py requirements.lock >requirements-cpu.lock

# The test lock holds everything of the run lock, so each target installs at most once.
.venv/ready-to-run: $(RUN_LOCK) | .venv/bin/python
	@echo "Installing what the dashboard needs (once; $(SIZE))"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $(RUN_LOCK)
	@echo $(TORCH) >.venv/torch
	@touch $@

.venv/ready-to-test: requirements-dev.lock | .venv/bin/python
	@echo "Installing what the tests need (once; $(SIZE))"
	$(if $(TORCH),$(BIN)/python .ci/cpu_lock.py,cat) requirements-dev.lock >.venv/requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement .venv/requirements-dev.lock
	@echo $(TORCH) >.venv/torch
	@touch $@ .venv/ready-to-run

# What checks the browser's code. The dashboard runs without it, so where there is none those tests are skipped.
$(NODE_MODULES): assets/components/package-lock.json
	@if ! command -v npm >/dev/null; then echo "There is no npm: the checks of the browser's code will be skipped."; \
	elif (cd assets/components && echo "Installing what checks the browser's code (once)" && \
		npm ci --silent --no-audit --no-fund --fetch-retries=1); then touch $@; \
	else echo "npm could not install: the checks of the browser's code will be skipped."; fi

.venv/bin/python:
	@test -n "$(PYTHON)" || { \
		echo "KD Playground needs Python 3.11, 3.12 or 3.13, and none was found."; \
		echo "Install one, or name it: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
