# GNU Make 3.81 and bash 3.2 are enough. Make keeps everything that a target needs in .venv, node_modules and .local.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo dev stop verify reconcile trace ledger-export bench contracts cost test quick chaos chaos-report bundle bundle-report format lint types clean environment

PYTHON := .venv/bin/python
SIMULATOR := PYTHONPATH=functions:. $(PYTHON) -m tests.simulator.plays

help:
	@echo "make demo           start the emulator, deploy everything, run ten walkthroughs and show them"
	@echo "make dev            give the demo's emulator each change of functions/, without a deployment, until Ctrl-C"
	@echo "make stop           end the emulator that the demo left running"
	@echo "make verify         check everything that must hold in a deployed stack (SETTLED=15m, TARGET=cloud)"
	@echo "make reconcile      compare the processor's books with the ledger now, and list what differs (TARGET=cloud)"
	@echo "make trace          tell one order's story: make trace ORDER=<id> (TARGET=cloud)"
	@echo "make ledger-export  write the ledger to FILE=.local/ledger.jsonl; python -m ops.ledger_check FILE checks it"
	@echo "make bench          measure checkouts on an emulator of its own: latency, rate, calls, CPU"
	@echo "                    BASE=<revision>: and that revision's code in the same minutes, with ratios"
	@echo "make contracts      write contracts/manifest.json and the READMEs' tables from the declarations"
	@echo "make cost           print what a checkout costs, by service, function and unit; write contracts/cost.json"
	@echo "make test           format, lint, types and every test suite"
	@echo "make quick          format, lint, types and the quick suites: unit, service, architecture, contracts"
	@echo "make chaos          every ordered pair of faults (a day; goes on where it was stopped)"
	@echo "                    SCENARIO=bought: of one; SEEDS=1000: random schedules instead; REPLAY='<line>': one again"
	@echo "make chaos-report   the table of what was run with this code"
	@echo "make format         write the code in the house format"
	@echo "make lint           check format and lint rules"
	@echo "make types          check types"
	@echo "make bundle         build the packages that the cloud target ships"
	@echo "make bundle-report  print each function's size and import time; fail over the budget"
	@echo "make clean          stop the emulator and remove everything make has made"

demo: environment
	@$(PYTHON) -m localstack.demo

dev: environment
	@$(PYTHON) -m localstack.dev

stop:
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m localstack.machine.emulator stop; else echo "No emulator was running."; fi

contracts: environment
	@PYTHONPATH=functions:. $(PYTHON) -m contracts

cost: environment
	@PYTHONPATH=functions:. $(PYTHON) -m tests.simulator.cost.run

# `verify`, `reconcile`, `trace` and `ledger-export` read the demo's emulator while it is up. Otherwise, or with TARGET=cloud, they read the AWS
# account of the caller's credentials.
verify: environment
	@PYTHONPATH=functions $(PYTHON) -m ops.verify $(if $(SETTLED),--settled $(SETTLED))

reconcile: environment
	@PYTHONPATH=functions $(PYTHON) -m ops.reconcile

trace: environment
	@PYTHONPATH=functions $(PYTHON) -m ops.trace $(ORDER)

ledger-export: environment
	@mkdir -p .local
	@PYTHONPATH=functions $(PYTHON) -m ops.ledger_export $(or $(FILE),.local/ledger.jsonl)

bench: environment
	@$(PYTHON) -m localstack.bench $(if $(BASE),--base "$$BASE") $(if $(CHECKOUTS),--checkouts $(CHECKOUTS)) $(if $(BURST),--burst $(BURST))

test: environment
	@$(PYTHON) -m tests.run everything

quick: environment
	@$(PYTHON) -m tests.run quick

chaos: environment
	@$(SIMULATOR).run $(if $(REPLAY),replay "$$REPLAY",$(if $(SEEDS),seeds $(SEEDS) $(FIRST),pairs $(if $(SCENARIO),"$$SCENARIO")))

chaos-report: environment
	@$(SIMULATOR).report

lint: environment
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .

types: environment
	@$(PYTHON) -m mypy

format: environment
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

bundle: environment
	@$(PYTHON) -m infrastructure.packaging.bundle

bundle-report: environment
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(PYTHON) -m infrastructure.packaging.report

clean: stop
	rm -rf .venv node_modules .local cdk.out build .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Each file `installed` is newer than its lock file. So packages are installed once, and again when the lock changes.
environment: .venv/installed node_modules/installed

.venv/installed: requirements.txt localstack/machine/find-python
	@python="$$(sh localstack/machine/find-python)" && \
	if ! $(PYTHON) -c 'import pip' >/dev/null 2>&1; then \
	  echo "Making .venv with $$python"; "$$python" -m venv --clear .venv; fi
	@echo "Installing Python packages"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile -r requirements.txt
	@$(PYTHON) -m compileall -q -j 0 .venv/lib # pip would compile on one core
	@touch $@

node_modules/installed: package.json package-lock.json .npmrc .venv/installed
	@echo "Installing the CDK"
	@PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/npm ci --loglevel=error
	@$(PYTHON) -m localstack.machine.environment .venv/bin/python -c "import aws_cdk" # the first import unpacks the CDK into its cache
	@touch $@
