# One command each; every target sets up what it needs.
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .uv/bin/uv
BIN := .venv/bin
FIGURES ?=
PEERS ?=
export CHAOS_SEED CHAOS_MINUTES CHAOS_WITHOUT CHAOS_LOG
# Code that is compiled anew at each start costs two thirds of the start: keep it, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-clients check lint types fix docs bench bench-peers chaos test-fencing test-cluster test-watching test-install test-proxies wheel notices lock

help: ## show the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST)

setup: .venv/.ready ## build .venv from the hashed locks

.venv/.ready: requirements.lock requirements-dev.lock pyproject.toml
	@test -x $(UV) || $(PYTHON) -m pip install -q --disable-pip-version-check --target .uv uv==$(UV_VERSION)
	@test -x $(BIN)/python || $(UV) venv -q --python $(PYTHON) .venv
	$(UV) pip install -q --python $(BIN)/python --compile-bytecode --require-hashes -r requirements-dev.lock
	$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q src
	@touch $@

demo: setup ## set up and play the main job, step by step
	$(BIN)/saluhall demo

check: setup ## lint, format, types, import rules
	@$(MAKE) --no-print-directory -j2 --output-sync=target lint types

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup
	$(BIN)/mypy

test: setup ## set up and run every check and every test
	@# The tests are compiled once meanwhile: each of the four processes would do it again.
	@$(BIN)/pytest --collect-only -qq > /dev/null 2>&1 & compiling=$$!; $(MAKE) -s check && { wait $$compiling || true; }
	PYTHONHASHSEED=0 $(BIN)/pytest -n 4 --dist worksteal

chaos: setup ## break everything for CHAOS_MINUTES=5 and see that nothing is lost, doubled or stuck; CHAOS_SEED=1 tells that story
	$(BIN)/python -m tests.chaos

test-fencing: setup ## stop the database and workers, with wrong clocks, and see that each of FENCING_ITEMS=1000 is listed once
	$(BIN)/python -m tests.fencing

test-clients: setup ## generate a TypeScript client of the API and use it; needs npm
	$(BIN)/pytest tests/clients/typescript_client.py

test-cluster: setup ## kill the primary under load, by hand and by Patroni; installs from Debian; CLUSTER_FAILOVERS=3, CLUSTER_WITH=patroni
	@test -x /usr/sbin/pgbouncer || test "$$(id -u)" != 0 || (apt-get update -q && apt-get install -q -y --no-install-recommends pgbouncer)
	@test -x /usr/bin/patroni -a -x /usr/bin/etcd -a -x /usr/sbin/haproxy || test "$$(id -u)" != 0 || \
		(apt-get update -q && apt-get install -q -y --no-install-recommends patroni etcd-server haproxy) || true
	$(BIN)/python -m tests.cluster

test-watching: setup ## check the metrics, the alert rules and the board with promtool; installs Prometheus from Debian
	@test -x "$$(command -v promtool)" || test "$$(id -u)" != 0 || (apt-get update -q && apt-get install -q -y --no-install-recommends prometheus)
	$(BIN)/pytest -n 0 -rs tests/safety/test_metrics_of_a_hub.py tests/watching

fix: setup ## repair what lint and format can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## write docs/channels.md from the channels' cards
	$(BIN)/python -m saluhall.cli.channels > docs/channels.md

bench: setup ## measure; FIGURES="item-put ..." picks some
	$(BIN)/python -m bench $(FIGURES)

bench-peers: setup ## measure against other systems, by hand; PEERS="medusa ..." picks some
	$(BIN)/python -m bench.peers $(PEERS)

wheel: setup ## build dist/*.whl, and beside it the lock for pip install --require-hashes
	rm -rf dist
	$(BIN)/python -m hatchling build -t wheel -d dist
	cp requirements.lock dist/

notices: setup ## write THIRD-PARTY.md from the lock
	$(BIN)/python tools/notices.py

test-install: wheel ## install the wheel in an empty environment, run demo and serve; the steps of the Containerfile; the systemd unit
	$(BIN)/pytest -n 0 -p no:randomly tests/install/from_wheel.py

test-proxies: setup ## requests through the nginx and Caddy files of deploy/; installs both from Debian
	@test -x /usr/sbin/nginx -a -x /usr/bin/caddy || test "$$(id -u)" != 0 || (apt-get update -q && apt-get install -q -y --no-install-recommends nginx-light caddy)
	$(BIN)/pytest -n 0 tests/proxies/through_proxies.py

lock: setup ## resolve the dependencies anew
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements.lock pyproject.toml
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev --constraint requirements.lock -o requirements-dev.lock pyproject.toml
