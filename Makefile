# The commands of this project. Each first installs what is missing on this machine (.ci/setup), and is quick if nothing
# has changed.

SHELL := /bin/bash
PORT ?= 8080

.PHONY: help serve build check test bench curves fmt lint setup model clean

help:
	@echo 'make serve    build the page and serve it at http://localhost:$(PORT)'
	@echo 'make check    the quick checks: format, lints, tests on the small models, one run of the page in Chromium'
	@echo 'make test     every check, with SmolLM2, the training recipe, size budgets and the whole page in Chromium'
	@echo 'make build    the page as static files in dist/, for any path on any host'
	@echo 'make bench    tokens per second of this machine, natively and in the page'
	@echo 'make curves   measure the stored curves that are missing or out of date (all: .ci/curves --force)'
	@echo 'make fmt      format the code;  make lint: the lints alone'
	@echo 'make model    fetch SmolLM2 again'
	@echo 'make clean    remove dist/'

serve: build
	@python3 .ci/serve.py dist --port $(PORT)

build:
	@.ci/setup
	@.ci/build

check:
	@.ci/setup check
	@.ci/test fast

test:
	@.ci/setup test
	@.ci/test

bench: build
	@.ci/setup test
	@.ci/bench

curves:
	@.ci/setup
	@.ci/curves

fmt:
	@.ci/setup
	@. .ci/lib/common.sh && load_env && cargo fmt

lint:
	@.ci/setup
	@.ci/test fmt lint

setup:
	@.ci/setup test

model:
	@.ci/setup model

clean:
	rm -rf dist .dist-stamp
