# Two commands do everything: `make run` and `make test`. The rest is for those who change Kaohe.

PYTHON ?= python3
IN := .venv/bin
COMPILE = uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --quiet
WORKERS ?= 2
# A process that starts reads what another one has compiled: else each compiles 1,900 files anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test long reliability simulate check gates fmt lock contracts examples bench reset mutants environment

help:
	@echo 'make run        start everything at http://127.0.0.1:8000 (KAOHE_PORT changes it)'
	@echo 'make test       all tests'
	@echo 'make long       the tests that take long: crashes of every process'
	@echo 'make reliability  what each scenario of reliability tried and found, as one page'
	@echo 'make simulate   play ingest in bad weather: SEEDS=1-1000, or SEEDS=--defects'
	@echo 'make check      style, types, import laws, dependencies, tests'
	@echo 'make gates      the same without the tests'
	@echo 'make fmt        format the code'
	@echo 'make contracts  write openapi/ from the code'
	@echo 'make examples   write docs/examples/ from the code'
	@echo 'make mutants    which small changes of the arithmetic no test sees, by file'
	@echo 'make bench      measure, each figure beside its limit'
	@echo 'make lock       resolve requirements/ anew from pyproject.toml (needs uv)'
	@echo 'make reset      forget all data of `make run`'

environment:
	@$(PYTHON) tools/bootstrap.py

run: environment
	@exec $(IN)/python -m services.cli run

reset: environment
	@$(IN)/python -m services.cli reset

# A file is one worker's: what its tests share is set up once.
test: environment
	$(IN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder

# What takes long: before a release.
long: environment
	$(IN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder -m long

# Only the tests that state a figure, the long ones too, and the page of what they found.
reliability: environment
	$(IN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder -m '' --reliability

# The real ingest code, a clock that jumps, a marketplace that misbehaves (`tests/simulation`).
SEEDS ?= 1-1000

simulate: environment
	$(IN)/python -m tests.simulation $(SEEDS)

check: gates test

gates: environment
	$(IN)/ruff check .
	$(IN)/ruff format --check .
	$(IN)/mypy
	$(IN)/lint-imports
	$(IN)/deptry .

fmt: environment
	$(IN)/ruff check --fix .
	$(IN)/ruff format .

contracts: environment
	$(IN)/python -m services.cli contracts

examples: environment
	$(IN)/python -m services.cli examples

# Those that take long are named: `make bench FIGURES='history backfill'`.
bench: environment .bench/ready
	$(IN)/python -m bench $(FIGURES)

# What Kaohe is measured beside stands apart: it is no part of anything else.
.bench/ready: requirements/beside.txt
	$(PYTHON) -m venv --clear .bench
	.bench/bin/pip install -q --require-hashes -r requirements/beside.txt
	@touch $@

# Changes the arithmetic in small ways and counts how many of them the tests see, by file; fails
# under 90 %. A part of it: `make mutants ONLY='services.api.core.rules.*'`, or `SAMPLE=2000`.
mutants: environment
	$(IN)/python tools/mutants.py $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(ONLY),'$(ONLY)')

# The lock files name versions and hashes, and no address they came from.
lock: export UV_SYSTEM_CERTS = 1
lock:
	$(COMPILE) pyproject.toml --extra api --output-file requirements/api.txt
	$(COMPILE) pyproject.toml --extra ingest --output-file requirements/ingest.txt
	$(COMPILE) pyproject.toml --extra dev --output-file requirements/dev.txt
	echo 'dlt[postgres]>=1.31,<1.32' | $(COMPILE) --output-file requirements/beside.txt -
	echo 'uv>=0.13,<0.14' | $(COMPILE) --no-annotate --output-file requirements/bootstrap.txt -
