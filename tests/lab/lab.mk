# SPDX-License-Identifier: MIT
#
# The lab: Debian's kernel as host (L1) and guest (L2), both under QEMU, with
# LTTng in both. Included by the top Makefile. KERNEL=rt, 6.12, debug or kcsan
# takes another kernel for both; with GUEST_KERNEL the guest has that one, "stock" being
# Debian's usual one.

LAB_ENV := build/packages$(if $(KERNEL),-$(KERNEL)).env

## make lab		the lab's scenarios; SCENARIO=name runs one [KERNEL=rt|6.12|debug|kcsan]
## make lab-nightly	all scenarios, judged: hours on a busy machine
## make debug-kernel	the kernel of KERNEL=debug: KASAN, lockdep, kmemleak and more
## make kcsan-kernel	the kernel of KERNEL=kcsan, which finds data races

.PHONY: lab-packages lab-lttng lab-modules lab lab-nightly debug-kernel kcsan-kernel

# Kernel, headers and LTTng sources under build/root; REFRESH=1 looks for newer.
lab-packages:
	@tests/lab/packages.sh $(if $(REFRESH),--refresh) $(KERNEL)

# What KERNEL=debug and KERNEL=kcsan run on: Debian's source with what finds faults, from
# nothing 7 to 17 minutes on two idle CPUs each; again after a change of tests/lab/*.config
# or of Debian's source.
debug-kernel kcsan-kernel: deps
	@tests/lab/packages.sh --refresh $(@:-kernel=)

# LTTng's kernel modules, built where their sources are.
lab-lttng: lab-packages
	@. ./$(LAB_ENV) && tests/lab/lttng.sh "$$LAB_KDIR" "$$LAB_LTTNG_SRC"

# vmsync's modules for the lab's kernel.
lab-modules: lab-lttng
	@. ./$(LAB_ENV) && $(MAKE) --no-print-directory -s modules \
		KDIR="$(CURDIR)/$$LAB_KDIR" \
		LTTNG_SRC="$(CURDIR)/$$LAB_LTTNG_SRC"

# One scenario: both machines, a recording in each, under build/lab/SCENARIO
# (build/lab-KERNEL/SCENARIO).
# LAB_PLAIN=1 records without vmsync's modules.
# What it is made of; the machines of "packages" bring theirs with them.
LAB_NEEDS := $(if $(filter packages,$(SCENARIO)),,\
	     $(if $(LAB_PLAIN),lab-lttng,$(if $(SCENARIO),lab-modules)))
lab: $(LAB_NEEDS)
	@$(if $(and $(GUEST_KERNEL),$(LAB_NEEDS)),$(MAKE) --no-print-directory \
		lab-modules KERNEL=$(filter-out stock,$(GUEST_KERNEL)))
	@tests/lab/run.sh "$(SCENARIO)" $(if $(GUEST_KERNEL),"$(KERNEL)" \
		"$(GUEST_KERNEL)",$(KERNEL))

# All scenarios, judged; with KERNEL on that one.
lab-nightly: $(if $(KERNEL),lab-modules)
	@tests/run.sh modules unload lab lab-libvirt lab-move lab-known lab-tracecmd lab-openvswitch \
		lab-hosts lab-volume lab-guestclock lab-live lab-memory lab-packages faults
