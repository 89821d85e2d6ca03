# SPDX-License-Identifier: MIT
#
# The lab: Debian's kernel as host (L1) and guest (L2), both under QEMU, with
# LTTng in both. Included by the top Makefile.

LAB_ENV := build/packages.env

.PHONY: lab-packages lab-lttng lab-modules lab

# Kernel, headers and LTTng sources under build/root; REFRESH=1 looks for newer.
lab-packages:
	@tests/lab/packages.sh $(if $(REFRESH),--refresh)

# LTTng's kernel modules, built where their sources are.
lab-lttng: lab-packages
	@. ./$(LAB_ENV) && tests/lab/lttng.sh "$$LAB_KDIR" "$$LAB_LTTNG_SRC"

# vmsync's modules for the lab's kernel.
lab-modules: lab-lttng
	@. ./$(LAB_ENV) && $(MAKE) --no-print-directory -s modules \
		KDIR="$(CURDIR)/$$LAB_KDIR" \
		LTTNG_SRC="$(CURDIR)/$$LAB_LTTNG_SRC"

# One scenario: both machines, a recording in each, under build/lab/SCENARIO.
# LAB_PLAIN=1 records without vmsync's modules.
lab: $(if $(LAB_PLAIN),lab-lttng,$(if $(SCENARIO),lab-modules))
	@tests/lab/run.sh $(SCENARIO)
