# SPDX-License-Identifier: MIT
#
# make			the tool, build/vmsync (a C compiler and libc are enough)
# make modules		the kernel modules, for KDIR (default: the running kernel)
# make lab SCENARIO=x	boot a host and a guest, record both, bring the traces out
# make demo		all of it once, from nothing to a fused trace and a report
# make check		all tests
# make install		the tool and its manual pages, into DESTDIR/PREFIX
# make clean		remove what was built, keep what was downloaded
# make distclean	remove that too

all: tool

include host/host.mk
include host/bt2/bt2.mk
include kmod/kmod.mk
include tests/lab/lab.mk
include tests/sim/sim.mk
include tests/tests.mk

.PHONY: all demo install clean distclean deps

deps:
	tools/deps.sh

demo:
	tools/demo.sh

clean:
	rm -rf build/release build/asan build/modules build/modules-check \
		build/sim build/fuzz build/check build/vmsync

distclean:
	rm -rf build

.DELETE_ON_ERROR:
