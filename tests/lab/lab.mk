# SPDX-License-Identifier: MIT
#
# The lab: Debian's kernel as host (L1) and guest (L2), both under QEMU, with
# LTTng in both. Included by the top Makefile; works alone as well:
#	make -f tests/lab/lab.mk lab SCENARIO=basic

LAB_ENV := build/packages.env
-include $(LAB_ENV)

.PHONY: lab-packages lab-lttng lab

# Kernel, headers and LTTng sources under build/root; REFRESH=1 looks for newer.
lab-packages:
	@tests/lab/packages.sh $(if $(REFRESH),--refresh)

# LTTng's kernel modules, built where their sources are.
lab-lttng: lab-packages
	@. ./$(LAB_ENV) && tests/lab/lttng.sh "$$LAB_KDIR" "$$LAB_LTTNG_SRC"

# One scenario: both machines, a recording in each, under build/lab/SCENARIO.
lab:
	@tests/lab/run.sh $(SCENARIO)
