# SPDX-License-Identifier: MIT
#
## make port		vmsyncd and vmsync-agent (needs liblttng-ust-dev)
#
# Their events are what they are for: without LTTng-UST they are not built.

PORT_UST := $(shell echo '\#include <lttng/tracepoint.h>' | $(CC) -E - \
		> /dev/null 2>&1 && echo yes)
PORT_LIB := $(O)/host/port/frame.o $(O)/host/port/output.o
PORT_DAEMON := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard host/daemon/*.c)))
PORT_AGENT := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard guest/agent/*.c)))
PORT_BIN := $(O)/vmsyncd $(O)/vmsync-agent
PORT_LDLIBS := -llttng-ust -ldl

.PHONY: port port-missing install-port uninstall-port
all: $(if $(PORT_UST),port,port-missing)
port: $(if $(PORT_UST),$(PORT_BIN),port-missing)
	@$(if $(PORT_UST),true,false)

port-missing:
	@echo "vmsyncd, vmsync-agent: not built: liblttng-ust-dev is missing"

$(PORT_DAEMON) $(PORT_AGENT): HOST_CFLAGS += -Iguest \
		-DVMSYNC_VERSION='"$(VERSION)"'
$(PORT_DAEMON) $(PORT_AGENT): dkms.conf

$(O)/vmsyncd: $(PORT_DAEMON) $(PORT_LIB)
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(LDFLAGS) $(PORT_LDLIBS)

$(O)/vmsync-agent: $(PORT_AGENT) $(PORT_LIB)
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(LDFLAGS) $(PORT_LDLIBS)

install-port: port
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/sbin $(PORT_BIN)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 \
		Documentation/man/vmsyncd.8 Documentation/man/vmsync-agent.8

uninstall: uninstall-port
uninstall-port:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/sbin/,$(notdir $(PORT_BIN)))
	rm -f $(DESTDIR)$(PREFIX)/share/man/man8/vmsyncd.8 \
		$(DESTDIR)$(PREFIX)/share/man/man8/vmsync-agent.8

-include $(PORT_DAEMON:.o=.d) $(PORT_AGENT:.o=.d)
