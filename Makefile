# The commands of this project. `make help` lists them.

GO ?= go
FUZZ ?= Fuzz
FUZZTIME ?= 30s
DETECT ?= .
SEEDS ?= 3
JOBS ?= 1
LEFT ?=
CLEAN ?= 10m
SOAK ?= .
SOAK_RUNS ?= 20
SOAK_BURNERS ?= 8

.PHONY: help build test check lint kill programs soak fuzz detect detect-right bench cover

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

build: ## build the netproctor program
	$(GO) build -o netproctor ./cmd/netproctor

test: ## run all tests
	$(GO) test ./...

check: ## everything that must hold before a commit
	@test -z "$$(gofmt -l .)" || { gofmt -l . ; echo "gofmt: the files above are not formatted"; exit 1; }
	$(GO) vet ./...
	$(GO) mod tidy -diff
	$(GO) tool staticcheck ./...
	$(GO) test -race -shuffle=on -timeout 30m ./...

kill: ## print the kill matrix: every wrong program and what catches it
	KILL=whole $(GO) test ./conformance -run 'TestKill' -v -count=1 | grep -oE '(kill|null|variant) .*|^(matrix|ok|FAIL|--- FAIL).*'

programs: ## grade the real programs with the whole of each suite
	PROGRAMS=whole $(GO) test ./conformance -run 'Programs' -v -count=1 -timeout 30m

soak: ## grade correct programs over and over on a busy machine (SOAK=mailbox: only those)
	SOAK_RUNS=$(SOAK_RUNS) SOAK_BURNERS=$(SOAK_BURNERS) $(GO) test ./conformance -run '^TestSoak$$/$(SOAK)' -v -count=1 -timeout 5h

# Only the decoders are compiled for coverage: with go test -fuzz it is everything
# that the tests use, and looking through all of that slows the engine down 30
# times. What the engine finds interesting is kept where go test keeps it.
FUZZFLAGS = -gcflags=netproctor/reference/...=-d=libfuzzer -gcflags=netproctor/internal/record=-d=libfuzzer

# Time that ends in the middle of something is sometimes a failure for the engine,
# which then says so and nothing else.
fuzz: ## try every decoder with Go's fuzzing engine, FUZZTIME each (FUZZ=FuzzChat: only those)
	$(GO) test -c $(FUZZFLAGS) -o fuzz/fuzz.test ./fuzz
	@cd fuzz && log=$$(mktemp) && trap 'rm -f "$$log"' EXIT && for target in $$(./fuzz.test -test.list '^$(FUZZ)'); do \
		echo "$$target"; \
		./fuzz.test -test.run '^$$' -test.fuzz "^$$target\$$" -test.fuzztime $(FUZZTIME) -test.fuzzminimizetime 10x \
			-test.fuzzcachedir "$$($(GO) env GOCACHE)/fuzz/netproctor/fuzz" 2>&1 | tee "$$log"; \
		grep -q '^PASS$$' "$$log" || { grep -q '^ *context deadline exceeded$$' "$$log" && ! grep -q 'Failing input' "$$log"; } || exit 1; \
	done

detect: ## fuzz every wrong program as a process until it is found (DETECT=mailbox/server: only those; SEEDS=3; JOBS=2: two at once, a processor each; LEFT=1: only those that the tables do not have)
	@mkdir -p fuzz/testdata/detect
	DETECT='$(DETECT)' SEEDS=$(SEEDS) JOBS=$(JOBS) LEFT=$(LEFT) $(GO) test ./cmd/netproctor -run '^TestDetection$$' -parallel $(JOBS) -count=1 -timeout 24h

detect-right: ## fuzz every right program for CLEAN each, and find nothing (DETECT=chat: only those)
	DETECT='$(DETECT)' CLEAN=$(CLEAN) $(GO) test ./cmd/netproctor -run '^TestDetectionClean$$' -count=1 -timeout 240h

bench: ## time the codecs, the engine and a whole suite
	$(GO) test -run '^$$' -bench . -benchmem ./...
