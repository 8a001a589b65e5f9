# run · test · lint · bench · prove screenshots · package · deploy · destroy · restore. Each sets up what it needs; the second time that takes no time.
PYTHON ?= python3
PORT ?= 4566
STAGE ?= dev
ARCHITECTURE ?= arm64
# One more than cores: who has the whole stack waits for half of the time.
WORKERS ?= 3
ARGS ?=
NAME ?=

export PYTHONDONTWRITEBYTECODE ?=

VENV := .venv
LOCAL := .venv-local
PY := $(VENV)/bin/python
# For any Python, also one that is too old; the venv's own is asked too, as it may have been there before.
SUITS := import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else \
	"%s is Python %d.%d; Parley needs 3.11, 3.12 or 3.13: remove .venv and .venv-local, and say PYTHON=python3.13" % ((sys.executable,) + v))

.DEFAULT_GOAL := help
.PHONY: help setup run test lint bench prove screenshots package deploy destroy restore lock policies reference new-channel clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.stamp: requirements.txt requirements-dev.txt
	@test -x $(PY) || $(PYTHON) -c '$(SUITS)'
	@test -x $(PY) || { echo "· a virtual environment, $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@$(PY) -c '$(SUITS)'
	@echo "· libraries into $(VENV)"
	@$(PY) -m infra.installing 'pip<26.3'
	@$(PY) -m infra.installing -r requirements.txt -r requirements-dev.txt
	@touch $@

$(LOCAL)/.stamp: requirements-local.txt
	@test -x $(LOCAL)/bin/python || $(PYTHON) -c '$(SUITS)'
	@test -x $(LOCAL)/bin/python || { echo "· a virtual environment, $(LOCAL)"; $(PYTHON) -m venv $(LOCAL); }
	@$(LOCAL)/bin/python -c '$(SUITS)'
	@echo "· emulator into $(LOCAL)"
	@$(LOCAL)/bin/python -m infra.installing 'pip<26.3'
	@$(LOCAL)/bin/python -m infra.installing -r requirements-local.txt
	@touch $@

setup: $(VENV)/.stamp $(LOCAL)/.stamp ## both virtual environments

run: setup ## everything on this machine (PORT=4566); Ctrl-C ends it and keeps what was written
	@exec $(PY) -m infra.local --port "$(PORT)" $(ARGS)

test: setup ## all tests (WORKERS=3, ARGS="-k name")
	@$(PY) -m pytest -n $(WORKERS) $(ARGS)

lint: setup ## style, types, the template
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(PY) -m infra.check

bench: setup ## figures of performance and scale
	@$(PY) -m bench $(ARGS)

prove: setup ## people talk while AWS fails and workers die (ARGS="--minutes 10 --seed 7")
	@$(PY) -m prove $(ARGS)

screenshots: setup ## the pictures of the docs, of the running pages (needs chromium)
	@$(PY) -m tests.pictures

package: $(VENV)/.stamp ## zip and template into .build/package (ARCHITECTURE=arm64)
	@$(PY) -m infra.package --architecture $(ARCHITECTURE)

deploy: package ## to AWS (STAGE=dev, ARGS="--plan", ARGS="--set AlarmEmail=you@example.com")
	@$(PY) -m infra.deploy --stage $(STAGE) --architecture $(ARCHITECTURE) $(ARGS)

destroy: package ## out of AWS again; tables and files stay (STAGE=dev, ARGS="--data" without them)
	@$(PY) -m infra.destroy --stage $(STAGE) --architecture $(ARCHITECTURE) $(ARGS)

restore: $(VENV)/.stamp ## rows that went missing, as they were (STAGE=dev, ARGS="--table config --at 2026-01-31T12:00Z")
	@$(PY) -m infra.restore --stage $(STAGE) $(ARGS)

lock: $(VENV)/.stamp ## requirements*.txt anew from requirements*.in
	@$(PY) -m infra.lock

policies: $(VENV)/.stamp ## .chalice/ anew from the code
	@$(PY) -m infra.policies

reference: $(VENV)/.stamp ## docs/reference.md and the table of docs/channels.md anew from the code
	@$(PY) -m infra.reference

new-channel: $(VENV)/.stamp ## a folder for another kind of channel, which passes its tests (NAME=shoutbox)
	@$(PY) -m infra.new_channel "$(NAME)"

clean: ## everything that was made here, also the local run's data; keys of stages stay
	@$(PYTHON) -m infra.clean
	@rm -rf $(VENV) $(LOCAL) .build chalicelib/console/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis
