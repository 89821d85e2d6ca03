# SPDX-License-Identifier: MIT
#
## make port		vmsyncd, vmsync-agent, UST's clock (needs liblttng-ust-dev)
#
# Their events are what they are for: without LTTng-UST they are not built.

PORT_UST := $(shell echo '\#include <lttng/tracepoint.h>' | $(CC) -E - \
		> /dev/null 2>&1 && echo yes)
PORT_LIB := $(O)/host/port/frame.o $(O)/host/port/output.o
PORT_HOST := $(patsubst %.c,$(O)/%.o,host/libvirt/xml.c \
	     host/libvirt/domain.c host/base/json_string.c)
PORT_DAEMON := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard host/daemon/*.c)))
PORT_AGENT := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard guest/agent/*.c)))
PORT_CLOCK := $(O)/libvmsync-ust-clock.so
PORT_BIN := $(O)/vmsyncd $(O)/vmsync-agent $(O)/libvirt-hook $(PORT_CLOCK)
PORT_LDLIBS := -llttng-ust -ldl

.PHONY: port port-missing install-host install-guest uninstall-port
all: $(if $(PORT_UST),port,port-missing)
port: $(if $(PORT_UST),$(PORT_BIN),port-missing)
	@$(if $(PORT_UST),true,false)

port-missing:
	@echo "vmsyncd, vmsync-agent: not built: liblttng-ust-dev is missing"

$(PORT_DAEMON) $(PORT_AGENT): HOST_CFLAGS += -Iguest \
		-DVMSYNC_VERSION='"$(VERSION)"'
$(PORT_DAEMON) $(PORT_AGENT): dkms.conf

$(O)/vmsyncd: $(PORT_DAEMON) $(PORT_LIB) $(PORT_HOST)
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(LDFLAGS) $(PORT_LDLIBS)

$(O)/vmsync-agent: $(PORT_AGENT) $(PORT_LIB) $(O)/host/base/run.o \
		$(O)/host/record/tracing.o
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(LDFLAGS) $(PORT_LDLIBS)

# Whoever loads it has the functions that it calls.
$(PORT_CLOCK): guest/ust/clock.c include/uapi/vmsync_clock.h
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -fPIC -shared -o $@ $< $(LDFLAGS) -llttng-ust-common

# It needs nothing that is not everywhere, and a hook had best be small.
$(O)/libvirt-hook: tools/libvirt-hook.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $< $(LDFLAGS)

# Where each file goes; units name the program where it is. A host and a guest get
# files of their own, since a machine can be either, or both.
PORT_SBIN = $(DESTDIR)$(PREFIX)/sbin
PORT_LIBEXEC = $(DESTDIR)$(PREFIX)/libexec/vmsync
PORT_LIB_VMSYNC = $(DESTDIR)$(PREFIX)/lib/vmsync
PORT_MAN = $(DESTDIR)$(PREFIX)/share/man/man8
UNITS ?= $(PREFIX)/lib/systemd/system
PORT_RULE = $(DESTDIR)$(PREFIX)/lib/udev/rules.d/90-vmsync-agent.rules
PORT_GROUP = $(DESTDIR)$(PREFIX)/lib/sysusers.d/vmsync.conf
PORT_MODPROBE = $(DESTDIR)$(PREFIX)/lib/modprobe.d
HOST_UNITS := vmsyncd.service vmsyncd.socket
GUEST_UNITS := vmsync-agent.service

# $(call install_units,NAMES)
install_units = install -d $(DESTDIR)$(UNITS) && for unit in $(1); do \
		sed 's|@SBINDIR@|$(PREFIX)/sbin|' tools/systemd/$$unit \
			> $(DESTDIR)$(UNITS)/$$unit && \
		chmod 644 $(DESTDIR)$(UNITS)/$$unit || exit; \
	done

install: $(if $(PORT_UST),install-host install-guest)
install-host: port
	install -D -m 755 -t $(PORT_SBIN) $(O)/vmsyncd
	install -D -m 755 -t $(PORT_LIBEXEC) $(O)/libvirt-hook
	install -D -m 644 -t $(PORT_MAN) Documentation/man/vmsyncd.8
	$(call install_units,$(HOST_UNITS))
	install -D -m 644 tools/systemd/vmsync.sysusers $(PORT_GROUP)
	install -D -m 644 -t $(PORT_MODPROBE) tools/systemd/vmsync-host.conf

install-guest: port
	install -D -m 755 -t $(PORT_SBIN) $(O)/vmsync-agent
	install -D -m 644 -t $(PORT_LIB_VMSYNC) $(PORT_CLOCK)
	install -D -m 644 -t $(PORT_MAN) Documentation/man/vmsync-agent.8 \
		Documentation/man/vmsync-clock.8
	$(call install_units,$(GUEST_UNITS))
	install -D -m 644 tools/systemd/90-vmsync-agent.rules $(PORT_RULE)
	install -D -m 644 -t $(PORT_MODPROBE) tools/systemd/vmsync-guest.conf

uninstall: uninstall-port
uninstall-port:
	rm -f $(PORT_SBIN)/vmsyncd $(PORT_SBIN)/vmsync-agent \
		$(PORT_LIBEXEC)/libvirt-hook \
		$(PORT_LIB_VMSYNC)/libvmsync-ust-clock.so \
		$(PORT_MAN)/vmsyncd.8 $(PORT_MAN)/vmsync-agent.8 \
		$(PORT_MAN)/vmsync-clock.8 \
		$(addprefix $(DESTDIR)$(UNITS)/,$(HOST_UNITS) $(GUEST_UNITS)) \
		$(PORT_RULE) $(PORT_GROUP) $(PORT_MODPROBE)/vmsync-host.conf \
		$(PORT_MODPROBE)/vmsync-guest.conf
	rmdir $(PORT_LIBEXEC) 2> /dev/null || true

-include $(PORT_DAEMON:.o=.d) $(PORT_AGENT:.o=.d)
