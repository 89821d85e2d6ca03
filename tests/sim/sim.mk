# SPDX-License-Identifier: MIT
#
# make sim		the simulator, build/sim/sim
# make sim-check	its own checks and all scenarios, few seeds (a minute)
# make sim-full		20 seeds of each, 10^7 event times a method (minutes)

SIM_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -D_GNU_SOURCE \
	      -Ihost -Iinclude
SIM_SRC := $(sort $(wildcard tests/sim/*.c) $(wildcard host/sync/*.c))
SIM_OBJ := $(SIM_SRC:%.c=build/sim/%.o)
SIM_SCENARIOS := $(sort $(wildcard tests/sim/scenarios/*.sim))
SIM_BROKEN := $(sort $(wildcard tests/sim/broken/*.sim))

.PHONY: sim sim-check sim-full
sim: build/sim/sim

build/sim/sim: $(SIM_OBJ)
	$(CC) $(SIM_CFLAGS) -o $@ $^ -lm

build/sim/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(SIM_CFLAGS) -MMD -MP -c -o $@ $<

sim-check: build/sim/sim
	build/sim/sim --selftest
	for s in $(SIM_BROKEN); do \
		build/sim/sim --seeds 1 $$s >/dev/null; \
		[ $$? -eq 1 ] || { echo "$$s does not fail"; exit 1; }; \
	done
	build/sim/sim --seeds 1 --events 50000 $(SIM_SCENARIOS)

sim-full: build/sim/sim
	build/sim/sim --selftest
	nice build/sim/sim --seeds 20 $(SIM_SCENARIOS)

-include $(SIM_OBJ:.o=.d)
