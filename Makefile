# make demo   a trained, whole-image-scored model of synthetic shapes, from nothing
# make test   lint, types and tests
# make lint   ruff and mypy only
# make wheel  wheel and sdist, each installed into an empty environment and tried there; many minutes
# make docs   the documentation as a site in build/site
# make fuzz   spoiled files for every reader, MUTATIONS (3000) of them, and more for MINUTES minutes (10)
# make properties  more examples, others each time, for every property; a thousand of each
# make concurrent  pairs of commands at once on one dataset, some of them killed: TRIALS trials (300)
# make kills  every command killed before each of its writes, and typed again; and KILLS (200) at any moment
# make gpu    what only an NVIDIA GPU can show, as one table; with the packages of PYTHON (python3), nothing is installed
# make bench  side by side with the plain way people do it today
PYTHON ?= python3
BIN := .venv/bin
DEMO_INSTALLED := .venv/.demo-installed
INSTALLED := .venv/.installed
BENCH_INSTALLED := .venv/.bench-installed
DOCS_INSTALLED := .venv/.docs-installed

.PHONY: demo test lint wheel docs fuzz properties concurrent kills gpu bench
.DELETE_ON_ERROR:

$(DEMO_INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) install.py
	touch $@

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) install.py train,pretrained,tensorboard,export,geo,cloud,cluster,dev
	touch $@ $(DEMO_INSTALLED)

$(BENCH_INSTALLED): $(INSTALLED)
	$(PYTHON) install.py train,pretrained,tensorboard,export,geo,cloud,cluster,dev,bench
	touch $@

$(DOCS_INSTALLED): $(INSTALLED)
	$(PYTHON) install.py train,pretrained,tensorboard,export,geo,cloud,cluster,dev,docs
	touch $@

demo: $(DEMO_INSTALLED)
	$(BIN)/seg-prep synth --n 100
	$(BIN)/seg-prep patches datasets/synth --size 96 --per-image 20
	$(BIN)/seg-train datasets/synth

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Two processes of one thread each: threads of PyTorch that wait for a core count, and take it from those that work.
test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

wheel: $(INSTALLED)
	$(BIN)/python -m tests.release

docs: $(DOCS_INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo build/site/index.html

MINUTES ?= 10
MUTATIONS ?= 3000

fuzz: $(INSTALLED)
	$(BIN)/python -m tests.hostile --mutations $(MUTATIONS) --minutes $(MINUTES)

properties: $(INSTALLED)
	SEG_EXAMPLES=properties OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal -m hypothesis

TRIALS ?= 300

concurrent: $(INSTALLED)
	$(BIN)/python -m tests.concurrent --trials $(TRIALS)

KILLS ?= 200

kills: $(INSTALLED)
	$(BIN)/python -m tests.kills
	$(BIN)/python -m tests.kills --random $(KILLS) --workers 2
	$(BIN)/python -m tests.kills --random $(KILLS) --cluster

gpu:
	$(PYTHON) -m tests.gpu

bench: $(BENCH_INSTALLED)
	$(BIN)/python -m tests.bench
