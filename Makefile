# What can be done here; README.md says which two commands a newcomer needs.
GO      ?= go
VERSION ?= $(shell sed -n 's/^\#\# \([0-9][^ ]*\).*/\1/p' CHANGELOG.md | head -1)
LDFLAGS  = -s -w -X main.version=$(VERSION)
# The lab mounts and boots, which needs root; sudo forgets where Go is.
ROOT     = $(shell [ "$$(id -u)" = 0 ] || echo sudo env "PATH=$$PATH")
BUILD    = CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags='$(LDFLAGS)'

.PHONY: all demo test real faults blindfold record lint fmt bench build install check picture clean

all: dist/assay

dist/assay: FORCE
	@mkdir -p dist
	@$(BUILD) -o $@ ./cmd/assay
dist/lab: FORCE
	@mkdir -p dist
	@CGO_ENABLED=0 $(GO) build -buildvcs=false -o $@ ./cmd/lab
FORCE:

demo: dist/assay dist/lab ## the full circle on a booted host: bare, set up, audited, broken, diagnosed, mended
	@$(ROOT) dist/lab demo dist/assay

test: ## everything: formatting, vet, linter, tests with the race detector, booted hosts
	@bash .ci/test

real: ## the stories, the healthy hosts and a setup from a bare one, on booted Debian hosts; CASE=nginx. chooses
	$(ROOT) CASE='$(CASE)' FRESH=1 $(GO) test -tags real -count=1 -timeout 60m -p 1 -parallel 2 ./internal/lab ./internal/audit ./internal/host ./internal/remote ./internal/apply ./internal/setup ./internal/deploy ./internal/checks ./internal/faults

faults: dist/assay ## every fault of the corpus on a booted host, into docs/faults.md; FAULT='nginx/ tls/' chooses, onto the terminal
	@CGO_ENABLED=0 $(GO) build -buildvcs=false -o dist/faults ./cmd/faults
	$(ROOT) dist/faults -fix $(if $(FAULT),$(FAULT),-o docs/faults.md)

blindfold: ## hide every answer of every recording once; no fail becomes good, no new finding appears
	BLINDFOLD=all $(GO) test -timeout 60m -run 'TestBlindfold$$' ./internal/house

record: ## record the stories' hosts anew; CASE=nginx. chooses
	cd internal/checks && $(ROOT) CASE='$(CASE)' $(GO) test -tags real -count=1 -timeout 60m -parallel 2 -run TestStoriesOnHosts . -args -record

lint: fmt ## staticcheck; staticcheck.conf says which checks and why
	$(GO) vet ./... && $(GO) vet -tags real ./...
	$(GO) tool -modfile=tools/go.mod staticcheck -tags real ./...

fmt:
	@test -z "$$(gofmt -l cmd internal)" || { gofmt -l cmd internal; echo 'gofmt these files'; exit 1; }

bench: ## ratios within one run; docs/benchmarks.md says how to read them
	$(GO) test -run '^$$' -bench . -benchtime 2s ./internal/...
	$(ROOT) $(GO) test -tags real -run '^$$' -bench 'Start|OnHost' -benchtime 1x -timeout 10m ./internal/audit

build: ## the static binary for both machines
	@mkdir -p dist
	GOOS=linux GOARCH=amd64 $(BUILD) -o dist/assay-linux-amd64 ./cmd/assay
	GOOS=linux GOARCH=arm64 $(BUILD) -o dist/assay-linux-arm64 ./cmd/assay

install: dist/assay
	$(ROOT) install -m 0755 dist/assay /usr/local/bin/assay

check: ## ID=nginx.proxy.host writes a new check's two files, with blanks
	@$(GO) run ./cmd/newcheck '$(ID)'

picture: dist/assay ## the report in README.md, from the recording of a host that follows a guide
	@COLUMNS=88 dist/assay check --tape internal/house/testdata/guide000.tape.gz --color always | $(GO) run ./cmd/picture > docs/report.svg

clean:
	rm -rf dist
