# Thin names for the commands CI and people run. `make help` lists them.
PY := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help setup fmt lint type floors test check wheel bench

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort

setup: ## a virtual environment with everything a contributor needs
	python3 -m venv .venv && $(PY) -m pip install -q -e '.[dev]'

fmt: ## format the code
	.venv/bin/ruff format . && .venv/bin/ruff check --fix .

lint: ## ruff
	.venv/bin/ruff check . && .venv/bin/ruff format --check .

type: ## mypy, strict
	.venv/bin/mypy

floors: ## the import contracts
	.venv/bin/lint-imports

test: ## every test
	$(PY) -m pytest -n 2

check: lint type floors test ## what CI runs

wheel: ## the wheel
	$(PY) -m pip wheel -q --no-deps -w dist .

bench: ## every benchmark, as ratios
	for f in benchmarks/*.py; do PYTHONPATH=. $(PY) $$f || exit 1; done

transcripts: ## replay the recorded answers of a real API; the figure is the last line
	$(PY) -m tests.sandbox.transcripts.figure

fault-matrix: ## every toxic at every API call of every command; the figure is the last line
	$(PY) -m tests.faults.matrix

calibration: ## false alarms and power of the verdict over 10,000 simulated runs
	$(PY) -m tests.calibration.run 10000

kills: ## kill a drill before and after every operation; the figure is the last line
	$(PY) -m tests.kills.run

shift-kills: ## kill a shift before and after every operation; the figure is the last line
	$(PY) -m tests.kills.shift

coverage-safety: ## what unit tests reach of drill, recover, guard, lock and journal; the figure is the last line
	$(PY) -m tests.coverage.safety

races: N ?= 10000
races: ## two operators start a drill at once (N=...)
	$(PY) -m tests.races.run $(N)

shift-races: N ?= 10000
shift-races: ## two operators begin a shift at once (N=...)
	$(PY) -m tests.races.shift $(N)
weather: N ?= 50
weather: ## whole drills through resets and jitter on every API (N=...); the figure is the last line
	$(PY) -m tests.weather.run $(N)

histories: N ?= 100000
histories: ## operators, guards, people and misfortune at random (N=...); the figure is the last line
	$(PY) -m tests.histories.run $(N)

drill-verdicts: N ?= 10000
drill-verdicts: ## wrong verdicts over 10,000 simulated drills with known truth; the figure is the last line
	$(PY) -m tests.calibration.drill_verdicts $(N)
