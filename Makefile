# make demo   a trained, whole-image-scored model of synthetic shapes, from nothing
# make test   lint, types and tests
# make lint   ruff and mypy only
# make fuzz   spoiled files for every reader, for MINUTES minutes (10)
# make concurrent  pairs of commands at once on one dataset, some of them killed: TRIALS trials (300)
# make bench  side by side with the plain way people do it today
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
BENCH_INSTALLED := .venv/.bench-installed

.PHONY: demo test lint fuzz concurrent bench
.DELETE_ON_ERROR:

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,pretrained,tensorboard,export,dev]'
	touch $@

$(BENCH_INSTALLED): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,pretrained,tensorboard,export,dev,bench]'
	touch $@

demo: $(INSTALLED)
	$(BIN)/seg-prep synth --n 100
	$(BIN)/seg-prep patches datasets/synth --size 96 --per-image 20
	$(BIN)/seg-train datasets/synth

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest -n 2 --dist worksteal

MINUTES ?= 10

fuzz: $(INSTALLED)
	$(BIN)/python -m tests.hostile --minutes $(MINUTES)

TRIALS ?= 300

concurrent: $(INSTALLED)
	$(BIN)/python -m tests.concurrent --trials $(TRIALS)

bench: $(BENCH_INSTALLED)
	$(BIN)/python -m tests.bench
