# Everything is installed into .venv from requirements.lock, once; later calls find it there.
# Needed beforehand: make, and Python 3.11 or newer with its venv module.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
STAMP_BENCH := $(VENV)/.installed-bench

# What Python compiled is kept, or each of the many processes of a test compiles everything again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run studio test test-fast test-thorough test-versions lint lint-js bench docs dist sbom lock clean distclean

help:
	@echo 'make run        build every scenario of both authorities into results/, with their pages'
	@echo 'make studio     open the studio: options of both authorities made and questioned'
	@echo 'make test       run the tests, the notebooks included'
	@echo 'make test-fast  those that open no browser and take no time, for every edit'
	@echo 'make test-thorough  the same, trying up to eight times as many made cases'
	@echo 'make test-versions  run its fast part on the lowest versions allowed, the newest, other Pythons'
	@echo 'make sbom       list every package with version and licence (CycloneDX) in build/'
	@echo 'make lint       check style, types, layers and docstrings'
	@echo 'make bench      measure how long things take, against other packages where there are any'
	@echo 'make dist       build the wheel into dist/ and check it'
	@echo 'make docs       build the documentation into site/'
	@echo 'make lock       pin dependencies; with UPGRADE=--upgrade the newest allowed'
	@echo 'make clean      remove results and caches'
	@echo 'make distclean  remove .venv as well'

run: $(STAMP)
	@$(BIN)/cluster-optimiser run scenarios --out results
	@$(BIN)/cluster-optimiser run scenarios/kirklees --out results/kirklees
	@$(BIN)/cluster-optimiser page results results/kirklees -o results/overview.html

studio: $(STAMP)
	@$(BIN)/cluster-optimiser studio .

# A file of tests stays in one process: its fixtures, a solved authority among them, are made once.
# Files in the order of tests/conftest.py, not those with most tests first.
SIDE_BY_SIDE := --numprocesses auto --dist loadfile --no-loadscope-reorder

test: $(STAMP)
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE)

test-fast: $(STAMP)
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m 'not browser and not slow' -q

test-thorough: $(STAMP)
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) --hypothesis-profile thorough

# Each set of versions has an environment of its own. What a lower bound in pyproject.toml promises
# is true of the package alone, so the tools of the tests are the newest in both. Other Pythons run
# on what is pinned.
FAST ?= tests/inputs tests/comparison/test_plans.py tests/verification tests/test_rules.py \
	tests/test_terms.py tests/words tests/optimise/test_candidates.py tests/present/test_geofiles.py
VERSIONS := build/versions

test-versions: $(STAMP)
	@$(BIN)/python -m pip install --quiet uv
	@set -e; for which in lowest-direct highest; do \
		echo "Installing the $$which versions." >&2; \
		$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VERSIONS)/$$which; \
		$(BIN)/uv pip install --quiet --python $(VERSIONS)/$$which --resolution $$which \
			--editable '.[report,parquet]'; \
		$(BIN)/uv pip install --quiet --python $(VERSIONS)/$$which $(TOOLS); \
		$(VERSIONS)/$$which/bin/python -m pytest -q $(OLD) $(FAST); \
	done
	@set -e; for python in python3.12 python3.13 python3.14; do \
		if $$python --version >/dev/null 2>&1; then \
			$(MAKE) --no-print-directory test-fast PYTHON=$$python VENV=$(VERSIONS)/$$python; \
		else \
			echo "WARNING: NO $$python HERE: IT WAS NOT TRIED." >&2; \
		fi; \
	done

# What old versions of other packages warn of with newer ones is not ours to mend; the map of a region
# comes with a package that only developers install.
OLD := -W ignore::DeprecationWarning -W ignore::FutureWarning --ignore tests/inputs/roads/test_real_map.py
TOOLS := pytest pytest-socket hypothesis nbmake openpyxl pypdf coloraide playwright duckdb

# The wheel as it would be given away. The example holds some of its sources twice (W002): as they were
# published, and as the authority reads them.
dist: $(STAMP)
	@rm -rf dist
	@$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@$(PYTHON) -m venv build/tools
	@build/tools/bin/python -m pip install --quiet twine check-wheel-contents
	@build/tools/bin/twine check --strict dist/*.whl
	@build/tools/bin/check-wheel-contents --ignore W002 dist/*.whl

# Tools in an environment of their own: they look at ours and are no part of it.
sbom: $(STAMP)
	@$(PYTHON) -m venv build/tools
	@build/tools/bin/python -m pip install --quiet 'cyclonedx-bom>=7.5,<8' 'pip-licenses>=5,<6'
	@build/tools/bin/cyclonedx-py environment --no-validate --output-reproducible \
		--pyproject pyproject.toml --output-file build/sbom.cdx.json $(BIN)/python
	@build/tools/bin/pip-licenses --python=$(BIN)/python --format=markdown --with-urls \
		--output-file=build/licences.md >/dev/null
	@echo 'build/sbom.cdx.json and build/licences.md are written.' >&2

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory lint-js

# The page's scripts: types by the TypeScript compiler, style by ESLint. Only those who change them
# need Node; without it, or without a network the first time, this is left out and says so.
JS := tests/js
lint-js: $(STAMP)
	@$(BIN)/python -m tests.script_types
	@if [ ! -d $(JS)/node_modules ] && ! { command -v npm >/dev/null && npm ci --prefix $(JS) \
			--ignore-scripts --no-audit --no-fund --silent; }; then \
		echo 'WARNING: NO NPM, OR NO NETWORK: THE SCRIPTS OF THE PAGE WERE NOT CHECKED.' >&2; \
	else \
		node $(JS)/node_modules/typescript/bin/tsc --project $(JS) && \
		node $(JS)/node_modules/eslint/bin/eslint.js --config $(JS)/eslint.config.mjs \
			cluster_optimiser/present/templates/js cluster_optimiser/studio/js; \
	fi

bench: $(STAMP_BENCH)
	@set -e; for file in benchmarks/bench_*.py; do echo "$$file"; $(BIN)/python "$$file"; done

docs: export NO_MKDOCS_2_WARNING := 1
docs: $(STAMP)
	@$(BIN)/mkdocs build --quiet

# One version of each package for every Python where that is possible, so that what is tested on one
# is what runs on another. What is pinned stays pinned; `make lock UPGRADE=--upgrade` takes the
# newest of everything.
COMPILE = $(BIN)/uv pip compile pyproject.toml $(UPGRADE) --universal --fork-strategy fewest \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet

lock: | $(BIN)/python
	$(BIN)/python -m pip install --quiet uv
	@$(COMPILE) --extra dev --output-file requirements.lock
	@$(COMPILE) --extra dev --extra bench --constraint requirements.lock \
		--output-file requirements-bench.lock

clean:
	rm -rf results site build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV)

$(STAMP): requirements.lock pyproject.toml | $(BIN)/python
	@echo 'Installing the dependencies into $(VENV): a minute or two, this once.' >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input \
		--require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input \
		--no-deps --no-build-isolation --editable .
	@touch $@

$(STAMP_BENCH): requirements-bench.lock $(STAMP)
	@echo 'Installing the packages that benchmarks compare with into $(VENV).' >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input \
		--require-hashes --requirement requirements-bench.lock
	@touch $@

# The first Python that is new enough; a name on the path may be an empty shell, so each is tried.
$(BIN)/python:
	@for python in '$(PYTHON)' python3.11 python3.12 python3.13 python3.14; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making $(VENV) with $$("$$python" --version)." >&2; \
			"$$python" -m venv --clear $(VENV) && exit 0; \
			rm -rf $(VENV); \
			echo 'The venv module of this Python does not work.' >&2; \
			echo 'On Debian and Ubuntu: apt-get install python3-venv' >&2; \
			exit 1; \
		fi; \
	done; \
	echo 'Python 3.11 or newer is needed; $(PYTHON) is' \
		"$$('$(PYTHON)' --version 2>/dev/null || echo 'not there')." >&2; \
	echo 'Where it has another name: make PYTHON=/path/to/python3.12' >&2; \
	exit 1
