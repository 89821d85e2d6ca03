// SPDX-License-Identifier: MIT
#include <errno.h>

#include "volume/request.h"

void volume_requests_free(struct volume_requests *rs)
{
	vmsync_array_free(&rs->on_way);
	vmsync_array_free(&rs->bios);
}

bool volume_event_sane(const struct volume_event *ev)
{
	return ev->sector >= 0 && ev->sector <= VOLUME_LAST_SECTOR &&
	       ev->sectors >= 0 && ev->sectors <= VOLUME_MOST_SECTORS;
}

static bool within(const struct volume_request *r, int64_t sector)
{
	return sector >= r->sector && sector < r->sector + r->sectors;
}

/* The oldest goes where there is no room: it may never become a request of ours. */
int volume_requests_bio(struct volume_requests *rs, const struct volume_event *ev)
{
	struct volume_bio *b;
	size_t i;

	if (!ev->sectors || !volume_event_sane(ev))
		return 0;
	if (rs->bios.count == VOLUME_MOST_BIOS) {
		for (i = 1; i < rs->bios.count; i++)
			rs->bios.at[i - 1] = rs->bios.at[i];
		rs->bios.count--;
	}
	b = vmsync_array_add(&rs->bios);
	if (!b)
		return -ENOMEM;
	*b = (struct volume_bio){ ev->ns, ev->sector, ev->op, ev->dev };
	return 0;
}

/*
 * Blocks for a partition have its number, which is one of the 15 behind the disk's, as a rule,
 * and the place on the disk.
 */
static bool may_be_of(const struct volume_bio *b, const struct volume_request *r,
		      uint32_t dev, uint32_t partitions)
{
	return b->dev >= dev && b->dev <= dev + partitions && b->op == r->op &&
	       within(r, b->sector);
}

/* When the first of its blocks came; none of these waits any more. */
static int64_t bios_take(struct volume_requests *rs,
			 const struct volume_request *r, uint32_t dev)
{
	int64_t ns = VOLUME_NEVER;
	uint32_t partitions;
	size_t i, n;

	for (partitions = 0; ns == VOLUME_NEVER && partitions < 16;
	     partitions += 15) {
		for (i = n = 0; i < rs->bios.count; i++) {
			struct volume_bio *b = &rs->bios.at[i];

			if (!may_be_of(b, r, dev, partitions))
				rs->bios.at[n++] = *b;
			else if (ns == VOLUME_NEVER)
				ns = b->ns;
		}
		rs->bios.count = n;
	}
	return ns;
}

static void request_remove(struct volume_requests *rs, size_t i)
{
	rs->on_way.count--;
	for (; i < rs->on_way.count; i++)
		rs->on_way.at[i] = rs->on_way.at[i + 1];
}

static bool overlap(const struct volume_request *a, const struct volume_request *b)
{
	return a->volume == b->volume && a->op == b->op &&
	       a->sector < b->sector + b->sectors &&
	       b->sector < a->sector + a->sectors;
}

/*
 * What is issued again was not done yet, or its end was not seen. Return: false where it is
 * the same request, which its driver had given back.
 */
static bool others_check(struct volume_requests *rs, struct volume_request *r)
{
	size_t i;

	for (i = 0; i < rs->on_way.count; i++) {
		struct volume_request *other = &rs->on_way.at[i];
		bool same = other->sector == r->sector &&
			    other->sectors == r->sectors;

		if (!overlap(other, r))
			continue;
		if (same && other->requeued) {
			other->requeued = false;
			return false;
		}
		r->unsure = true;
		other->unsure = true;
		if (same) {
			rs->unfinished++;
			request_remove(rs, i--);
		}
	}
	return true;
}

int volume_requests_issue(struct volume_requests *rs, uint32_t volume,
			  const struct volume_event *ev)
{
	struct volume_request r = {
		.volume = volume,
		.cpu = ev->cpu,
		.op = ev->op,
		.sector = ev->op == VOLUME_FLUSH ? 0 : ev->sector,
		.sectors = ev->op == VOLUME_FLUSH ? 0 : ev->sectors,
		.call_end_ns = VOLUME_NEVER,
	};
	struct volume_request *p;
	int i;

	if (ev->op != VOLUME_FLUSH && !volume_event_sane(ev))
		return 0;
	for (i = 0; i < VOLUME_CUTS; i++)
		r.cut_ns[i] = VOLUME_NEVER;
	r.cut_ns[VOLUME_ISSUED] = ev->ns;
	r.left = r.sectors;
	if (!others_check(rs, &r))
		return 0;
	r.number = ++rs->issued;
	r.bio_ns = bios_take(rs, &r, ev->dev);
	if (rs->on_way.count == VOLUME_MOST_REQUESTS) {
		rs->crowded++;
		return 0;
	}
	p = vmsync_array_add(&rs->on_way);
	if (!p)
		return -ENOMEM;
	*p = r;
	return 0;
}

/* That which begins there, or has it within; the first one to come of several. */
static struct volume_request *request_find(struct volume_requests *rs,
					   uint32_t volume,
					   const struct volume_event *ev)
{
	struct volume_request *found = NULL;
	size_t i;

	for (i = 0; i < rs->on_way.count; i++) {
		struct volume_request *r = &rs->on_way.at[i];

		if (r->volume != volume || r->op != ev->op)
			continue;
		if (r->op == VOLUME_FLUSH || r->sector == ev->sector)
			return r;
		if (!found && within(r, ev->sector))
			found = r;
	}
	return found;
}

void volume_requests_requeue(struct volume_requests *rs, uint32_t volume,
			     const struct volume_event *ev)
{
	struct volume_request *r = request_find(rs, volume, ev);

	if (r)
		r->requeued = true;
}

bool volume_requests_complete(struct volume_requests *rs, uint32_t volume,
			      const struct volume_event *ev,
			      struct volume_request *done)
{
	struct volume_request *r = request_find(rs, volume, ev);

	if (!r)
		return false;
	if (ev->error)
		r->error = ev->error;
	/* Of several flushes on their way nothing tells which one this is. */
	if (r->op == VOLUME_FLUSH) {
		size_t i;

		for (i = 0; i < rs->on_way.count; i++) {
			struct volume_request *other = &rs->on_way.at[i];

			if (other != r && other->volume == volume &&
			    other->op == VOLUME_FLUSH)
				other->unsure = r->unsure = true;
		}
	}
	r->left -= ev->sectors;
	if (r->left > 0)
		return false;
	/* Of two virtual CPUs, whose clocks are known to some ns only. */
	r->cut_ns[VOLUME_DONE] = ev->ns > r->cut_ns[VOLUME_ISSUED] ?
					 ev->ns :
					 r->cut_ns[VOLUME_ISSUED];
	*done = *r;
	request_remove(rs, (size_t)(r - rs->on_way.at));
	return true;
}

enum volume_followed volume_request_followed(const struct volume_request *r)
{
	if (r->unsure)
		return VOLUME_UNSURE;
	if (r->cut_ns[VOLUME_DISK_DONE] != VOLUME_NEVER && !r->disk_left &&
	    r->on_disk == r->sectors)
		return VOLUME_TO_DISK;
	if (r->call_end_ns != VOLUME_NEVER)
		return VOLUME_TO_CALL;
	return VOLUME_NOT;
}

/* Where the time between two cuts goes of which those between them were not seen. */
static int part_of(int from, int to)
{
	if (from <= VOLUME_TAKEN && VOLUME_TAKEN < to)
		return VOLUME_TAKEN;
	if (from <= VOLUME_RETURNED && VOLUME_RETURNED < to)
		return VOLUME_RETURNED;
	return from;
}

/* The cuts that count; one that was not seen is NEVER. */
static void cuts_of(const struct volume_request *r, enum volume_followed followed,
		    int64_t cut_ns[VOLUME_CUTS])
{
	int i;

	for (i = 0; i < VOLUME_CUTS; i++)
		cut_ns[i] = r->cut_ns[i];
	if (followed != VOLUME_TO_DISK) {
		cut_ns[VOLUME_QUEUED] = VOLUME_NEVER;
		cut_ns[VOLUME_DISK] = VOLUME_NEVER;
		cut_ns[VOLUME_DISK_DONE] = VOLUME_NEVER;
		cut_ns[VOLUME_RETURNED] = VOLUME_NEVER;
	}
	if (followed > VOLUME_TO_CALL) {
		cut_ns[VOLUME_CALLED] = VOLUME_NEVER;
		cut_ns[VOLUME_INTERRUPTED] = VOLUME_NEVER;
	}
	if (r->call_end_ns != VOLUME_NEVER && followed <= VOLUME_TO_CALL)
		cut_ns[VOLUME_RETURNED] = r->call_end_ns;
	/* What may have been for another request was, if it came too late, or too soon. */
	for (i = VOLUME_LEFT; i <= VOLUME_TAKEN; i++) {
		if ((cut_ns[VOLUME_CALLED] != VOLUME_NEVER &&
		     cut_ns[i] > cut_ns[VOLUME_CALLED]) ||
		    (cut_ns[VOLUME_QUEUED] != VOLUME_NEVER &&
		     cut_ns[i] > cut_ns[VOLUME_QUEUED]))
			cut_ns[i] = VOLUME_NEVER;
	}
	for (i = VOLUME_CALLED; i < VOLUME_INTERRUPTED; i++) {
		if (cut_ns[i] > cut_ns[VOLUME_INTERRUPTED])
			cut_ns[VOLUME_INTERRUPTED] = VOLUME_NEVER;
	}
}

void volume_request_parts(const struct volume_request *r,
			  enum volume_followed followed,
			  int64_t ns[VOLUME_PARTS])
{
	int64_t cut_ns[VOLUME_CUTS];
	int64_t last_ns = r->cut_ns[VOLUME_ISSUED];
	int i, last = VOLUME_ISSUED;

	cuts_of(r, followed, cut_ns);
	for (i = 0; i < VOLUME_PARTS; i++)
		ns[i] = 0;
	for (i = 1; i < VOLUME_CUTS; i++) {
		int64_t at_ns = cut_ns[i];

		if (at_ns == VOLUME_NEVER)
			continue;
		/* The host's clock beside the guest's, the same. */
		if (at_ns < last_ns)
			at_ns = last_ns;
		if (at_ns > cut_ns[VOLUME_DONE])
			at_ns = cut_ns[VOLUME_DONE];
		ns[part_of(last, i)] += at_ns - last_ns;
		last_ns = at_ns;
		last = i;
	}
}
