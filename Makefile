# `make run` and `make test` work in a fresh clone with nothing but Python 3.11 to 3.13, make and git.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: run test fuzz lint bench clean

run: $(INSTALLED)
	$(BIN)/gradcmp run scenarios/d2l

test: $(INSTALLED)
	$(BIN)/pytest -n auto

# 10 000 new random programs against the certified reference, in some twenty minutes; `make test` has 500 of them.
# 100 000 new random problems before the judge, in some twenty minutes on two cores (23 ms each on one); `make test` has 2 000.
fuzz: $(INSTALLED)
	$(BIN)/pytest -n auto --timeout 0 --hypothesis-profile fuzz tests/reference/soundness/test_fuzz.py tests/judge/oracle/test_oracle.py

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(INSTALLED)
	$(BIN)/python -m bench

# Without pins, pip's default torch on Linux is the CUDA build of several gigabytes.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[all,dev]'
	$(BIN)/python -m compileall -q gradcmp
	touch $@

clean:
	rm -rf $(VENV)
