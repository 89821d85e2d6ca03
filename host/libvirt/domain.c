// SPDX-License-Identifier: MIT
#include "libvirt/domain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libvirt/xml.h"
#include "uapi/vmsync_port.h"

/*
 * struct reading - where one is
 * @from:	1 inside of <domstatus>, which libvirt puts around a running domain
 */
struct reading {
	struct vmsync_domain *d;
	struct vmsync_xml x;
	size_t from;
	struct {
		bool unix_socket;
		bool listens;
		bool ours;
		char path[512];
	} channel;
};

static int32_t number(const struct vmsync_xml *x, const char *name)
{
	char text[24], *end;
	long n;

	if (!vmsync_xml_attr(x, name, text, sizeof(text)))
		return 0;
	n = strtol(text, &end, 10);
	return *end || n < 0 || n > INT32_MAX ? 0 : (int32_t)n;
}

static void vcpu(struct reading *r)
{
	if (r->d->n_vcpus == VMSYNC_DOMAIN_VCPUS)
		r->d->vcpus_left++;
	else
		r->d->vcpu[r->d->n_vcpus++] = number(&r->x, "pid");
}

static void source(struct reading *r)
{
	char mode[16];

	/* Where no mode is said QEMU listens: virt-install writes it so. */
	r->channel.listens = !vmsync_xml_attr(&r->x, "mode", mode, sizeof(mode)) ||
			     !strcmp(mode, "bind");
	if (!vmsync_xml_attr(&r->x, "path", r->channel.path,
			     sizeof(r->channel.path)))
		r->channel.path[0] = 0;
}

static void target(struct reading *r)
{
	char type[16], name[64];

	r->channel.ours = vmsync_xml_attr(&r->x, "type", type, sizeof(type)) &&
			  !strcmp(type, "virtio") &&
			  vmsync_xml_attr(&r->x, "name", name, sizeof(name)) &&
			  !strcmp(name, VMSYNC_PORT_NAME);
}

static void channel_begins(struct reading *r)
{
	char type[16];

	memset(&r->channel, 0, sizeof(r->channel));
	r->channel.listens = true;
	r->channel.unix_socket =
		vmsync_xml_attr(&r->x, "type", type, sizeof(type)) &&
		!strcmp(type, "unix");
}

static void channel_ends(struct reading *r)
{
	if (!r->channel.ours || r->d->port == VMSYNC_DOMAIN_PORT)
		return;
	if (!r->channel.unix_socket || !r->channel.listens) {
		r->d->port = VMSYNC_DOMAIN_PORT_OTHER;
		return;
	}
	r->d->port = VMSYNC_DOMAIN_PORT;
	strcpy(r->d->path, r->channel.path);
}

static bool at(const struct reading *r, const char *path)
{
	return vmsync_xml_is(&r->x, r->from, path);
}

static void opened(struct reading *r)
{
	if (r->x.depth == 1 && vmsync_xml_is(&r->x, 0, "domstatus")) {
		r->from = 1;
		r->d->pid = number(&r->x, "pid");
		vmsync_xml_attr(&r->x, "state", r->d->state,
				sizeof(r->d->state));
	} else if (r->from && at(r, "vcpus/vcpu")) {
		vcpu(r);
	} else if (at(r, "domain/devices/channel")) {
		channel_begins(r);
	} else if (at(r, "domain/devices/channel/source")) {
		source(r);
	} else if (at(r, "domain/devices/channel/target")) {
		target(r);
	}
}

/* A text may come in parts, around comments: that is nobody's name. */
static int text(struct reading *r)
{
	if (at(r, "domain/name") &&
	    (r->d->name[0] ||
	     !vmsync_xml_text(&r->x, r->d->name, sizeof(r->d->name))))
		return -EINVAL;
	if (at(r, "domain/uuid") &&
	    !vmsync_xml_text(&r->x, r->d->uuid, sizeof(r->d->uuid)))
		return -EINVAL;
	return 0;
}

int vmsync_domain_read(struct vmsync_domain *d, const char *xml, size_t n)
{
	struct reading r = { .d = d };

	memset(d, 0, sizeof(*d));
	vmsync_xml_init(&r.x, xml, n);
	for (;;) {
		switch (vmsync_xml_next(&r.x)) {
		case VMSYNC_XML_OPEN:
			opened(&r);
			break;
		case VMSYNC_XML_CLOSE:
			if (at(&r, "domain/devices/channel"))
				channel_ends(&r);
			break;
		case VMSYNC_XML_TEXT:
			if (text(&r))
				return -EINVAL;
			break;
		case VMSYNC_XML_END:
			return d->name[0] ? 0 : -EINVAL;
		case VMSYNC_XML_BAD:
			return -EINVAL;
		}
	}
}
