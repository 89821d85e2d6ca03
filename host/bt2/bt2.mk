# SPDX-License-Identifier: MIT
#
## make plugin		the babeltrace2 plugin (needs libbabeltrace2-dev)

BT2_SO := $(O)/babeltrace-plugin-vmsync.so
BT2_SRC := $(sort $(wildcard host/bt2/*.c)) host/sync/map/map.c \
	   host/sync/map/map_load.c host/sync/map/anyone.c \
	   host/base/json_string.c host/base/json_in.c
BT2_PIC := $(BT2_SRC:%.c=$(O)/pic/%.o)

.PHONY: plugin install-plugin uninstall-plugin
plugin: $(BT2_SO)

$(O)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -fPIC -MMD -MP -c -o $@ $<

$(BT2_SO): $(BT2_PIC)
	$(CC) $(HOST_CFLAGS) -shared -Wl,-z,defs -o $@ $^ $(LDFLAGS) -lbabeltrace2

# babeltrace2 looks in one folder of the system's. What is not installed for all,
# but somewhere below a PREFIX of one's own, stays there: --plugin-path names it.
BT2_LIBDIR := $(shell pkg-config --variable=libdir babeltrace2 2>/dev/null)
BT2_FOR_ALL = $(filter /usr /usr/local,$(PREFIX))
BT2_PLUGINS ?= $(if $(BT2_FOR_ALL),$(BT2_LIBDIR),$(PREFIX)/lib)/babeltrace2/plugins
install: $(if $(BT2_LIBDIR),install-plugin)
install-plugin: $(BT2_SO)
	install -D -m 644 $< $(DESTDIR)$(BT2_PLUGINS)/$(notdir $<)
	install -D -m 644 Documentation/man/babeltrace2-filter.vmsync.map.7 \
		-t $(DESTDIR)$(PREFIX)/share/man/man7

uninstall: uninstall-plugin
uninstall-plugin:
	rm -f $(DESTDIR)$(BT2_PLUGINS)/$(notdir $(BT2_SO))
	rm -f $(DESTDIR)$(PREFIX)/share/man/man7/babeltrace2-filter.vmsync.map.7

-include $(BT2_PIC:.o=.d)
