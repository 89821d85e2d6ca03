# SPDX-License-Identifier: MIT
#
## make sim		the simulator, build/sim/sim (VARIANT=asan: build/asan/sim/sim)
## make sim-check	its own checks and all scenarios, few seeds (a minute)
## make sim-sanitize	all scenarios under the address sanitizer as well
## make sim-full		20 seeds of each, 10^7 event times a method (minutes)

SIM_O := $(if $(filter asan,$(VARIANT)),build/asan/sim,build/sim)
# Undefined behaviour ends a run at once, and costs next to nothing.
SIM_SANITIZE := -fsanitize=undefined -fno-sanitize-recover=all \
		$(if $(filter asan,$(VARIANT)),-fsanitize=address)
SIM_CFLAGS := -std=gnu11 -O2 -g $(SIM_SANITIZE) \
	      -Wall -Wextra -Werror -D_GNU_SOURCE -Ihost -Iinclude
SIM_SRC := $(sort $(wildcard tests/sim/*.c) $(wildcard host/sync/*.c host/sync/*/*.c) \
		  host/base/json_string.c host/base/json_in.c)
SIM_OBJ := $(SIM_SRC:%.c=$(SIM_O)/%.o)
# Of vmsync-clock.ko, compiled as the modules' unit tests are.
SIM_FOLLOW := $(SIM_O)/tests/gen/follow.o $(SIM_O)/guest/track.o
$(SIM_FOLLOW): SIM_CFLAGS += $(KMOD_FLAGS)
$(SIM_FOLLOW): $(O)/kernel/.made
SIM_SCENARIOS := $(sort $(wildcard tests/sim/scenarios/*.sim))
SIM_BROKEN := $(sort $(wildcard tests/sim/broken/*.sim))

.PHONY: sim sim-check sim-sanitize sim-full
sim: $(SIM_O)/sim

$(SIM_O)/sim: $(SIM_OBJ) $(SIM_FOLLOW)
	$(CC) $(SIM_CFLAGS) -o $@ $^ -lm

$(SIM_O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(SIM_CFLAGS) -MMD -MP -c -o $@ $<

sim-check: $(SIM_O)/sim
	$(SIM_O)/sim --selftest
	for s in $(SIM_BROKEN); do \
		$(SIM_O)/sim --seeds 1 $$s >/dev/null; \
		[ $$? -eq 1 ] || { echo "$$s does not fail"; exit 1; }; \
	done
	$(SIM_O)/sim --seeds 1 --events 50000 $(SIM_SCENARIOS)

sim-sanitize:
	$(MAKE) VARIANT=asan sim
	nice build/asan/sim/sim --seeds 3 --events 5000 $(SIM_SCENARIOS)

sim-full: $(SIM_O)/sim
	$(SIM_O)/sim --selftest
	nice $(SIM_O)/sim --seeds 20 $(SIM_SCENARIOS)

-include $(SIM_OBJ:.o=.d)
