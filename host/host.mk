# SPDX-License-Identifier: MIT
#
# The tool and the library under it. VARIANT=asan builds the same with the
# sanitizers, beside the release.

VARIANT ?= release
O := build/$(VARIANT)

CC ?= cc
CFLAGS ?= -O2 -g
# What the sanitizers say names lines; with more than these (-g) compiling takes a third longer.
CFLAGS_asan := -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all \
	       -fno-omit-frame-pointer
HOST_CFLAGS = $(if $(CFLAGS_$(VARIANT)),$(CFLAGS_$(VARIANT)),$(CFLAGS)) \
	      -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE= -D_FILE_OFFSET_BITS=64 \
	      -Ihost -Iinclude -pthread $(CPPFLAGS)
HOST_LDLIBS = $(LDFLAGS) -pthread -lm

# libsqlite3 is for "vmsync export sqlite" only; NO_SQLITE=1 does without it.
SQLITE := $(if $(NO_SQLITE),,$(shell echo 'int main(void) { return !sqlite3_libversion(); }' | \
	  $(CC) -include sqlite3.h -x c -o /dev/null - -lsqlite3 2> /dev/null && echo yes))

# libtracecmd is for recordings of trace-cmd, trace.dat, only; NO_TRACEDAT=1 does
# without it.
TRACEDAT_CFLAGS := -I/usr/include/trace-cmd -I/usr/include/tracefs \
		   -I/usr/include/traceevent
TRACEDAT_LIBS := -ltracecmd -ltraceevent
TRACEDAT := $(if $(NO_TRACEDAT),,$(shell echo 'int main(void) { return !tracecmd_open; }' | \
	    $(CC) $(TRACEDAT_CFLAGS) -include trace-cmd.h -x c -o /dev/null - \
	    $(TRACEDAT_LIBS) 2> /dev/null && echo yes))

# $(call soname,LIBRARY,HEADER): by what name it is loaded when it is used (freeze/library.h);
# nothing where it cannot be built with.
soname = $(shell echo | $(CC) $(CPPFLAGS) -include $(2) -fsyntax-only -x c - 2> /dev/null && \
	 readelf -d "$$($(CC) $(LDFLAGS) -print-file-name=$(1).so)" 2> /dev/null | \
	 sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')

# liblttng-ctl is for "vmsync freeze --on-trigger" only; NO_LTTNG_CTL=1 does without it.
LTTNG_CTL := $(if $(NO_LTTNG_CTL),,$(call soname,liblttng-ctl,lttng/lttng.h))

# libnats is for "vmsync freeze --on-nats" and --to-nats only; NO_NATS=1 does without it.
NATS := $(if $(NO_NATS),,$(call soname,libnats,nats/nats.h))

# dkms.conf has it for the modules; both are of one version.
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

HOST_DIRS := host/base host/ctf host/sync host/sync/* host/fuse host/export host/analysis \
	     host/analysis/layers host/hints host/hosts host/import host/join host/jvm host/port host/doctor host/libvirt host/live \
	     host/memory host/volume host/migration host/online host/qemu host/record host/freeze host/setup \
	     host/top
LIB_SRC := $(sort $(wildcard $(HOST_DIRS:%=%/*.c)))
TOOL_SRC := host/vmsync.c $(sort $(wildcard host/cmd_*.c))
DAT_SRC := $(if $(TRACEDAT),$(sort $(wildcard host/tracedat/*.c)))
LIB_OBJ := $(LIB_SRC:%.c=$(O)/%.o)
DAT_OBJ := $(DAT_SRC:%.c=$(O)/%.o)
TOOL_OBJ := $(TOOL_SRC:%.c=$(O)/%.o) $(DAT_OBJ)

.PHONY: tool
tool: $(O)/vmsync
ifeq ($(VARIANT),release)
tool: build/vmsync
build/vmsync: $(O)/vmsync
	@ln -sfn $(VARIANT)/vmsync $@
endif

VERSIONED := $(O)/host/vmsync.o $(O)/host/setup/tracer.o $(O)/host/export/parquet_file.o
$(VERSIONED): HOST_CFLAGS += -DVMSYNC_VERSION='"$(VERSION)"'
$(VERSIONED): dkms.conf
$(O)/host/export/page_write.o: host/export/page.css host/export/page.js
ifeq ($(SQLITE),yes)
SQLITE_OBJ := $(patsubst %,$(O)/host/export/%.o,sqlite bulk inserter database layers_sqlite)
$(SQLITE_OBJ): HOST_CFLAGS += -DVMSYNC_SQLITE
$(O)/vmsync: HOST_LDLIBS += -lsqlite3
endif

ifneq ($(LTTNG_CTL),)
$(O)/host/freeze/trigger.o: HOST_CFLAGS += -DVMSYNC_LTTNG_CTL='"$(LTTNG_CTL)"'
else
tool: lttng-ctl-missing
endif

ifneq ($(NATS),)
$(O)/host/freeze/nats.o: HOST_CFLAGS += -DVMSYNC_NATS='"$(NATS)"'
else
tool: nats-missing
endif

.PHONY: nats-missing
nats-missing:
	@echo "vmsync: built without NATS: libnats-dev is missing"

.PHONY: lttng-ctl-missing
lttng-ctl-missing:
	@echo "vmsync: built without LTTng's triggers: liblttng-ctl-dev is missing"

ifeq ($(TRACEDAT),yes)
$(O)/host/vmsync.o: HOST_CFLAGS += -DVMSYNC_TRACEDAT
$(DAT_OBJ): HOST_CFLAGS += $(TRACEDAT_CFLAGS)
$(O)/vmsync: HOST_LDLIBS += $(TRACEDAT_LIBS)
else
tool: tracedat-missing
endif

.PHONY: tracedat-missing
tracedat-missing:
	@echo "vmsync: built without reading trace.dat: libtracecmd-dev, libtracefs-dev or libtraceevent-dev is missing"

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/libvmsync.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(O)/vmsync: $(TOOL_OBJ) $(O)/libvmsync.a
	$(CC) $(HOST_CFLAGS) -o $@ $^ $(HOST_LDLIBS)

PREFIX ?= /usr/local
BASH_COMPLETION = $(DESTDIR)$(PREFIX)/share/bash-completion/completions/vmsync
ZSH_COMPLETION = $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_vmsync
TRACER = $(DESTDIR)$(PREFIX)/share/vmsync/tracer
.PHONY: install-tool uninstall-tool
install: install-tool
uninstall: uninstall-tool
install-tool: $(O)/vmsync
	install -D -m 755 $< $(DESTDIR)$(PREFIX)/bin/vmsync
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 Documentation/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -D -m 644 tools/completion/vmsync.bash $(BASH_COMPLETION)
	install -D -m 644 tools/completion/_vmsync $(ZSH_COMPLETION)
	install -D -m 755 -t $(TRACER) tools/tracer/build.sh \
		tools/tracer/source.sh tools/tracer/unload.sh
	install -D -m 644 -t $(TRACER) tools/tracer/dkms.conf
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/vmsync/layers layers/*.layer

uninstall-tool:
	rm -f $(DESTDIR)$(PREFIX)/bin/vmsync $(BASH_COMPLETION) $(ZSH_COMPLETION)
	rm -rf $(DESTDIR)$(PREFIX)/share/vmsync
	rm -f $(patsubst Documentation/man/%,$(DESTDIR)$(PREFIX)/share/man/man1/%,\
		$(wildcard Documentation/man/*.1))

-include $(LIB_OBJ:.o=.d) $(TOOL_OBJ:.o=.d)
