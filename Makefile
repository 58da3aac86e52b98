# The one place for commands: `make run` to try Gyre, `make test` to check it.

SHELL := /bin/bash
.DEFAULT_GOAL := run
.PHONY: run test release lint micro bench figures screenshots fuzz clean deps build-deps test-deps micro-deps \
	bench-deps

SOURCES := Package.swift Sources Tests Benchmarks/Micro
RELEASE := --configuration release --static-swift-stdlib
FUZZ_SECONDS ?= 30

# Debian package and what of it must be there: a command, a pkg-config module or a file.
BUILD_DEPS := pkg-config:pkg-config liburing-dev:liburing.pc libc-ares-dev:libcares.pc
TEST_DEPS := nginx:nginx haproxy:haproxy wrk:wrk apache2-utils:ab iperf3:iperf3 curl:curl \
	strace:strace python3:python3 socat:socat linux-perf:perf git:git prometheus:promtool \
	tmux:tmux chromium:chromium \
	$(foreach module,h11 websockets aiohttp requests jsonschema,\
		python3-$(module):/usr/lib/python3/dist-packages/$(module)) \
	python3-prometheus-client:/usr/lib/python3/dist-packages/prometheus_client
MICRO_DEPS := valgrind:valgrind binutils:strip python3:python3
BENCH_DEPS := libnginx-mod-stream:/usr/lib/nginx/modules/ngx_stream_module.so gcc:gcc \
	python3-matplotlib:/usr/lib/python3/dist-packages/matplotlib

# Starts the demo: small origins, a proxy in front of them, traffic, and the dashboard.
run: build-deps
	swift build $(RELEASE) --product gyre
	.build/release/gyre demo

release: build-deps
	swift build $(RELEASE) --product gyre

# Everything. The integration tests run against the release binary and by themselves, because
# they measure and would have to share the cores. The simulation runs a second time
# as the optimiser makes it, in a folder of its own so that the two builds do not undo each other.
test: test-deps release
	cd Benchmarks && python3 -B -m unittest discover --start-directory tests --top-level-directory .
	swift build --build-tests
	swift test --skip-build --skip IntegrationTests
	GYRE_BINARY=$(CURDIR)/.build/release/gyre swift test --skip-build --filter IntegrationTests
	if [ -d Tests/SimulationTests ]; then \
		swift test --configuration release -Xswiftc -enable-testing \
			--scratch-path .build-release-tests --filter SimulationTests; \
	fi

lint:
	swift format lint --strict --recursive $(SOURCES)

# Instruction counts, held to the limits in Benchmarks/Micro/Limits.
micro: micro-deps
	swift build $(RELEASE) --product micro
	Benchmarks/micro

# Every scenario, in less than twenty minutes; what it found is in Benchmarks/results/latest.
bench: bench-deps release
	Benchmarks/run; code=$$?; Benchmarks/report && exit $$code

# The same, and brings tables and plots of the READMEs up to date.
figures: bench-deps release
	Benchmarks/run; code=$$?; Benchmarks/report --readme && exit $$code

# Pictures of the dashboard at URL for the README; of made-up traffic without one.
screenshots: bench-deps
	/usr/bin/python3 -B Tests/IntegrationTests/Observe/dashboard_shots.py \
		Sources/CDashboard/Screenshots $(URL)

fuzz: test-deps
	Tests/FuzzTests/run $(FUZZ_SECONDS)

clean:
	rm -rf .build .build-release-tests .build-fuzz

deps: bench-deps micro-deps

build-deps:
	@.ci/install-missing $(BUILD_DEPS)

test-deps: build-deps
	@.ci/install-missing $(TEST_DEPS)

micro-deps: build-deps
	@.ci/install-missing $(MICRO_DEPS)

bench-deps: test-deps
	@.ci/install-missing $(BENCH_DEPS)
