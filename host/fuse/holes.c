// SPDX-License-Identifier: MIT
#include <errno.h>

#include "fuse/holes.h"

void vmsync_holes_free(struct vmsync_holes *h)
{
	vmsync_array_free(&h->hole);
}

int vmsync_holes_add(struct vmsync_holes *h, int64_t from_ns, int64_t until_ns)
{
	struct vmsync_hole *last = vmsync_array_last(&h->hole);

	if (from_ns >= until_ns)
		return 0;
	if (last && from_ns <= last->until_ns) {
		if (until_ns > last->until_ns)
			last->until_ns = until_ns;
		return 0;
	}
	last = vmsync_array_add(&h->hole);
	if (!last)
		return -ENOMEM;
	*last = (struct vmsync_hole){ from_ns, until_ns };
	return 0;
}

/* @h becomes @other, or what is left of it goes. */
static int replace(struct vmsync_holes *h, struct vmsync_holes *other, int ret)
{
	if (ret) {
		vmsync_holes_free(other);
		return ret;
	}
	vmsync_holes_free(h);
	*h = *other;
	return 0;
}

int vmsync_holes_join(struct vmsync_holes *h, const struct vmsync_holes *more)
{
	struct vmsync_holes all = { 0 };
	size_t i = 0, k = 0, n = h->hole.count, m = more->hole.count;
	int ret = 0;

	while (!ret && (i < n || k < m)) {
		const struct vmsync_hole *next;

		if (k == m || (i < n && h->hole.at[i].from_ns <=
						more->hole.at[k].from_ns))
			next = &h->hole.at[i++];
		else
			next = &more->hole.at[k++];
		ret = vmsync_holes_add(&all, next->from_ns, next->until_ns);
	}
	return replace(h, &all, ret);
}

int vmsync_holes_meet(struct vmsync_holes *h, const struct vmsync_holes *other)
{
	struct vmsync_holes both = { 0 };
	size_t i = 0, k = 0;
	int ret = 0;

	while (!ret && i < h->hole.count && k < other->hole.count) {
		struct vmsync_hole a = h->hole.at[i], b = other->hole.at[k];

		if (a.until_ns < b.until_ns)
			i++;
		else
			k++;
		ret = vmsync_holes_add(
			&both, a.from_ns > b.from_ns ? a.from_ns : b.from_ns,
			a.until_ns < b.until_ns ? a.until_ns : b.until_ns);
	}
	return replace(h, &both, ret);
}

/* The first one that begins behind @until_ns; of the others the last one counts. */
static size_t first_behind(const struct vmsync_holes *h, int64_t until_ns)
{
	size_t lo = 0, hi = h->hole.count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (h->hole.at[mid].from_ns < until_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool vmsync_holes_in(const struct vmsync_holes *h, int64_t from_ns,
		     int64_t until_ns)
{
	size_t i = first_behind(h, until_ns);

	return i && h->hole.at[i - 1].until_ns > from_ns;
}

bool vmsync_holes_none(const struct vmsync_holes *h, int64_t from_ns,
		       int64_t until_ns, struct vmsync_hole *none)
{
	size_t i = first_behind(h, until_ns);

	*none = (struct vmsync_hole){
		i ? h->hole.at[i - 1].until_ns : INT64_MIN,
		i < h->hole.count ? h->hole.at[i].from_ns : INT64_MAX,
	};
	return none->from_ns <= from_ns;
}
