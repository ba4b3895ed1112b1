# Short names for the usual commands; the build itself is CMake's.
JOBS ?= $(shell nproc)
CMAKE_OPTIONS ?=

.PHONY: all demo test release dev asan tsan bench format check tidy install clean help

all: release

help:
	@echo "make demo     install what is missing, build, train on the shipped data set"
	@echo "make test     install what is missing, build, run the tests"
	@echo "make          release build in build/release"
	@echo "make asan | tsan   sanitizer builds and their tests"
	@echo "make bench    release build, then weir and its peers side by side (docs/benchmarks.md)"
	@echo "make format | check | tidy   format the sources, check the rules, run clang-tidy"
	@echo "make install  install the release build (PREFIX=/usr/local)"

demo:
	@tools/setup.sh demo
	@$(MAKE) --no-print-directory release
	@tools/demo.sh build/release/weir

test:
	@tools/setup.sh test
	@$(MAKE) --no-print-directory dev
	ctest --preset dev -j $(JOBS)

release dev:
	cmake --preset $@ $(CMAKE_OPTIONS)
	cmake --build --preset $@ -j $(JOBS)

asan tsan:
	cmake --preset $@ $(CMAKE_OPTIONS)
	cmake --build --preset $@ -j $(JOBS)
	ctest --preset $@ -j $(JOBS)

bench:
	cmake --preset release $(CMAKE_OPTIONS)
	cmake --build --preset release -j $(JOBS) --target bench_kern bench_peak bench_weir weir_program
	python3 bench/run.py --write --minutes 15 $(BENCH)

format:
	git ls-files '*.c' '*.h' '*.inl' | xargs clang-format-14 -i

check: dev
	tools/check.sh build/dev

tidy:
	tools/check_tidy.sh

install: release
	cmake --install build/release $(if $(PREFIX),--prefix $(PREFIX))

clean:
	rm -rf build demo-out
