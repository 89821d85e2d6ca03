// SPDX-License-Identifier: MIT
#include "memory/memory.h"

#include <errno.h>
#include <string.h>

#include "fuse/fail.h"
#include "memory/ask.h"

/* Of x86: what 24 and 32 bits reach, and the rest. */
static const struct {
	const char *name;
	uint64_t until;
} zones[MEMORY_ZONES] = {
	{ "DMA", 1ull << 12 },
	{ "DMA32", 1ull << 20 },
	{ "Normal", UINT64_MAX },
};

int memory_monitor_of(const struct memory_source *s, struct memory_monitor *m,
		      struct ctf_error *e)
{
	*m = (struct memory_monitor){ .fd = -1 };
	if (s->monitor)
		return memory_monitor_open(m, s->monitor, e);
	if (!s->uuid[0])
		return vmsync_fail(e, -ENOENT, "name its socket with --qmp",
				   "libvirt does not run it: its monitor is not known");
	memory_monitor_domain(m, s->uuid);
	return 0;
}

/* The monitor is asked again: the process that was opened is still behind it. */
int memory_open(const struct memory_source *s, struct memory_result *r,
		struct memory_monitor *m, struct memory_process *p,
		struct ctf_error *e)
{
	int ret = memory_monitor_of(s, m, e);

	*p = (struct memory_process){ .dir = -1, .pagemap = -1, .flags = -1 };
	r->pid = s->pid ? s->pid : m->pid;
	if (!ret)
		ret = memory_process_open(p, r->pid, e);
	if (!ret)
		ret = memory_slots_ask(&r->slots, m, e);
	r->total = r->slots.pages;
	if (!ret)
		ret = memory_process_check(p, &r->slots, e);
	return ret ? ret : memory_balloon_ask(&r->balloon, m, e);
}

/* As close to each other as can be: guest, host, guest. */
static int look_agent(const struct memory_source *s, struct memory_result *r,
		      const struct memory_process *p, struct ctf_error *e)
{
	uint64_t pages = memory_slots_pages(&r->slots);
	struct memory_asked a;
	int ret = memory_ask_open(&a, s->control, s->serial, e);

	if (!ret)
		ret = memory_ask_look(&a, 1, e);
	if (!ret)
		ret = memory_held_look(&r->held, p, &r->slots, e);
	if (!ret)
		ret = memory_ask_look(&a, 2, e);
	if (!ret)
		ret = memory_ask_fetch(&a, pages, r->look, e);
	r->looks = 2;
	memory_ask_close(&a);
	return ret;
}

static int look_files(const struct memory_source *s, struct memory_result *r,
		      const struct memory_process *p, struct ctf_error *e)
{
	uint64_t pages = memory_slots_pages(&r->slots);
	int ret = 0;

	for (r->looks = 0; r->looks < 2 && s->file[r->looks] && !ret; r->looks++)
		ret = memory_look_read(&r->look[r->looks], s->file[r->looks], pages, e);
	return ret ? ret : memory_held_look(&r->held, p, &r->slots, e);
}

static int boots_check(const struct memory_result *r, struct ctf_error *e)
{
	if (r->looks < 2 ||
	    !memcmp(r->look[0].boot, r->look[1].boot, sizeof(r->look[0].boot)))
		return 0;
	return vmsync_fail(e, -EINVAL, "look again",
			   "the guest was started anew between two looks, or they "
			   "are of two guests");
}

/* How many are in both. */
static int count_both(const struct memory_pages *a, const struct memory_pages *b,
		      uint64_t *n)
{
	struct memory_pages both;
	int ret = memory_pages_copy(&both, a);

	if (ret)
		return ret;
	memory_pages_and(&both, b);
	*n = memory_pages_count(&both);
	memory_pages_free(&both);
	return 0;
}

/* Blocks of free pages, whatever the host holds of them: it is all of them or none. */
static void zones_count(struct memory_result *r, const struct memory_pages *free)
{
	uint64_t from = 0;
	size_t i;

	for (i = 0; i < MEMORY_ZONES; from = zones[i++].until)
		r->zones[i] = (struct memory_zone){
			.name = zones[i].name,
			.free = memory_pages_in(free, from, zones[i].until),
			.held = memory_pages_in(&r->held.present, from,
						zones[i].until),
			.reclaimable = memory_pages_in(&r->reclaimable, from,
						       zones[i].until),
		};
}

static int compute(struct memory_result *r)
{
	struct memory_pages free = { 0 }, changed = { 0 };
	const struct memory_pages *last = &r->look[r->looks - 1].free;
	int ret = memory_pages_copy(&free, &r->look[0].free);

	if (!ret)
		ret = memory_pages_copy(&changed, &free);
	if (ret)
		goto out;
	memory_pages_and(&free, last);
	memory_pages_xor(&changed, last);
	r->n_free = memory_pages_count(&free);
	r->n_present = memory_pages_count(&r->held.present);
	ret = count_both(&changed, &r->held.present, &r->n_changed);
	if (!ret)
		ret = count_both(&free, &r->held.swapped, &r->n_swapped);
	if (!ret)
		ret = count_both(&free, &r->held.merged, &r->n_merged);
	if (!ret)
		ret = memory_pages_copy(&r->reclaimable, &free);
	if (ret)
		goto out;
	memory_pages_and(&r->reclaimable, &r->held.present);
	r->n_reclaimable = memory_pages_count(&r->reclaimable);
	memory_pages_orders(&r->reclaimable, r->orders);
	zones_count(r, &free);
out:
	memory_pages_free(&free);
	memory_pages_free(&changed);
	return ret;
}

uint64_t memory_reported(const struct memory_result *r)
{
	uint64_t n = 0;
	int order;

	for (order = MEMORY_REPORTED_ORDER; order < MEMORY_ORDERS; order++)
		n += r->orders[order] << order;
	return n;
}

int memory_run(const struct memory_source *source, struct memory_result *r,
	       struct ctf_error *e)
{
	struct memory_monitor m;
	struct memory_process p;
	int ret;

	*r = (struct memory_result){ .source = source };
	ret = memory_open(source, r, &m, &p, e);
	if (!ret)
		ret = source->file[0] ? look_files(source, r, &p, e) :
					look_agent(source, r, &p, e);
	memory_process_close(&p);
	memory_monitor_close(&m);
	if (!ret)
		ret = boots_check(r, e);
	if (!ret && compute(r))
		ret = vmsync_fail_memory(e);
	return ret;
}

void memory_free(struct memory_result *r)
{
	memory_held_free(&r->held);
	memory_look_free(&r->look[0]);
	memory_look_free(&r->look[1]);
	memory_pages_free(&r->reclaimable);
}
