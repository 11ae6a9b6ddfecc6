# Two commands: `make paper` makes every artifact, `make test` checks everything. Both first set up .venv, once.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help install paper test

help:
	@echo "make paper   make the whole paper: every model, table and figure, by Snakemake on all cores"
	@echo "make test    run the tests"
	@echo "make install only the environment in .venv, for the command ifrp"
	@echo "All install into .venv on first use, and again when pyproject.toml or constraints.txt change."

install: .venv/installed

paper: .venv/installed
	snakemake --cores all

test: .venv/installed
	OMP_NUM_THREADS=1 python -m pytest -n 2 --dist worksteal

.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --constraint constraints.txt --editable ".[paper,dev]"
	touch $@
