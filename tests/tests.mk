# SPDX-License-Identifier: MIT
#
# Unit tests are C programs in tests/unit, run under the sanitizers; everything
# else is a script in tests/check. tests/run.sh runs them and adds up.

## make check		all tests (Debian 12, as root)
## make check-quick	those that take two minutes in all: no modules, no lab
## make bench		speed, beside babeltrace2's
## make mutate		which tests defend each constant of sync and ctf: hours

UNIT_SRC := $(sort $(wildcard tests/unit/*.c))
UNIT := $(UNIT_SRC:tests/unit/%.c=$(O)/unit/%)

.PHONY: unit check check-quick mutate
unit: $(UNIT)

$(O)/unit/%: tests/unit/%.c $(O)/libvmsync.a
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -Itests/unit -MMD -MP -o $@ $< \
		$(filter %.o,$^) $(O)/libvmsync.a $(HOST_LDLIBS)

# Tests of the kernel modules' files, kmod_*.c, are compiled with them and a
# small kernel in user space, to which all that they include leads.
KMOD_SRC := $(filter-out kmod/trace.c kmod/page.c,$(wildcard kmod/*.c)) guest/guest.c guest/track.c
KMOD_HDR := $(wildcard kmod/*.h guest/*.h include/uapi/*.h)
KMOD_FLAGS = -I$(O)/kernel -Itests/unit/kmod -Wno-unused-parameter -Wno-sign-compare \
	     -Wno-missing-field-initializers -Wno-unused-value

$(O)/kernel/.made: $(KMOD_SRC) $(KMOD_HDR)
	@rm -rf $(@D)
	@grep -ho '^#include <[^>]*>' $^ | sed 's/.*<//; s/>//' | sort -u | \
		while read -r h; do \
			mkdir -p "$(@D)/$$(dirname "$$h")"; \
			echo '#include "kernel.h"' > "$(@D)/$$h"; \
		done
	@touch $@

KMOD_OBJ := $(KMOD_SRC:%.c=$(O)/%.o) $(O)/tests/unit/kmod/kernel.o \
	    $(O)/tests/unit/kmod/kvm.o
$(KMOD_OBJ): HOST_CFLAGS += $(KMOD_FLAGS)
$(KMOD_OBJ): $(O)/kernel/.made
# Where a function begins a kprobe may be.
$(O)/kmod/death.o: HOST_CFLAGS += -finstrument-functions
$(O)/unit/kmod_%: private HOST_CFLAGS += $(KMOD_FLAGS)
$(filter $(O)/unit/kmod_%,$(UNIT)): $(O)/kernel/.made

KMOD_HOST := $(addprefix $(O)/,$(patsubst %.c,%.o,$(addprefix kmod/,host.c \
	     table.c tell.c hooks.c beacon.c limit.c session.c \
	     death.c state.c slow.c wait.c answer.c)) \
	     tests/unit/kmod/kernel.o tests/unit/kmod/kvm.o)
$(O)/unit/kmod_vcpus $(O)/unit/kmod_beacons $(O)/unit/kmod_entry \
	$(O)/unit/kmod_answer $(O)/unit/kmod_slow: $(KMOD_HOST)
$(O)/unit/kmod_wait: $(O)/kmod/wait.o
$(O)/unit/kmod_guest: $(addprefix $(O)/,guest/guest.o tests/unit/kmod/kernel.o)
$(O)/unit/kmod_line: $(O)/tests/unit/kmod/kernel.o
$(O)/unit/kmod_knot: $(addprefix $(O)/,kmod/knot.o tests/unit/kmod/kernel.o)

$(O)/unit/port_limit: $(O)/host/daemon/limit.o
$(O)/unit/tracedat_options: $(O)/host/tracedat/options.o

# The generator of random traces: a test of its own, and a program.
RANDOM_OBJ := $(patsubst %.c,$(O)/%.o,$(wildcard tests/gen/random.c tests/gen/random_*.c))
$(O)/unit/ctf_random: $(RANDOM_OBJ)

$(O)/tests/random-trace: tests/gen/random-trace.c $(RANDOM_OBJ)
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(HOST_LDLIBS)

# The generator of trace pairs whose truth is known.
FOLLOW_OBJ := $(O)/tests/gen/follow.o $(O)/guest/track.o
$(O)/tests/gen/follow.o: HOST_CFLAGS += $(KMOD_FLAGS)
$(O)/tests/gen/follow.o: $(O)/kernel/.made tests/gen/follow.h guest/track.h

$(O)/tests/pair: $(wildcard tests/gen/pair*.c) tests/gen/blocks.c tests/gen/writer.c \
		tests/gen/pair.h tests/gen/blocks.h tests/gen/writer.h tests/gen/follow.h $(FOLLOW_OBJ)
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $(filter %.c %.o,$^) $(HOST_LDLIBS)

# What stands for QEMU between the two ends of a port, for many guests, for one that
# floods beside others, for systemd.
$(O)/tests/port-chardev $(O)/tests/port-many $(O)/tests/port-turns $(O)/tests/systemd: $(O)/tests/%: tests/gen/%.c $(O)/libvmsync.a
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(HOST_LDLIBS)

# That of a guest whose processes allocate and free pages.
$(O)/tests/pages: tests/gen/pages.c tests/gen/writer.c tests/gen/writer.h
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $(filter %.c,$^) $(HOST_LDLIBS)

# What runs in the guest whose memory is looked at.
$(O)/tests/touch-memory $(O)/tests/memory-hostile: $(O)/tests/%: tests/gen/%.c $(O)/libvmsync.a
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(HOST_LDLIBS)

# A guest's agent that lies, and one who asks for freezes all the time.
$(O)/tests/port-liar: tests/gen/port-liar.c guest/agent/files.c $(O)/libvmsync.a
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -Iguest -o $@ $^ $(HOST_LDLIBS)
$(O)/tests/freeze-flood: tests/gen/freeze-flood.c $(O)/libvmsync.a
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(HOST_LDLIBS)

# An application whose requests are slow at times.
$(O)/tests/ust-slow: tests/gen/ust-slow.c tests/gen/ust-slow.h
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -Itests/gen -o $@ $< $(LDFLAGS) $(PORT_LDLIBS)

# The same events as trace-cmd would have recorded them.
$(O)/tests/tracedat: tests/gen/tracedat.c $(O)/libvmsync.a
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(HOST_LDLIBS)

# A relay daemon of lttng-live that has received a trace, and whose answers are
# left to chance.
$(O)/tests/relayd: tests/gen/relayd.c $(O)/libvmsync.a
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(HOST_LDLIBS)

# A network that fails, between it and who reads.
$(O)/tests/cut: tests/gen/cut.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(HOST_LDLIBS)

# The same packets as another way of recording would have left them.
$(O)/tests/carve: tests/gen/carve.c $(O)/libvmsync.a
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(HOST_LDLIBS)

# That of guests which are reset, restored and cloned.
$(O)/tests/boots: tests/gen/boots.c tests/gen/writer.c tests/gen/writer.h
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $(filter %.c,$^) $(HOST_LDLIBS)

# That of virtual CPUs that share a CPU of the host.
$(O)/tests/contend: tests/gen/contend.c tests/gen/writer.c tests/gen/writer.h
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $(filter %.c,$^) $(HOST_LDLIBS)

# That of services and what they do.
$(O)/tests/services: tests/gen/services.c tests/gen/writer.c tests/gen/writer.h
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $(filter %.c,$^) $(HOST_LDLIBS)

# Hosts whose scheduler is simulated, with the truth of what could be otherwise.
HINTS_SRC := $(wildcard tests/hints/*.c) tests/gen/writer.c tests/sim/rng.c
$(O)/tests/hosts: $(HINTS_SRC) tests/hints/world.h tests/gen/writer.h tests/sim/rng.h
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -Itests -Itests/sim -o $@ $(filter %.c,$^) $(HOST_LDLIBS)

# One straight line for a whole recording, to be seen beside vmsync's map.
$(O)/tests/one-line: tests/lab/one-line.c $(O)/libvmsync.a
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(HOST_LDLIBS)

# Scenarios of the simulator, as traces.
RECORDED_SRC := tests/property/recorded.c tests/property/record.c tests/property/stays.c \
		tests/gen/writer.c $(patsubst %,tests/sim/%.c,rng timekeeper steer \
		kernel vm world hostclock beacons knots stream scenario lies runs)
$(O)/tests/recorded: $(RECORDED_SRC) $(wildcard tests/property/*.h tests/sim/*.h) \
		tests/gen/writer.h $(FOLLOW_OBJ) $(O)/libvmsync.a
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -Itests -Itests/sim -o $@ $(filter %.c %.o,$^) \
		$(O)/libvmsync.a $(HOST_LDLIBS)

# How fast reading alone is; make bench puts it beside babeltrace2.
$(O)/tests/walk $(O)/tests/sync $(O)/tests/parquet $(O)/tests/fleet: $(O)/tests/%: tests/perf/%.c $(O)/libvmsync.a
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(HOST_LDLIBS)

$(O)/tests/timed: tests/perf/timed.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $<

.PHONY: bench
bench: deps tool $(O)/tests/pair $(O)/tests/services $(O)/tests/tracedat $(O)/tests/walk $(O)/tests/sync \
		$(O)/tests/parquet $(O)/tests/timed
	@tests/perf/bench.sh

## make bench-port	what a guest that floods its port costs three others
.PHONY: bench-port
bench-port: port $(O)/tests/port-many $(O)/tests/port-chardev
	@tests/perf/port.sh

# How long after an event it is counted.
$(O)/tests/lag: tests/perf/lag.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(HOST_LDLIBS)

## make bench-live	what vmsync live --analyze costs, and how late its metrics are
.PHONY: bench-live
bench-live: tool $(O)/tests/relayd $(O)/tests/pair $(O)/tests/lag
	@tests/perf/live.sh

## make nightly-live-memory	memory of vmsync live while it analyses 10^8 events: minutes
.PHONY: nightly-live-memory
nightly-live-memory: tool $(O)/tests/relayd $(O)/tests/pair
	@tests/perf/live-memory.sh

## make nightly-chdb	what vmsync export parquet writes, read by today's ClickHouse: 540 MB
.PHONY: nightly-chdb
nightly-chdb:
	@tests/run.sh chdb

## make nightly-live	vmsync live with LTTng's own daemons, 20 times: an hour, not in CI
.PHONY: nightly-live
nightly-live:
	@tests/perf/nightly-live.sh

## make cloud		OpenStack's own services, recorded and judged: nightly, 3 GB
## make cloud-clean	remove them, which make cloud keeps
.PHONY: cloud cloud-clean
cloud: deps
	@tests/run.sh cloud

cloud-clean:
	rm -rf --one-file-system build/cloud

## make bench-fleet	a thousand hosts in ClickHouse: 30 million rows, some minutes
.PHONY: bench-fleet
bench-fleet: $(O)/tests/fleet
	@tests/perf/fleet.sh

# What needs no lab, no daemon and no patience.
check-quick:
	tests/run.sh quick

check: deps
	tests/run.sh all

# For a night: at the lowest priority, one process at a time, four hours at most.
mutate:
	tests/mutate.sh

-include $(KMOD_OBJ:.o=.d)
-include $(UNIT:%=%.d) $(RANDOM_OBJ:.o=.d)

# Random recordings of a simulated world: the simulator's clocks, the generators'
# writer, and a judge.
PROPERTY_SIM := rng timekeeper steer kernel vm world hostclock beacons knots stream scenario lies runs
PROPERTY_SRC := $(filter-out tests/property/recorded.c,$(wildcard tests/property/*.c)) tests/gen/writer.c \
		$(PROPERTY_SIM:%=tests/sim/%.c)
$(O)/tests/property: $(PROPERTY_SRC) $(wildcard tests/property/*.h tests/sim/*.h) \
		tests/gen/writer.h $(FOLLOW_OBJ) $(O)/libvmsync.a
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -Itests -Itests/sim -o $@ $(filter %.c %.o,$^) \
		$(O)/libvmsync.a $(HOST_LDLIBS)
