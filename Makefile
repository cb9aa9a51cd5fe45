# Everything here is also run by .ci/run.

GO       ?= go
FUZZTIME ?= 10s
DATA     ?= $(or $(GNEISS_DATA),../shared)
PLATFORMS = linux/amd64 linux/arm64 linux/386 darwin/arm64 windows/amd64 js/wasm
CONFORMANCE = node next simple pytorch-converted pytorch-operator

.PHONY: all check test race fuzz conformance bench performance cross staticcheck docs golden

all: check test

# check is what needs no test to run: formatting, vet, tidiness, other platforms.
check: cross
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "gofmt: not formatted"; exit 1; }
	$(GO) mod tidy -diff
	$(GO) test ./internal/lint
	cd bench && $(GO) mod tidy -diff && $(GO) vet . && $(GO) test .

test:
	$(GO) test ./...

race:
	CGO_ENABLED=1 $(GO) test -race -short ./...

# fuzz runs each fuzz target for FUZZTIME.
fuzz:
	@set -e; grep -rl --include=*_test.go '^func Fuzz' . | xargs -n1 dirname | sort -u | while read dir; do \
		grep -h -o '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | sed 's/func //' | while read name; do \
			echo "$$dir $$name"; $(GO) test $$dir -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME); \
		done; \
	done

# conformance runs ONNX's own tests from $$GNEISS_DATA, or ../shared.
conformance:
	$(GO) run ./tools/onnxrun test --skip testdata/conformance/skip.txt $(addprefix $(DATA)/conformance/,$(CONFORMANCE))

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

# performance measures side by side with other engines; bench/README.md says what PYTHON, LIGHT and LARGE are.
PYTHON ?= python3
performance:
	cd bench && $(GO) run . -python $(PYTHON) -light "$(LIGHT)" -large "$(LARGE)" -o ../docs/performance.md

# cross vets and builds for every platform, without C.
cross:
	@set -e; for p in $(PLATFORMS); do \
		echo "vet $$p"; \
		CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) vet ./...; \
		CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) build ./...; \
	done

staticcheck:
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

# docs writes the generated documents, golden the golden files of tests.
docs:
	$(GO) test ./internal/lint -update

golden:
	$(GO) test ./graph ./graph/opt -update
