# SPDX-License-Identifier: MIT
#
# "make help" prints the targets: lines that begin with "##" here and in the
# files that are included.

## make			the tool, build/vmsync (a C compiler and libc are enough)
## make demo		from nothing to a fused trace and a report, in an emulator
## make install		what the packages hold, into DESTDIR/PREFIX
## make uninstall	remove it again
## make deb		Debian packages, in build/pkg (needs debhelper, dh-dkms)
## make clean		remove what was built, keep what was downloaded
## make distclean	remove that too
## make deps		install what tests need (Debian, as root)

all: tool

include host/host.mk
include host/port.mk
include host/bt2/bt2.mk
include kmod/kmod.mk
include tools/openstack/openstack.mk
include tests/lab/lab.mk
include tests/sim/sim.mk
include tests/tests.mk

.PHONY: all help demo install uninstall deb clean distclean deps

help:
	@sed -n 's/^## //p' $(filter %Makefile %.mk,$(MAKEFILE_LIST)) | sort -s -k2,2

deps:
	tools/deps.sh

demo:
	tools/demo.sh

deb:
	tools/deb.sh

clean:
	rm -rf build/release build/asan build/modules build/modules-check \
		build/sim build/fuzz build/check build/mutate build/pkg build/vmsync

distclean:
	rm -rf build

.DELETE_ON_ERROR:
