# Everything a person who works on QSpec runs. VENV is made by the README's second command.
VENV ?= .venv
PYTHON := $(VENV)/bin/python

.PHONY: check test lint types bench tables schemas fuzz coverage-study memory-study timing-study matrix soak browser pictures

check: lint types test

lint:
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types:
	$(VENV)/bin/mypy

test:
	$(PYTHON) -m pytest

# Figures vary from run to run and from machine to machine: what is printed are ratios within one run.
bench:
	$(PYTHON) tests/bench/run.py

# Tables of names, and what is generated from the model; tests say when they are out of date.
tables:
	$(PYTHON) -m qspec.registry

schemas:
	$(PYTHON) -m qspec.lang.schema
	$(PYTHON) -m qspec.lang.textmate

# An hour in all: three quarters of it for files that come from somebody else, the rest for the language.
FUZZ_SECONDS ?= 2700
fuzz:
	$(PYTHON) tests/fuzz/run.py --seconds $(FUZZ_SECONDS)
	$(PYTHON) tests/fuzz/language.py

coverage-study:
	$(PYTHON) tests/studies/coverage.py

# A quarter of an hour: what is not simulated is timed. Writes the tables of specs/matrix/README.md.
matrix:
	$(PYTHON) tests/studies/matrix.py

# Kills a run at random moments and holds the record of the next against that of an undisturbed one.
soak:
	$(PYTHON) tests/soak/kill.py

# Peak memory of evaluations of ten thousand to a million examples, and of every metric; takes some ten minutes and a
# gigabyte of scratch space.
memory-study:
	$(PYTHON) tests/studies/memory.py
	$(PYTHON) tests/studies/metrics.py

# Whether this machine's timings can be trusted: overhead, a model against itself, and full load against none.
timing-study:
	$(PYTHON) tests/studies/timing.py

# Needs Debian's chromium; says so where it is missing.
browser:
	$(PYTHON) tests/browser/report.py

# The README's pictures, with the spec that holds their figures; needs chromium for the report.
pictures:
	$(PYTHON) tests/pictures.py
