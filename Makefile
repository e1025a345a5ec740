# rubric: how it is built, tested and installed.
#
#   make demo        packages, build, the whole pipeline on examples/essays.csv
#   make test        packages, build, every test        make asan=1 test   under the sanitizers
#   make             build into build/                  make install       PREFIX, DESTDIR
#   make parity      against Hugging Face, PyTorch, scikit-learn (slow, own Python environment)
#   make bench       against the peers, ratios          make fuzz          fuzz the parsers
#   make faults      every system call fails once       make valgrind      memory errors and leaks
#   make kills       training killed and resumed       make memory      10 GB through every filter: what each holds
#   make races       threads under ThreadSanitizer      make coverage    what share of the lines the tests run
#   make lint        every linter                       make format      lay out the source
#   make compdb      compile_commands.json

VERSION = 0.1.0
PREFIX = /usr/local
bindir = $(PREFIX)/bin
libexecdir = $(PREFIX)/libexec
datadir = $(PREFIX)/share
mandir = $(PREFIX)/share/man

# The tree under $(BUILD) is laid out as it is installed, so that a program finds the rest from where it lies.
BUILD = build

# CC, CPPFLAGS, CFLAGS, LDFLAGS and LDLIBS are the user's, from the environment or the command line; what rubric itself
# needs stands in variables of its own.  WERROR=1 makes warnings errors.
warnings = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
ifdef asan
BUILD = build-asan
sanitizers = -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
# with them gcc sees null formats where there are none
warnings += -Wno-format-truncation
endif
ifdef tsan
BUILD = build-tsan
CFLAGS ?= -O1 -g
sanitizers = -fsanitize=thread
endif
ifdef coverage
BUILD = build-coverage
CFLAGS ?= -O1 -g
sanitizers = --coverage -fprofile-update=atomic -include tests/coverage/exit.h
endif
ifdef fuzz
BUILD = build-fuzz
CC = clang-14
CFLAGS ?= -O1 -g
warnings =
sanitizers = -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined
# these read no untrusted bytes, and instrumented they take clang minutes
$(BUILD)/lib/nn/%.o $(BUILD)/lib/linear/%.o: private code = -O2 -g -ffp-contract=off
endif
CFLAGS ?= -O2 -g
defines = -Ilib -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DRUBRIC_VERSION='"$(VERSION)"'
# -ffp-contract=off: a multiply and an add are two roundings everywhere, on every path.
code = $(CFLAGS) $(sanitizers) -ffp-contract=off
compile = $(CC) $(defines) $(CPPFLAGS) -std=gnu11 $(warnings) $(if $(WERROR),-Werror) $(code) $(cpu_$(*F)) \
    -MMD -MP -c -o $@ $<
link = $(CC) $(code) $(LDFLAGS) -o $@ $(filter %.o %.a,$^)
libraries = -ljansson -lxxhash -lm -lpthread $(LDLIBS)

# Kernels are compiled for their kind of CPU and chosen at run time among those of the machine that $(CC) compiles for;
# everything else is baseline.  A neon.c would be kernels_aarch64.  -fno-lto: their instructions stay in their object.
kernels_x86_64 = avx2 avx512
kernels := portable $(kernels_$(firstword $(subst -, ,$(shell $(CC) -dumpmachine))))
cpu_portable = -fno-math-errno
cpu_avx2 = -fno-lto -mavx2 -mfma
cpu_avx512 = -fno-lto -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx2 -mfma -mprefer-vector-width=512

# make V=1 shows the commands.
Q = $(if $(V),,@)
say = $(if $(V),,@echo "  $(1)")

# A filter links its rooms, each after those that build on it, and the libraries they need.
FILTERS = tok split embed fit predict evalm show tally vocab get
rooms_tok     = model text stream base
rooms_split   = corpus eval text stream base
rooms_embed   = predict model nn text stream base
rooms_fit     = train eval predict linear model nn text stream base
rooms_predict = predict eval model nn text stream base
rooms_evalm   = eval text stream base
rooms_show    = model text stream base
rooms_tally   = corpus eval model text stream base
rooms_vocab   = text stream base
rooms_get     = fetch model text stream base
rooms_rubric  = base
libs_text   = -lmd
libs_model  = -lzip -lmd
libs_nn     = -lopenblas
libs_linear = -lopenblas -llbfgs
libs_fetch  = -lcurl -lzip -lmd
# oracles of unit tests
libs_stream_oracle = -lmsgpackc
libs_rows = -lcsv

programs = $(FILTERS:%=$(BUILD)/libexec/rubric/%) $(BUILD)/bin/rubric
ROOMS = base stream text nn linear model predict eval corpus train fetch
sources_nn = lib/nn/kernels/kernels.c $(kernels:%=lib/nn/kernels/%.c)

all: $(programs) $(BUILD)/share/rubric/default

define room_rules
$(BUILD)/lib/$(1).a: $(patsubst %.c,$(BUILD)/%.o,$(wildcard lib/$(1)/*.c) $(sources_$(1)))
	@mkdir -p $$(@D)
	$(Q)rm -f $$@ && $$(AR) rcsD $$@ $$^
endef
$(foreach room,$(ROOMS),$(eval $(call room_rules,$(room))))

# $(1) program, $(2) where it goes, $(3) its source
define program_rules
$(2)/$(1): $(BUILD)/$(3).o $(foreach room,$(rooms_$(1)),$(BUILD)/lib/$(room).a)
	@mkdir -p $$(@D)
	$(call say,link $(1))
	$(Q)$$(link) -Wl,--as-needed $(foreach room,$(rooms_$(1)),$(libs_$(room))) $$(libraries)
endef
$(foreach filter,$(FILTERS),$(eval $(call program_rules,$(filter),$(BUILD)/libexec/rubric,cmd/$(filter))))
$(eval $(call program_rules,rubric,$(BUILD)/bin,cmd/rubric))

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(compile)

# Written only when the compiler, a flag or the version has changed: then everything is built anew.  `make install`
# takes what is there.
flags = $(CC) $(defines) $(CPPFLAGS) $(warnings) $(code) $(foreach name,$(kernels),$(cpu_$(name))) $(LDFLAGS) $(LDLIBS)
$(BUILD)/flags: $(if $(filter install,$(MAKECMDGOALS)),,FORCE)
	@mkdir -p $(@D)
	@flags='$(subst ','\'',$(flags))'; test "$$flags" = "$$(cat $@ 2>/dev/null)" || printf '%s\n' "$$flags" >$@
FORCE:

$(BUILD)/share/rubric/default: $(wildcard lib/default/*)
	@mkdir -p $@
	cp lib/default/* $@/
	@touch $@

# Unit tests, parity drivers and benchmarks: each tests/WHERE/NAME.c becomes one program over all rooms.
unit_tests = $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/*.c))
link_all = $(CC) $(code) $(LDFLAGS) -o $@ $< -Wl,--start-group $(ROOMS:%=$(BUILD)/lib/%.a) -Wl,--end-group \
    $(sort $(foreach room,$(ROOMS),$(libs_$(room)))) $(libs_$*) $(libraries)
define driver_rules
$(BUILD)/$(1)/%: $(BUILD)/tests/$(2)/%.o $(ROOMS:%=$(BUILD)/lib/%.a)
	@mkdir -p $$(@D)
	$(call say,link $(1)/$$*)
	$(Q)$$(link_all)
endef
$(eval $(call driver_rules,tests,unit))
$(eval $(call driver_rules,parity,parity))
$(eval $(call driver_rules,bench,bench))
$(BUILD)/tests/%.o: private defines += -Itests/unit

# ---- Tests.  `make test` is what the README says and what CI calls. ----

PYTHON = $(HOME)/.cache/rubric/parity/bin/python
pages = $(wildcard man/*.[157]rubric)

packages:
	@./packages

demo: packages
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@BUILD=$(BUILD) examples/demo

test: packages
	@$(MAKE) --no-print-directory -j$$(nproc) all unit-programs
	@BUILD=$(BUILD) tests/run

unit-programs: $(unit_tests) $(BUILD)/tests/faults.so $(BUILD)/tests/turns.so

# What tests load before a filter; built plainly, under the sanitizers too.
$(BUILD)/tests/%.so: tests/faults/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 -g $(warnings) -D_GNU_SOURCE -D_LARGEFILE64_SOURCE -shared -fPIC -o $@ $<

# Every call of every filter, instead of the choice that `make test` makes (minutes).
faults: all $(BUILD)/tests/faults.so
	FAULTS=all RUBRIC_BUILD=$(abspath $(BUILD)) bats --jobs $$(nproc) tests/faults.bats

# Training killed at a hundred random moments under each OpenBLAS, and resumed (minutes).
kills: all
	KILLS=100 RUBRIC_BUILD=$(abspath $(BUILD)) bats -f killed tests/fit_bytes.bats

# The filters under valgrind, whose CPU knows no AVX-512 (minutes).
valgrind: all
	RUBRIC_BUILD=$(abspath $(BUILD)) tests/valgrind

# What threads share, under ThreadSanitizer, which does not look into OpenBLAS (a minute).
races:
	@$(MAKE) --no-print-directory tsan=1 -j$$(nproc) all unit-programs
	TSAN_OPTIONS=ignore_noninstrumented_modules=1 BUILD=build-tsan tests/run fit_bytes predict embed tok

# Against the real peers, in a Python environment of its own, kept outside the tree.
parity: all parity-programs
	PYTHON=$(PYTHON) BUILD=$(BUILD) tests/parity/run

bench: all bench-programs
	PYTHON=$(PYTHON) BUILD=$(BUILD) tests/bench/run

# Ten minutes; MEGABYTES=100 shows how it goes.
MEGABYTES = 10000
memory: all bench-programs
	BUILD=$(BUILD) tests/bench/memory $(MEGABYTES)

# Every reader of bytes from outside under libFuzzer, MINUTES in all.
MINUTES = 10
fuzz: all $(BUILD)/tests/faults.so
	@./packages fuzz
	@$(MAKE) --no-print-directory fuzz=1 -j$$(nproc) fuzzers
	BUILD=$(BUILD) MINUTES=$(MINUTES) tests/fuzz/run

# The filters' main() have names of their own here.
fuzzers: $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
$(BUILD)/fuzz/%.main.o: cmd/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)$(compile) -Dmain=$*_main
$(BUILD)/tests/fuzz/%.o: private defines += -DFIXTURES='"$(abspath tests/fixtures)"'
$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(FILTERS:%=$(BUILD)/fuzz/%.main.o) $(ROOMS:%=$(BUILD)/lib/%.a)
	$(call say,link fuzz/$*)
	$(Q)$(CC) $(code) -fsanitize=fuzzer -o $@ $< $(FILTERS:%=$(BUILD)/fuzz/%.main.o) -Wl,--wrap=mmap64,--wrap=munmap \
	    -Wl,--start-group $(ROOMS:%=$(BUILD)/lib/%.a) -Wl,--end-group \
	    $(sort $(foreach room,$(ROOMS),$(libs_$(room)))) $(libraries)

# Drivers for parity and benchmarks are linked as the unit tests are.
parity-programs: $(patsubst tests/parity/%.c,$(BUILD)/parity/%,$(wildcard tests/parity/*.c))
bench-programs: $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))

# ---- The source itself. ----

# All that tests/lint/run looks at; `make test` has all but the layout.
lint: packages
	@./packages lint
	@tests/lint/run

# Lays out C as .clang-format says, and wraps its comments.
sources = $(shell find lib cmd tests -name '*.[ch]' ! -name unicode_tables.c)
format:
	@./packages lint
	tests/lint/wrap.py $(sources)
	clang-format-14 -i $(sources)

# What share of the lines the tests run; with TESTS="tok split", those bats files.
coverage: packages
	@$(MAKE) --no-print-directory coverage=1 -j$$(nproc) all unit-programs
	@find build-coverage -name '*.gcda' -delete
	-BUILD=build-coverage tests/run $(TESTS)
	@tests/coverage/report.py build-coverage

# What compilers are called with, for editors and analysers.
compdb:
	@$(MAKE) --no-print-directory -Bn V=1 all unit-programs parity-programs bench-programs | \
	    jq -Rn '[inputs | select(test(" -c -o ")) | {directory: "$(CURDIR)", file: (split(" ") | last), command: .}]' \
	    >compile_commands.json
	@echo "compile_commands.json: $$(jq length compile_commands.json) files"

# ---- Installing and shipping. ----

# Programs find each other, and the default model, from where they lie.
# $(1) variable, $(2) what it has to be
insist = @test "$$(realpath -m "$($(1))")" = "$$(realpath -m "$(2)")" || \
    { echo "install: $(1) is $($(1)): it has to be $$(realpath -m "$(2)"), where programs look" >&2; exit 1; }

install: all
	$(call insist,libexecdir,$(bindir)/../libexec)
	$(call insist,datadir,$(libexecdir)/../share)
	install -d "$(DESTDIR)$(bindir)" "$(DESTDIR)$(libexecdir)/rubric" "$(DESTDIR)$(datadir)/rubric/default"
	install -m 755 $(BUILD)/bin/rubric "$(DESTDIR)$(bindir)/"
	install -m 755 $(FILTERS:%=$(BUILD)/libexec/rubric/%) "$(DESTDIR)$(libexecdir)/rubric/"
	install -m 644 lib/default/* "$(DESTDIR)$(datadir)/rubric/default/"
	for page in $(pages); do \
	    section=$${page##*.}; directory="$(DESTDIR)$(mandir)/man$${section%rubric}"; \
	    install -d "$$directory" && install -m 644 $$page "$$directory/" || exit 1; done

uninstall:
	rm -f "$(DESTDIR)$(bindir)/rubric"
	rm -rf "$(DESTDIR)$(libexecdir)/rubric" "$(DESTDIR)$(datadir)/rubric"
	for page in $(notdir $(pages)); do section=$${page##*.}; \
	    rm -f "$(DESTDIR)$(mandir)/man$${section%rubric}/$$page"; done

dist:
	git archive --prefix=rubric-$(VERSION)/ -o rubric-$(VERSION).tar.gz HEAD

clean:
	rm -rf build build-asan build-tsan build-fuzz build-asan-fuzz build-coverage

.PHONY: all clean packages demo test unit-programs lint format coverage compdb parity bench memory fuzz fuzzers faults kills valgrind races \
        parity-programs bench-programs install uninstall dist FORCE
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
