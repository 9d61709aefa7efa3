# Everyday commands. CMake and its presets (CMakePresets.json) do the work and need none of this.
#
#   make run      install what is missing, build, show the demo
#   make test     install what is missing, build, run every test
#   make bench    measure
#   make cluster  show three nodes on this machine as one
#   make chaos    pull its plugs, cut its links and fill its disks, 200 times
#   make package  a Debian package of the program as a service, in build/package
#   make fuzz     let libFuzzer at everything that reads strangers' bytes, each for FUZZ_SECONDS
#
# JOBS=n limits the compiler processes of every target.
MAKEFLAGS += --no-print-directory
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
build_with = cmake --preset $(1) --log-level=NOTICE && cmake --build --preset $(1) --parallel $(JOBS)

.PHONY: run test bench cluster chaos build package packages nats asan tsan fuzz format tidy clean

run: packages
	@$(call build_with,release) --target rollcall
	@build/rollcall demo

test: packages nats
	@$(call build_with,release)
	@scripts/run-tests build

build: packages
	@$(call build_with,release)

bench: packages
	@command -v node >/dev/null && command -v npm >/dev/null || scripts/install-packages nodejs npm
	@$(call build_with,release) --target benches rollcall
	@bench/run

cluster: packages
	@$(call build_with,release) --target rollcall
	@scripts/cluster build/rollcall

chaos: packages nats
	@$(call build_with,release) --target rollcall node_test
	@scripts/chaos build

asan tsan: packages nats
	@$(call build_with,$@)
	@scripts/run-tests build/$@

fuzz: packages
	@command -v clang++ >/dev/null || scripts/install-packages clang
	@$(call build_with,fuzz) --target rollcall_fuzz
	@scripts/fuzz build/fuzz/tests/fuzz/rollcall_fuzz $(FUZZ_SECONDS) build/fuzz $(FUZZ_TARGETS)

package: packages
	@$(call build_with,release) --target rollcall
	@cpack --config build/CPackConfig.cmake

packages:
	@scripts/install-packages

# Without it the tests of the log on NATS are skipped, and say so.
nats:
	@scripts/install-nats >/dev/null || true

format:
	@scripts/format

# clang-tidy over our own sources, with the checks of .clang-tidy.
tidy: packages
	@$(call build_with,tidy) --target messages_schemas
	@git ls-files -- '*.cpp' ':!tests/install' | xargs -P $(JOBS) -n 1 clang-tidy -p build/tidy --quiet

clean:
	@rm -rf build
