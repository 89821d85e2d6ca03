# SPDX-License-Identifier: MIT
#
# The kernel modules.
#
## make modules		the kernel modules [KDIR=headers] [LTTNG_SRC=lttng-modules]
## make modules-check	no warning at W=1 and from sparse
## make modules-install	as root, for the kernel of KDIR
#
# KDIR is a kernel's build folder, default the running kernel's. LTTNG_SRC is
# a source folder of lttng-modules that was built for that kernel; without it
# LTTng's probes are left out. Modules come to be in build/modules/RELEASE,
# where the sources are linked, so that kernels do not disturb each other.

KDIR ?= /lib/modules/$(shell uname -r)/build
LTTNG_SRC ?= $(patsubst %/src/Module.symvers,%,$(lastword \
	$(sort $(wildcard /usr/src/lttng-modules-*/src/Module.symvers))))

.PHONY: modules modules-check modules-install modules-clean \
	install-modules-source uninstall-modules-source

modules:
	@kmod/build.sh "$(KDIR)" "$(LTTNG_SRC)"

modules-check:
	@kmod/check.sh

modules-install: modules
	@kmod/build.sh --install "$(KDIR)" "$(LTTNG_SRC)"

# What DKMS builds from, which looks in /usr/src by itself and takes another folder
# by "dkms add". LTTng's probes are among it: see dkms.conf.
MODULES_SRC = $(DESTDIR)$(PREFIX)/src/vmsync-$(VERSION)
install: install-modules-source
install-modules-source:
	kmod/build.sh --list | while read -r f; do \
		install -D -m 644 "$$f" "$(MODULES_SRC)/$$f" || exit 1; \
	done
	install -m 755 kmod/build.sh "$(MODULES_SRC)/kmod/build.sh"

uninstall: uninstall-modules-source
uninstall-modules-source:
	rm -rf "$(MODULES_SRC)"

modules-clean:
	rm -rf build/modules
