# SPDX-License-Identifier: MIT
#
## make openstack		the logging handler for services (needs liblttng-ust-dev)

CLOUD_LIB := $(O)/libvmsync-cloud.so
CLOUD_DIR = $(DESTDIR)$(PREFIX)/lib/python3/dist-packages

.PHONY: openstack install-openstack uninstall-openstack
openstack: $(CLOUD_LIB)

$(CLOUD_LIB): tools/openstack/cloud.c tools/openstack/cloud-tp.h
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -Itools/openstack -fPIC -shared -o $@ $< $(LDFLAGS) \
		-llttng-ust -ldl

# Where the module is there is its library: it has one user.
install-openstack: $(CLOUD_LIB)
	install -D -m 644 tools/openstack/vmsync_openstack.py $(CLOUD_DIR)/vmsync_openstack.py
	install -D -m 644 $(CLOUD_LIB) $(CLOUD_DIR)/libvmsync-cloud.so

uninstall: uninstall-openstack
uninstall-openstack:
	rm -f $(CLOUD_DIR)/vmsync_openstack.py $(CLOUD_DIR)/libvmsync-cloud.so
