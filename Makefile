# run · test · lint · bench · prove · package · deploy. Each sets up what it needs; the second time that takes no time.
PYTHON ?= python3
PORT ?= 4566
STAGE ?= dev
ARCHITECTURE ?= arm64
WORKERS ?= 2
ARGS ?=

export AWS_DEFAULT_REGION ?= us-east-1
export PYTHONDONTWRITEBYTECODE ?=

VENV := .venv
LOCAL := .venv-local
PY := $(VENV)/bin/python
PIP := pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help setup run test lint bench prove package deploy lock policies reference clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.stamp: requirements.txt requirements-dev.txt
	@echo "· libraries into $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed")'
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m $(PIP) install 'pip<26.3'
	@$(PY) -m $(PIP) install -r requirements.txt -r requirements-dev.txt
	@touch $@

$(LOCAL)/.stamp: requirements-local.txt
	@echo "· emulator into $(LOCAL)"
	@test -x $(LOCAL)/bin/python || $(PYTHON) -m venv $(LOCAL)
	@$(LOCAL)/bin/python -m $(PIP) install 'pip<26.3'
	@$(LOCAL)/bin/python -m $(PIP) install -r requirements-local.txt
	@touch $@

setup: $(VENV)/.stamp $(LOCAL)/.stamp ## both virtual environments

run: setup ## everything on this machine (PORT=4566); Ctrl-C ends it and keeps what was written
	@exec $(PY) -m infra.local --port $(PORT) $(ARGS)

test: setup ## all tests (WORKERS=2, ARGS="-k name")
	@$(PY) -m pytest -n $(WORKERS) $(ARGS)

lint: $(VENV)/.stamp ## style, types, the template
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(PY) -m infra.check

bench: setup ## figures of performance and scale
	@$(PY) -m bench $(ARGS)

prove: setup ## people talk while AWS fails and workers die (ARGS="--minutes 10 --seed 7")
	@$(PY) -m prove $(ARGS)

package: $(VENV)/.stamp ## zip and template into .build/package (ARCHITECTURE=arm64)
	@$(PY) -m infra.package --architecture $(ARCHITECTURE)

deploy: package ## to AWS (STAGE=dev, ARGS="--alarm-email ...")
	@$(PY) -m infra.deploy --stage $(STAGE) $(ARGS)

lock: $(VENV)/.stamp ## requirements*.txt anew from requirements*.in
	@$(PY) -m infra.lock

policies: $(VENV)/.stamp ## .chalice/ anew from the code
	@$(PY) -m infra.policies

reference: $(VENV)/.stamp ## docs/reference.md anew from the code
	@$(PY) -m infra.reference

clean: ## everything that was made here, also the local run's data
	@rm -rf $(VENV) $(LOCAL) .build .local .mypy_cache .ruff_cache .pytest_cache .hypothesis
