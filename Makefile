# Every command anyone types. `make` lists them; each sets itself up.
.DEFAULT_GOAL := help
SHELL := /bin/bash

UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
export UV_PYTHON = $(PYTHON)
# One environment for each Python that is asked for, so that they do not rebuild each other's.
export UV_PROJECT_ENVIRONMENT = .venv$(if $(PYTHON),-$(PYTHON))
BIN := $(UV_PROJECT_ENVIRONMENT)/bin
READY := $(UV_PROJECT_ENVIRONMENT)/.ready
PYTEST = $(BIN)/python -m pytest
# Tests start hundreds of Pythons, each of which would compile our code and rewrite the tests anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[36m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.tools/bin/uv:
	@python3 -c 'import sys; sys.exit("Python >= 3.11 is needed") if sys.version_info < (3, 11) else None'
	@echo "Installing uv, which installs all else …" >&2
	@python3 -m pip install --quiet --disable-pip-version-check --target .tools uv==$(UV_VERSION)

$(READY): $(UV) uv.lock pyproject.toml $(wildcard services/*/pyproject.toml libs/*/pyproject.toml deploy/local/pyproject.toml)
	@echo "Installing the locked environment into $(UV_PROJECT_ENVIRONMENT) (1.7 GB at the first time) …" >&2
	@$(UV) sync --quiet --frozen --all-packages --all-groups --compile-bytecode
	@touch $@

setup: $(READY) ## Install the pinned uv (if there is none) and the locked environment

run: $(READY) ## A call all the way on this machine: CALL=recording OUT=folder ONCE=1 LLM=local
	@$(if $(LLM),$(UV) sync --quiet --frozen --all-packages --all-groups --extra llm --compile-bytecode)
	@UV="$(UV)" $(BIN)/python -m onebox $(if $(LLM),--llm "$(LLM)") $(if $(CALL),--call "$(CALL)") $(if $(OUT),--out "$(OUT)") $(if $(ONCE),--once)

dev: $(READY) ## The four services and the API with reload, against the servers of .env
	@test -f .env || { echo "No .env here: cp .env.example .env, then fill it in"; exit 1; }
	@$(BIN)/python -m onebox.dev

# Three at once on two cores: most tests wait for processes, leases and queues. Each file stays in one process, the
# slow ones (tests/chaos) begin first.
TOGETHER = -n 3 --dist loadfile --no-loadscope-reorder
test: $(READY) ## All that a bare machine can run: unit, contract, integration, e2e, a bounded chaos set
	@$(PYTEST) -q $(TOGETHER) --ignore tests/browser

test-fast: $(READY) ## Unit and contract tests
	@$(PYTEST) -q tests/unit tests/contract libs/faststream-sqs/tests --ignore=libs/faststream-sqs/tests/test_wire.py

# What asks our own models alone, or starts servers of its own whatever the environment names, is not asked twice.
MODELS_ALONE = $(addprefix tests/integration/test_,models.py ask_gold.py language_model.py titan.py vectors.py demo_login.py) \
	tests/integration/standins/test_bedrock.py
test-real: $(READY) ## Integration, e2e and the page's uploads against the servers that the environment names; a missing one fails
	@REQUIRE_REAL=1 $(PYTEST) -q -n 3 --dist loadfile tests/integration tests/e2e \
		$(addprefix --ignore ,$(addprefix tests/e2e/test_,watch.py first_hour.py) $(MODELS_ALONE))
	@if command -v chromium >/dev/null; then REQUIRE_REAL=1 $(PYTEST) -q tests/browser/test_page_uploads.py; \
		else echo "NOT TESTED: no chromium here, so no page sent a recording in parts to this store."; fi

test-chaos: $(READY) ## Kill and stop real processes, at length: ten seeds, 200 kills, recordings of two hours
	@CHAOS=all $(PYTEST) -q tests/chaos

test-fuzz: $(READY) ## The API asked whatever its description allows, at length: fifty examples and all bounds, as each role
	@CHAOS=all $(PYTEST) -q tests/contract/test_http_fuzzed.py

k8s-drill: $(READY) ## Our manifests and KEDA on the cluster of KUBECONFIG scale real processes; its SQS is AWS_ENDPOINT_URL_SQS's
	@test -n "$$KUBECONFIG" || { echo "KUBECONFIG names no cluster"; exit 1; }
	@$(PYTEST) -q tests/chaos/test_cluster.py

coverage: $(READY) ## The tests with branch coverage, and a page to read it: htmlcov/index.html
	@$(PYTEST) -q --cov --cov-report=term --cov-report=html

check: lint types imports contracts page-check test ## All a change must pass

format: $(READY) ## Format the code and mend what can be mended
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lint: $(READY) ## Style, spelling, and a lock that fits
	@$(UV) lock --check --quiet
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .
	@$(BIN)/codespell && $(BIN)/interrogate -q tests

types: $(READY) ## mypy --strict
	@$(BIN)/mypy

imports: $(READY) ## Who may import what
	@$(BIN)/lint-imports

contracts: $(READY) ## Regenerate schemas, AsyncAPI and .env.example; fail if that changes what is committed
	@$(BIN)/python -m onebox.contracts
	@git diff --exit-code --stat -- libs/common/contracts services deploy/aws deploy/k8s deploy/observability .env.example README.md

test-browser: $(READY) ## The page in a real Chromium, Debian's where apt can install it; SHOTS=1 takes README's pictures anew
	@command -v chromium >/dev/null || { apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium; } >/dev/null 2>&1 || true
	@if command -v chromium >/dev/null; then $(PYTEST) -q tests/browser; \
		else echo "NOT TESTED: no chromium here and none came by apt, so nobody looked at the page."; fi

PAGE := services/ingest/page
page: ## Build the page that ingest-api serves, from its lock; what it builds is committed; needs Node
	@cd $(PAGE) && npm ci --no-fund --no-audit --loglevel=error && npm run --silent types:api >src/api/schema.ts && npm run --silent build

page-check: ## The page's types, style and tests, and is what is committed what its sources build; skipped without npm
	@if command -v npm >/dev/null; then $(PAGE)/check; else echo "NOT TESTED: no npm here, so the page was not built."; fi

manifests: $(READY) ## Render every overlay into .manifests; check every combination of components
	@mkdir -p .manifests
	@for overlay in dev staging prod; do kubectl kustomize deploy/k8s/overlays/$$overlay > .manifests/$$overlay.yaml || exit 1; done
	@$(PYTEST) -q tests/contract/test_manifests*.py

dashboards: $(READY) ## Make Grafana's dashboards anew; a contract test compares them with what is committed
	@cd deploy/observability && $(abspath $(BIN))/python -m dashboards

CLIENT = $(or $(OUT),dist/client)
client: $(READY) ## A typed Python client of the API, generated from its OpenAPI: OUT=dist/client
	@mkdir -p "$(dir $(CLIENT))" && PATH="$(abspath $(BIN)):$$PATH" openapi-python-client generate --meta uv --overwrite \
		--fail-on-warning --path services/ingest/openapi.json --custom-template-path services/ingest/client \
		--output-path "$(CLIENT)"

test-watch: $(READY) ## Alerts under promtool, then a real Prometheus beside the real services: every panel shows something
	@deploy/observability/prometheus/fetch || echo "No promtool and no Prometheus here: their tests are skipped."
	@$(PYTEST) -q tests/contract/test_dashboards.py tests/contract/test_alerts.py tests/e2e/test_watch.py

evals: $(READY) ## How well the gold dialogues are understood: EVALS_BASE_URL= EVALS_MODEL= EVALS_API_KEY=, CACHE= SHORTEST= OUT= KEEP=1
	@cd services/analyzer && $(abspath $(BIN))/python -m evals $(if $(CACHE),--cache "$(abspath $(CACHE))") \
		$(if $(SHORTEST),--shortest $(SHORTEST)) $(if $(TIMEOUT),--timeout $(TIMEOUT)) $(if $(TOKENS),--max-output-tokens $(TOKENS)) \
		$(if $(OUT),--output "$(abspath $(OUT))") $(if $(KEEP),--keep)

evals-search: $(READY) ## How well the gold dialogues are found, by words, meaning and both: OPENSEARCH_URL= KEEP=1
	@cd services/analyzer && $(abspath $(BIN))/python -m evals.search $(if $(KEEP),--keep)

CHUNKS ?= 100000
bench-search: $(READY) ## The index of OPENSEARCH_URL beside a plain opensearch-py loop: rate, latency, memory: CHUNKS=100000
	@cd libs/common && $(abspath $(BIN))/python -m bench --chunks $(CHUNKS)

PEERS ?= ours,lean,limit
ROUNDS ?= 3
bench-door: $(READY) ## A four-hour call asked for again and again: p50 and p95, beside the limit
	@cd tests && $(abspath $(BIN))/python bench_door.py

bench-evidence: $(READY) ## Verify the quotes of a four-hour call, and say how long it took
	@$(BIN)/pytest -q -s tests/unit/common/test_evidence_speed.py

bench: $(READY) ## The broker beside its peers: SCENARIOS="B1 B3" PEERS=ours,limit,celery ROUNDS=3
	@cd libs/faststream-sqs && $(abspath $(BIN))/python -m bench $(SCENARIOS) --peers $(PEERS) --rounds $(ROUNDS)

HOURS ?= 4
bench-audio: $(READY) ## A long call listened to, beside PyAV alone, and the bombs: HOURS=4 ROUNDS=3
	@cd services/transcriber && $(abspath $(BIN))/python -m bench --hours $(HOURS) --rounds $(ROUNDS)

FLOORS ?= faststream==0.7.6 faststream==0.7.7 aiobotocore==2.21.0
FLOOR_TESTS = pytest pytest-asyncio hypothesis httpx opentelemetry-sdk prometheus-client
test-floors: ## The broker's tests on the oldest versions it allows, each in an environment of its own; needs uv
	@set -e; for floor in $(FLOORS); do echo "$$floor"; \
		uv run --quiet --no-project --isolated --with "$$floor" --with "./libs/faststream-sqs[cli,fast,otel,prometheus]" \
			$(addprefix --with ,$(FLOOR_TESTS)) python -m pytest -q libs/faststream-sqs/tests \
			--ignore libs/faststream-sqs/tests/test_server.py --ignore libs/faststream-sqs/tests/test_conformance.py \
			-k "not ministack and not moto"; \
	done

package: $(READY) ## Build the broker as a package, check it, install it alone and run a program with it
	@out=$$(mktemp -d) && trap 'rm -rf "$$out"' EXIT && set -e && \
	$(UV) build --quiet --package faststream-sqs --out-dir "$$out/dist" && \
	$(UV) tool run --quiet twine check --strict "$$out"/dist/*.whl "$$out"/dist/*.tar.gz && \
	$(UV) venv --quiet "$$out/alone" && $(UV) pip install --quiet --python "$$out/alone" "$$out"/dist/*.whl && \
	cd "$$out" && alone/bin/python "$(CURDIR)/libs/faststream-sqs/tests/alone.py"

# The variables of a profile, in the environment, where they win over .env.
PROFILE = $(if $(OFFLINE),env $$(grep '^[A-Z]' deploy/compose/offline.env)) \
	$(if $(OBSERVE),env $$(grep '^[A-Z]' deploy/compose/observability.env))
COMPOSE = $(PROFILE) docker compose $(if $(OFFLINE),--profile offline) $(if $(OBSERVE),--profile observability)
IMAGES := ingest-api ingest transcriber analyzer embedder
KEYED = test -n "$(OFFLINE)$$OPENAI_API_KEY$$OPENAI_BASE_URL" || grep -qsE '^(OPENAI|TRANSCRIPTION)_API_KEY=.' .env

images: ## Build every image: BASE=image PIP_CONF=file UV_TOML=file
	@VERSION=$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml) REVISION=$$(git rev-parse --short HEAD) \
		docker compose --profile offline build $(IMAGES) models
	@docker image ls --filter reference='callstream-*:latest' --format 'table {{.Repository}}\t{{.Size}}'

test-images: $(READY) ## Build the images, start each one locked down, take a call through them all
	@if docker version >/dev/null 2>&1; then $(MAKE) images && $(PYTEST) -q tests/images; \
	else echo "NOT TESTED: no Docker engine answers, so no image was built or started"; fi

sbom: $(UV) ## What is in each image, as CycloneDX: dist/sbom
	@mkdir -p dist/sbom
	@for service in $(IMAGES); do $(UV) export --quiet --frozen --no-dev --package $${service%-api} \
		--format cyclonedx1.5 --preview-features sbom-export --output-file dist/sbom/$$service.json; done

up: ## All of it in containers: OFFLINE=1 needs no key, OBSERVE=1 adds dashboards
	@$(KEYED) || { echo "No OPENAI_API_KEY here or in .env. Without any: make up OFFLINE=1"; exit 1; }
	@$(COMPOSE) up --detach --wait
	@echo "http://127.0.0.1:$${API_PORT:-8000}/docs$(if $(OBSERVE),  http://127.0.0.1:3000)"

down: ## Stop the containers, each in its own time; what they keep stays
	@docker compose --profile offline --profile observability down

logs: ## Follow the containers' logs: SERVICE=transcriber
	@docker compose --profile offline --profile observability logs --follow --tail 100 $(SERVICE)

clean: ## Remove what was built here
	@find libs services deploy tests -name __pycache__ -prune -exec rm -rf {} +
	@rm -rf .venv* .tools .manifests dist htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
