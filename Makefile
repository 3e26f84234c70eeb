# consort: every developer and user command. `make help` lists them.
.DEFAULT_GOAL := all

CC       ?= gcc
MPICC    ?= mpicc
BUILD    ?= build
PREFIX   ?= /usr/local
DESTDIR  ?=
WERROR   ?= -Werror
JOBS     ?= $(shell nproc)
# make V=1 shows the commands
Q        := $(if $(V),,@)
OPT      ?= -O3 -g
# Against what memory errors could be used for; sanitizers find them themselves.
HARDEN   ?= $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2 -fstack-protector-strong $(call accepts,-fstack-clash-protection) \
        $(call accepts,-fcf-protection))

WARN := -Wall -Wextra -Wshadow -Wconversion -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
        -Wvla -Wundef -Wcast-qual -Wwrite-strings $(WERROR)
CPPFLAGS += -Iinclude -Isrc -D_POSIX_C_SOURCE=200809L $(if $(SANITIZE),-DCS_SANITIZED)
accepts  = $(shell echo 'int x;' | $(CC) -Werror $(1) -x c -c - -o /dev/null 2>/dev/null && echo '$(1)')
HARDEN   := $(HARDEN)
CFLAGS   += -std=c11 -pthread $(OPT) -fPIE $(HARDEN) $(WARN) $(SANITIZE)
LDFLAGS  += -pthread -pie -Wl,-z,relro,-z,now,-z,noexecstack $(SANITIZE)
LIBS     := -lflint -lgmp -lsodium -ljansson -lz -lm

# Folders named after an instruction set are compiled with its flags; what the compiler does not know is left out.
FLAGS_x86_64     := -mbmi2 -madx
FLAGS_avx512ifma := $(FLAGS_x86_64) -mavx512f -mavx512dq -mavx512vl -mavx512bw -mavx512ifma
knows = $(shell echo 'int x;' | $(CC) $(FLAGS_$(1)) -x c -c - -o /dev/null 2>/dev/null && echo $(1))
ISAS := $(call knows,x86_64) $(if $(wildcard src/field/avx512ifma/*.c),$(call knows,avx512ifma))
CPPFLAGS += $(if $(filter x86_64,$(ISAS)),-DCS_HAVE_X86_64) $(if $(filter avx512ifma,$(ISAS)),-DCS_HAVE_AVX512IFMA)
isa_flags = $(if $(findstring /x86_64/,$(1)),$(FLAGS_x86_64) -DCS_MULX)$(if $(findstring /avx512ifma/,$(1)),$(FLAGS_avx512ifma))
LEFT_OUT := $(foreach i,$(filter-out $(ISAS),x86_64 avx512ifma),$(wildcard src/*/$(i)/*.c))

LIB_SRC := $(filter-out src/cli/% $(LEFT_OUT),$(sort $(wildcard src/*/*.c src/*/*/*.c)))
CLI_SRC := $(sort $(wildcard src/cli/*.c))
MPI_SRC := $(sort $(wildcard mpi/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
CLI_OBJ := $(CLI_SRC:%.c=$(BUILD)/%.o)
MPI_OBJ := $(MPI_SRC:%.c=$(BUILD)/%.o)
LIB     := $(BUILD)/libconsort.a

# Unit tests: tests/<module>/test_<name>.c -> build/tests/<module>/test_<name>
TEST_SRC := $(filter-out tests/support/% tests/mpi/% tests/attack/% tests/fuzz/% tests/e2e/%,$(sort $(wildcard tests/*/test_*.c)))
TEST_BIN := $(TEST_SRC:%.c=$(BUILD)/%)
SUPPORT_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/support/*.c)))

.PHONY: all
all: $(BUILD)/consort $(BUILD)/consort-prove

$(BUILD)/tests/support/%.o: CPPFLAGS += -Itests

.SECONDARY:

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(call isa_flags,$<) -MMD -MP -c $< -o $@

$(BUILD)/mpi/%.o: mpi/%.c
	@mkdir -p $(@D)
	@echo "  CC $@"
	$(Q)OMPI_CC=$(CC) $(MPICC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(LIB): $(LIB_OBJ)
	@rm -f $@
	@echo "  AR $@"
	$(Q)ar rcs $@ $^

$(BUILD)/consort: $(CLI_OBJ) $(LIB)
	@echo "  LD $@"
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) -o $@

$(BUILD)/consort-prove: $(MPI_OBJ) $(LIB)
	@echo "  LD $@"
	$(Q)OMPI_CC=$(CC) $(MPICC) $(LDFLAGS) $^ $(LIBS) -o $@

$(BUILD)/tests/%: tests/%.c $(SUPPORT_OBJ) $(LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP $< $(SUPPORT_OBJ) $(LIB) $(LDFLAGS) -lcmocka $(LIBS) -o $@

# Helpers of the end-to-end tests and the demo: no test library needed.
$(BUILD)/tests/e2e/%: tests/e2e/%.c $(LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP $^ $(LDFLAGS) $(LIBS) -o $@

# Chooses the x86_64 kernels under valgrind too, which has their instructions and hides it.
ASSUMED := $(if $(filter x86_64,$(ISAS)),$(BUILD)/assumed/src/base/isa.o)
$(BUILD)/assumed/%.o: CPPFLAGS += -DCS_ASSUME_X86_64
$(BUILD)/assumed/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/tests/timing/secrets: tests/timing/secrets.c $(ASSUMED) $(SUPPORT_OBJ) $(LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP $< $(ASSUMED) $(SUPPORT_OBJ) $(LIB) $(LDFLAGS) -lcmocka $(LIBS) -o $@

# The same library with tampering hooks (-DCS_TAMPER), for tests of dishonest ranks only.
TAMPER      := $(BUILD)/tamper
TAMPER_LIB  := $(TAMPER)/libconsort.a
TAMPER_OBJ  := $(LIB_SRC:%.c=$(TAMPER)/%.o)
ATTACK_SRC  := $(sort $(wildcard tests/attack/test_*.c))
ATTACK_BIN  := $(ATTACK_SRC:%.c=$(BUILD)/%)
TAMPER_SUPPORT := $(patsubst %.c,$(TAMPER)/%.o,$(sort $(wildcard tests/support/*.c)))

$(TAMPER)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $@"
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) $(call isa_flags,$<) -DCS_TAMPER -MMD -MP -c $< -o $@

$(TAMPER)/mpi/%.o: mpi/%.c
	@mkdir -p $(@D)
	@echo "  CC $@"
	$(Q)OMPI_CC=$(CC) $(MPICC) $(CPPFLAGS) $(CFLAGS) -DCS_TAMPER -MMD -MP -c $< -o $@

$(TAMPER_LIB): $(TAMPER_OBJ)
	@rm -f $@
	@echo "  AR $@"
	$(Q)ar rcs $@ $^

$(TAMPER)/consort-prove: $(MPI_SRC:%.c=$(TAMPER)/%.o) $(TAMPER_LIB)
	@echo "  LD $@"
	$(Q)OMPI_CC=$(CC) $(MPICC) $(LDFLAGS) $^ $(LIBS) -o $@

$(ATTACK_BIN): $(BUILD)/tests/attack/%: tests/attack/%.c $(TAMPER_SUPPORT) $(TAMPER_LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -DCS_TAMPER -MMD -MP $< $(TAMPER_SUPPORT) $(TAMPER_LIB) $(LDFLAGS) -lcmocka $(LIBS) -o $@

# The AVX-512 kernels in plain C, for tests on processors without these instructions: linked before the library's own.
# With -O1: gcc takes minutes to optimise vectors that the processor does not have.
EMULATED     := $(BUILD)/emulated
EMULATED_SRC := $(if $(filter x86_64,$(ISAS)),$(sort $(wildcard src/*/avx512ifma/*.c)) src/base/isa.c src/field/fr_vec.c src/curve/batch.c src/train/int_matmul.c)
EMULATED_OBJ := $(EMULATED_SRC:%.c=$(EMULATED)/%.o)
EMULATED_BIN := $(if $(EMULATED_SRC),$(patsubst %,$(EMULATED)/tests/%,field/test_field field/test_kernels curve/test_curve curve/test_batch sumcheck/test_sumcheck lookup/test_lookup train/test_int_matmul train/test_protocol))

$(EMULATED)/src/%.o: src/%.c
	@mkdir -p $(@D)
	@echo "  CC $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -O1 -DCS_EMULATE_AVX512 -DCS_HAVE_AVX512IFMA -Wno-psabi -MMD -MP -c $< -o $@

$(EMULATED)/tests/%: tests/%.c $(EMULATED_OBJ) $(SUPPORT_OBJ) $(LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP $< $(EMULATED_OBJ) $(SUPPORT_OBJ) $(LIB) $(LDFLAGS) -lcmocka $(LIBS) -o $@

$(EMULATED)/consort: $(CLI_OBJ) $(EMULATED_OBJ) $(LIB)
	@echo "  LD $@"
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) -o $@

$(EMULATED)/consort-prove: $(MPI_OBJ) $(EMULATED_OBJ) $(LIB)
	@echo "  LD $@"
	$(Q)OMPI_CC=$(CC) $(MPICC) $(LDFLAGS) $^ $(LIBS) -o $@

.PHONY: attack
attack: $(ATTACK_BIN)
	@scripts/run-tests.sh $(ATTACK_BIN)

# Benchmarks: benchmarks/bench_<name>.c -> build/benchmarks/bench_<name>
$(BUILD)/benchmarks/%: benchmarks/%.c $(SUPPORT_OBJ) $(LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP $< $(SUPPORT_OBJ) $(LIB) $(LDFLAGS) -lcmocka $(LIBS) -o $@

.PHONY: unit
unit: $(TEST_BIN)
	@scripts/run-tests.sh $(TEST_BIN)

$(BUILD)/tests/mpi/test_transport: tests/mpi/test_transport.c $(BUILD)/mpi/transport.o $(LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)OMPI_CC=$(CC) $(MPICC) $(CPPFLAGS) -Impi $(CFLAGS) -MMD -MP $(filter %.c %.o %.a,$^) $(LDFLAGS) $(LIBS) -o $@

# The same with pieces of few bytes and a low limit, so that long messages need no memory.
SMALL := $(BUILD)/small
$(SMALL)/%.o: CPPFLAGS += -Impi -DCS_MPI_PIECE=7 -DCS_COMM_MAX_FRAME=1000
$(SMALL)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $@"
	$(Q)OMPI_CC=$(CC) $(MPICC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/tests/mpi/test_pieces: $(SMALL)/tests/mpi/test_pieces.o $(SMALL)/mpi/transport.o $(SMALL)/src/comm/comm.o $(SMALL)/src/comm/secure.o $(LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)OMPI_CC=$(CC) $(MPICC) $^ $(LDFLAGS) $(LIBS) -o $@

# Fuzz targets: tests/fuzz/fuzz_<name>.c with seeds in tests/fuzz/corpus/<name>/; what a run finds stays under build/fuzz.
FUZZ_SECONDS ?= 5
FUZZ_NAMES   := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

$(BUILD)/tests/fuzz/%: tests/fuzz/%.c $(SUPPORT_OBJ) $(LIB)
	@mkdir -p $(@D)
	@echo "  LD $@"
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP $< $(SUPPORT_OBJ) $(LIB) $(LDFLAGS) -fsanitize=fuzzer -lcmocka $(LIBS) -o $@

.PHONY: fuzz
fuzz:
	@mkdir -p $(BUILD)/fuzz
	@echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return !d && !n; }' | \
	    clang -x c -fsanitize=fuzzer,address,undefined - -o $(BUILD)/fuzz/probe 2>$(BUILD)/fuzz/probe.log || \
	    { echo "fuzz: needs clang with libFuzzer: apt-get install clang libclang-rt-14-dev" >&2; exit 1; }
	+$(MAKE) --no-print-directory -j$(JOBS) BUILD=$(BUILD)/fuzz CC=clang OPT="-O1 -g" \
	    SANITIZE="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined" \
	    $(FUZZ_NAMES:%=$(BUILD)/fuzz/tests/fuzz/fuzz_%)
	@set -e; for n in $(FUZZ_NAMES); do echo "== fuzz $$n"; mkdir -p $(BUILD)/fuzz/found/$$n; \
	    $(BUILD)/fuzz/tests/fuzz/fuzz_$$n -max_total_time=$(FUZZ_SECONDS) -timeout=10 -print_final_stats=1 \
	        -artifact_prefix=$(BUILD)/fuzz/$$n- $(BUILD)/fuzz/found/$$n tests/fuzz/corpus/$$n >$(BUILD)/fuzz/$$n.log 2>&1 || \
	        { cat $(BUILD)/fuzz/$$n.log; exit 1; }; \
	    sed -n 's/^stat::number_of_executed_units: */fuzz: '$$n', inputs tried: /p' $(BUILD)/fuzz/$$n.log; done

# ---- what a developer types ----

.PHONY: deps
deps:
	@scripts/install-deps.sh build test

.PHONY: demo
demo:
	@scripts/install-deps.sh build
	@$(MAKE) --no-print-directory -j$(JOBS) all $(TAMPER)/consort-prove $(BUILD)/tests/e2e/tamper
	@scripts/demo.sh

# The whole test suite.
.PHONY: test
test: deps
	@$(MAKE) --no-print-directory -j$(JOBS) test-programs
	@$(MAKE) --no-print-directory test-all

.PHONY: test-programs
test-programs: all $(TEST_BIN) $(EMULATED_BIN) $(if $(EMULATED_SRC),$(EMULATED)/consort $(EMULATED)/consort-prove) $(ATTACK_BIN) $(TAMPER)/consort-prove $(BUILD)/tests/mpi/test_transport $(BUILD)/tests/mpi/test_pieces $(BUILD)/tests/e2e/tamper $(BUILD)/tests/e2e/mutate $(BUILD)/tests/timing/secrets

SCRIPTED := $(sort $(wildcard tests/mpi/test_*.sh tests/e2e/test_*.sh))
.PHONY: test-all
test-all: test-programs
	@BUILD=$(BUILD) scripts/run-tests.sh $(TEST_BIN) $(EMULATED_BIN) $(ATTACK_BIN) $(SCRIPTED)

# Format, layers, static analysis, a build with the other compiler, and a short fuzz run.
FORMATTED := $(shell find src include mpi tests benchmarks -name '*.[ch]')
SCRIPTS   := .ci/run scripts/scaling $(sort $(wildcard scripts/*.sh packaging/*.sh tests/*/*.sh benchmarks/*.sh benchmarks/*/*.sh examples/*/*.sh) examples/cluster/consort.sbatch)
.PHONY: check
check:
	@scripts/install-deps.sh build test check
	clang-format --dry-run -Werror $(FORMATTED)
	scripts/check-layers.sh
	shellcheck $(SCRIPTS)
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability --inline-suppr \
	    --suppress=missingIncludeSystem --suppress=uninitvar --suppress=arrayIndexOutOfBoundsCond \
	    --suppress=ctuArrayIndex:src/field/avx512ifma/mont52.h -Iinclude -Isrc src mpi
	$(MAKE) --no-print-directory -j$(JOBS) BUILD=$(BUILD)/clang CC=clang all
	$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=3

# ASan and UBSan over the unit tests (which include the one-rank and the threaded proofs).
.PHONY: sanitize
sanitize:
	$(MAKE) --no-print-directory BUILD=$(BUILD)/asan OPT="-O1 -g" \
	    SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined" unit

# gcc's static analyzer, one function at a time and across calls. It does not follow atomic pointers (the kernels chosen once per process), nor that a
# function which says CS_OK has filled what it promises: what it says of that in these files was read and is not so.
ANALYZED   := $(BUILD)/analyzer
NO_NULLS   := field/fr_vec curve/batch session/keys session/disclose session/channel train/errors train/products train/softmax train/weights cli/key
.PHONY: analyze
analyze: tidy
	+$(MAKE) --no-print-directory -j$(JOBS) BUILD=$(ANALYZED) CC=gcc OPT="-O1 -fanalyzer" HARDEN= analyzed
.PHONY: analyzed
analyzed: $(LIB_OBJ) $(CLI_OBJ) $(MPI_OBJ)
ifneq ($(findstring analyzer,$(BUILD)),)
$(NO_NULLS:%=$(BUILD)/src/%.o): CFLAGS += -Wno-analyzer-null-dereference -Wno-analyzer-null-argument
# limbs filled in unrolled loops, or by the lanes of vectors
$(patsubst %.c,$(BUILD)/%.o,$(wildcard src/*/portable/*.c src/*/x86_64/*.c src/*/avx512ifma/*.c)): CFLAGS += -Wno-analyzer-use-of-uninitialized-value
endif

# clang-tidy over what has changed since it was clean; .clang-tidy says what it looks for.
TIDY     := $(BUILD)/tidy
TIDY_SRC := $(sort $(wildcard src/*/*.c src/*/*/*.c)) $(MPI_SRC)
.PHONY: tidy
tidy:
	@scripts/install-deps.sh check
	+@$(MAKE) --no-print-directory -j$(JOBS) tidied
.PHONY: tidied
tidied: $(TIDY_SRC:%.c=$(TIDY)/%.clean)

$(TIDY)/mpi/%.clean: CPPFLAGS += $(subst -I,-isystem ,$(shell $(MPICC) --showme:compile 2>/dev/null))
$(TIDY)/%.clean: %.c .clang-tidy
	@mkdir -p $(@D)
	@echo "  TIDY $<"
	$(Q)clang-tidy --quiet $< -- $(CPPFLAGS) -std=c11 $(call isa_flags,$<) 2>$(@:.clean=.log) || { cat $(@:.clean=.log); exit 1; }
	$(Q)$(CC) $(CPPFLAGS) -std=c11 $(call isa_flags,$<) -MM -MT $@ -MF $(@:.clean=.d) $<
	@touch $@

.PHONY: bench
bench: all
	@benchmarks/run.sh

include packaging/package.mk

.PHONY: help
help:
	@echo "make            build consort and consort-prove"
	@echo "make demo       the main job on real data: train, prove, verify, and see cheats refused"
	@echo "make test       the whole test suite      (unit, attack: parts of it)"
	@echo "make check      format, layers, static analysis, clang build, a short fuzz run"
	@echo "make sanitize   unit tests under ASan and UBSan"
	@echo "make analyze    gcc's static analyzer over everything, and clang-tidy (make tidy)"
	@echo "make fuzz       fuzz the decoders (FUZZ_SECONDS=5 each)"
	@echo "make bench      kernels and the main job, figures against their bars"
	@echo "make install    to PREFIX (/usr/local), under DESTDIR; make uninstall removes it"
	@echo "make deb        Debian packages in build/deb"
	@echo "make clean"

.PHONY: clean
clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
