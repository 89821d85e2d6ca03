// SPDX-License-Identifier: MIT
#include "daemon/guest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_string.h"

static void guest_free(struct vmsyncd_guest *g)
{
	if (!g)
		return;
	free(g->name);
	free(g->uuid);
	free(g->path);
	free(g->file);
	free(g->vcpu);
	free(g);
}

static int guest_add(struct vmsync_guests *all, struct vmsyncd_guest *g)
{
	struct vmsyncd_guest **p =
		realloc(all->guest, (all->n + 1) * sizeof(*p));

	if (!p)
		return -ENOMEM;
	all->guest = p;
	g->serial = ++all->serials;
	p[all->n++] = g;
	return 0;
}

static struct vmsyncd_guest *guest_make(const char *name, const char *uuid,
				       const char *path, const char *file)
{
	struct vmsyncd_guest *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->name = strdup(name);
	g->uuid = strdup(uuid);
	g->path = strdup(path);
	g->file = file ? strdup(file) : NULL;
	if (g->name && g->uuid && g->path && (!file || g->file))
		return g;
	guest_free(g);
	return NULL;
}

int vmsyncd_guest_socket(struct vmsync_guests *all, const char *path)
{
	struct vmsyncd_guest *g = guest_make(path, "", path, NULL);
	int ret = -ENOMEM;

	if (g) {
		g->port = VMSYNC_DOMAIN_PORT;
		ret = vmsyncd_link_init(&g->link, g->path);
	}
	if (!ret)
		ret = guest_add(all, g);
	if (ret)
		guest_free(g);
	return ret;
}

int vmsyncd_guest_vcpus(struct vmsyncd_guest *g, const struct vmsync_domain *d)
{
	int32_t *p = malloc((d->n_vcpus + 1) * sizeof(*p));

	if (!p)
		return -ENOMEM;
	memcpy(p, d->vcpu, d->n_vcpus * sizeof(*p));
	free(g->vcpu);
	g->vcpu = p;
	g->n_vcpus = d->n_vcpus;
	return 0;
}

struct vmsyncd_guest *vmsyncd_guest_domain(struct vmsync_guests *all,
					 const struct vmsync_domain *d,
					 const char *file)
{
	struct vmsyncd_guest *g = guest_make(d->name, d->uuid, d->path, file);

	if (!g)
		return NULL;
	g->pid = d->pid;
	g->port = d->port;
	if (vmsyncd_guest_vcpus(g, d) || vmsyncd_link_init(&g->link, g->path) ||
	    guest_add(all, g)) {
		guest_free(g);
		return NULL;
	}
	g->link.qemu_pid = d->pid;
	return g;
}

bool vmsyncd_guest_is(const struct vmsyncd_guest *g,
		      const struct vmsync_domain *d)
{
	return g->pid == d->pid && g->port == d->port &&
	       !strcmp(g->name, d->name) && !strcmp(g->uuid, d->uuid) &&
	       !strcmp(g->path, d->path);
}

void vmsyncd_guest_forget(struct vmsync_guests *all, size_t i)
{
	vmsyncd_link_end(&all->guest[i]->link);
	guest_free(all->guest[i]);
	memmove(all->guest + i, all->guest + i + 1,
		(--all->n - i) * sizeof(all->guest[0]));
}

struct vmsyncd_guest *vmsyncd_guest_by_serial(const struct vmsync_guests *all,
					    uint64_t serial)
{
	size_t i;

	for (i = 0; serial && i < all->n; i++) {
		if (all->guest[i]->serial == serial)
			return all->guest[i];
	}
	return NULL;
}

void vmsyncd_guest_print(FILE *f, const struct vmsyncd_guest *g, uint64_t now_ns)
{
	static const char *const ports[] = {
		[VMSYNC_DOMAIN_NO_PORT] = "none",
		[VMSYNC_DOMAIN_PORT] = "there",
		[VMSYNC_DOMAIN_PORT_OTHER] = "no unix socket of QEMU's",
	};
	const struct vmsyncd_link *l = &g->link;
	size_t i;

	fprintf(f, "{\n\"serial\": %" PRIu64 ",\n\"name\": ", g->serial);
	vmsync_json_string(f, g->name);
	fputs(",\n\"uuid\": ", f);
	vmsync_json_string(f, g->uuid);
	fprintf(f, ",\n\"pid\": %d,\n\"vcpu_threads\": [", g->pid);
	for (i = 0; i < g->n_vcpus; i++)
		fprintf(f, "%s%d", i ? ", " : "", g->vcpu[i]);
	fprintf(f, "],\n\"port\": \"%s\",\n\"socket\": ", ports[g->port]);
	vmsync_json_string(f, g->path);
	fprintf(f,
		",\n\"connected\": %s,\n\"peer_pid\": %d,\n\"heard\": %s,\n"
		"\"recorded\": %s,\n\"beacons\": %" PRIu64
		",\n\"beacons_per_s\": %" PRIu64 ",\n\"dropped\": %" PRIu64
		",\n\"unsent\": %" PRIu64 ",\n\"skipped_bytes\": %" PRIu64
		",\n\"last_age_ms\": ",
		l->fd >= 0 ? "true" : "false", l->fd >= 0 ? l->peer_pid : 0,
		l->in.counts.frames ? "true" : "false",
		l->reader >= 0 ? "true" : "false", l->answered,
		vmsyncd_link_rate(l, now_ns), l->dropped, l->unsent,
		l->in.counts.skipped);
	if (l->last_ns)
		fprintf(f, "%" PRIu64, (now_ns - l->last_ns) / 1000000);
	else
		fputs("null", f);
	fputs("\n}", f);
}
