// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fuse/outnames.h"

static const struct vmsync_machine *machine_at(const struct vmsync_session *s,
					       size_t i)
{
	return i ? s->guests[i - 1].machine : s->host;
}

/* What machine @i would be called, were there no other. */
static struct vmsync_outname wish(const struct vmsync_session *s, size_t i)
{
	struct vmsync_outname p;

	snprintf(p.name, sizeof(p.name), "%s-%s", i ? "guest" : "host",
		 machine_at(s, i)->name);
	return p;
}

static bool is_taken(const struct vmsync_outname *outname, size_t n,
		     const struct vmsync_outname *p)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!strcasecmp(outname[i].name, p->name))
			return true;
	}
	return false;
}

/*
 * Who is called so alone, or is the first one, is called so: numbers are given
 * afterwards, and avoid all that machines are called.
 */
static void give_number(struct vmsync_outname *outname, size_t n, size_t i)
{
	struct vmsync_outname p = { 0 };
	unsigned int number;

	for (number = 2; !p.name[0] || is_taken(outname, n, &p); number++)
		snprintf(p.name, sizeof(p.name), "%.80s-%u", outname[i].name,
			 number);
	outname[i] = p;
}

struct vmsync_outname *vmsync_outnames_new(const struct vmsync_session *s)
{
	size_t i, n = s->n_guests + 1;
	struct vmsync_outname *outname = calloc(n, sizeof(*outname));
	bool *again = calloc(n, sizeof(*again));

	for (i = 0; outname && again && i < n; i++) {
		outname[i] = wish(s, i);
		again[i] = is_taken(outname, i, &outname[i]);
	}
	for (i = 0; outname && again && i < n; i++) {
		if (again[i])
			give_number(outname, n, i);
	}
	if (!again) {
		free(outname);
		outname = NULL;
	}
	free(again);
	return outname;
}
