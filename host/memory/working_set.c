// SPDX-License-Identifier: MIT
#include "memory/working_set.h"

#include <errno.h>
#include <string.h>

#include "fuse/fail.h"
#include "memory/kdamond.h"
#include "port/now.h"

/*
 * Of a guest, and of all that are watched at the same time. A page that is watched costs the
 * host a few us at the begin and at the end: with all of these, some 50 ms of a CPU.
 */
#define PARTS	  4096
#define ALL_PARTS 16384

/*
 * At the end of an aggregation interval DAMON joins and cuts its regions. It is so many
 * times as long as the sampling interval, of which there is one here: that end never comes.
 */
#define AGGREGATION 1000

/*
 * The kernel answers at the end of a sampling interval only, and so it is asked a little
 * before. Up to 6.13 what this sample found is in the answer; later kernels answer first,
 * and have it in the next one.
 */
#define EARLY_MOST_NS 1000000000
#define TIMES	      2

static bool is_ok(const struct memory_working_set *set)
{
	return !set->error.code;
}

/* Who is left out is not asked any more; the others' go on. */
static void open_each(struct memory_working_set *set, uint64_t parts)
{
	struct memory_monitor m;
	struct memory_slots *s = &set->look.slots;
	int ret = memory_open(set->look.source, &set->look, &m, &set->process, &set->error);

	/* It serves one program at a time, and this takes long. */
	memory_monitor_close(&m);
	if (!ret)
		memory_parts_make(&set->parts, s, (s->pages - 1) / parts + 1, &set->error);
}

static int target_put(struct memory_kdamond *k, const struct memory_working_set *set,
		      int t, struct ctf_error *e)
{
	const struct memory_parts *p = &set->parts;
	int i;
	int ret = memory_kdamond_number(k, (uint64_t)set->look.pid, e,
					"targets/%d/pid_target", t);

	if (!ret)
		ret = memory_kdamond_number(k, p->n, e, "targets/%d/regions/nr_regions", t);
	for (i = 0; i < (int)p->n && !ret; i++) {
		ret = memory_kdamond_number(k, p->part[i].begin, e,
					    "targets/%d/regions/%d/start", t, i);
		if (!ret)
			ret = memory_kdamond_number(k, p->part[i].end, e,
						    "targets/%d/regions/%d/end", t, i);
	}
	return ret;
}

/* A scheme of DAMON's that only counts, after each sample, what was touched @least times. */
static int scheme_put(struct memory_kdamond *k, int scheme, uint64_t least, uint64_t us,
		      struct ctf_error *e)
{
	int ret = memory_kdamond_put(k, "stat", e, "schemes/%d/action", scheme);

	if (!ret)
		ret = memory_kdamond_number(k, us, e, "schemes/%d/apply_interval_us", scheme);
	if (!ret)
		ret = memory_kdamond_number(k, INT64_MAX, e,
					    "schemes/%d/access_pattern/sz/max", scheme);
	if (!ret)
		ret = memory_kdamond_number(k, least, e,
					    "schemes/%d/access_pattern/nr_accesses/min", scheme);
	if (!ret)
		ret = memory_kdamond_number(k, INT32_MAX, e,
					    "schemes/%d/access_pattern/nr_accesses/max", scheme);
	if (!ret)
		ret = memory_kdamond_number(k, INT32_MAX, e,
					    "schemes/%d/access_pattern/age/max", scheme);
	return ret;
}

/* The same of one target alone: what is not of it is left out. */
static int scheme_of(struct memory_kdamond *k, int target, uint64_t us,
		     struct ctf_error *e)
{
	int ret = scheme_put(k, target, 1, us, e);

	if (!ret)
		ret = memory_kdamond_put(k, "1", e, "schemes/%d/filters/nr_filters", target);
	if (!ret)
		ret = memory_kdamond_put(k, "target", e, "schemes/%d/filters/0/type", target);
	if (!ret)
		ret = memory_kdamond_number(k, (uint64_t)target, e,
					    "schemes/%d/filters/0/damon_target_idx", target);
	if (!ret)
		ret = memory_kdamond_put(k, "N", e, "schemes/%d/filters/0/matching", target);
	return ret;
}

static int attributes_put(struct memory_kdamond *k, uint64_t parts, uint64_t us,
			  struct ctf_error *e)
{
	static const char *const numbers[] = { "min", "max" };
	size_t i;
	/* "vaddr" would go on to all that the process has. */
	int ret = memory_kdamond_put(k, "fvaddr", e, "operations");

	if (!ret)
		ret = memory_kdamond_number(k, us, e, "monitoring_attrs/intervals/sample_us");
	if (!ret)
		ret = memory_kdamond_number(k, us * AGGREGATION, e,
					    "monitoring_attrs/intervals/aggr_us");
	for (i = 0; i < 2 && !ret; i++)
		ret = memory_kdamond_number(k, parts, e, "monitoring_attrs/nr_regions/%s",
					    numbers[i]);
	return ret;
}

static int all_put(struct memory_kdamond *k, struct memory_working_set *set, size_t n,
		   int64_t ns, struct ctf_error *e)
{
	uint64_t targets = 0, parts = 0, us = (uint64_t)ns / 1000;
	int at = 0, ret;
	size_t i;

	for (i = 0; i < n; i++) {
		targets += is_ok(&set[i]);
		parts += set[i].parts.n;
	}
	ret = attributes_put(k, parts, us, e);
	if (!ret)
		ret = memory_kdamond_number(k, targets, e, "targets/nr_targets");
	if (!ret)
		ret = memory_kdamond_number(k, targets + 1, e, "schemes/nr_schemes");
	for (i = 0; i < n && !ret; i++) {
		if (!is_ok(&set[i]))
			continue;
		ret = target_put(k, &set[i], at, e);
		if (!ret)
			ret = scheme_of(k, at++, us, e);
	}
	/* The last one counts all, however often: so it tells how often all was counted. */
	return ret ? ret : scheme_put(k, at, 0, us, e);
}

/* Until all was counted, which should be once. */
static int watch(struct memory_kdamond *k, uint64_t all, int targets, int64_t ns,
		 struct ctf_error *e)
{
	int64_t early_ns = ns / 4 < EARLY_MOST_NS ? ns / 4 : EARLY_MOST_NS;
	int i, ret = memory_kdamond_state(k, "on", e);
	uint64_t counted = 0;

	for (i = 0; i < TIMES && !ret && !counted; i++) {
		ret = memory_kdamond_wait(k, ns - early_ns, e);
		if (!ret)
			ret = memory_kdamond_state(k, "update_schemes_stats", e);
		if (!ret)
			ret = memory_kdamond_get(k, &counted, e, "schemes/%d/stats/sz_tried",
						 targets);
	}
	if (ret || counted == all)
		return ret;
	return vmsync_fail(e, -EAGAIN, "try again, with more time",
			   "DAMON looked %.1f times at each page, and not once",
			   (double)counted / (double)all);
}

static int watch_and_count(struct memory_kdamond *k, struct memory_working_set *set,
			   size_t n, int64_t ns, struct ctf_error *e)
{
	uint64_t all = 0;
	int at = 0, targets = 0, ret;
	size_t i;

	for (i = 0; i < n; i++) {
		all += memory_parts_bytes(&set[i].parts);
		targets += is_ok(&set[i]);
	}
	ret = watch(k, all, targets, ns, e);
	for (i = 0; i < n && !ret; i++) {
		if (is_ok(&set[i]))
			ret = memory_kdamond_get(k, &set[i].touched.bytes, e,
						 "schemes/%d/stats/sz_tried", at++);
	}
	return ret;
}

/*
 * A process that has ended was not watched until then; its number may be another's. What
 * the balloon tells is to be as new as what was watched.
 */
static void finish_each(struct memory_working_set *set)
{
	struct memory_result *r = &set->look;
	struct ctf_error *e = &set->error;
	struct memory_monitor m;
	int ret = memory_held_look(&r->held, &set->process, &r->slots, e);

	if (ret)
		return;
	r->n_present = memory_pages_count(&r->held.present);
	set->touched = memory_parts_estimate(&set->parts, set->touched.bytes);
	ret = memory_monitor_of(r->source, &m, e);
	if (!ret)
		memory_balloon_ask(&r->balloon, &m, e);
	memory_monitor_close(&m);
}

static int watch_all(struct memory_working_set *set, size_t n, int64_t ns,
		     struct ctf_error *e)
{
	int64_t begin_ns = (int64_t)vmsync_port_now(), cpu_ns = -1;
	struct memory_kdamond k;
	size_t i;
	int ret = memory_kdamond_begin(&k, e);

	if (!ret)
		ret = all_put(&k, set, n, ns, e);
	if (!ret)
		ret = watch_and_count(&k, set, n, ns, e);
	if (!ret)
		cpu_ns = memory_kdamond_cpu_ns(&k);
	memory_kdamond_end(&k);
	for (i = 0; i < n && !ret; i++) {
		if (is_ok(&set[i]))
			finish_each(&set[i]);
		set[i].watched_ns = ns;
		set[i].begin_ns = begin_ns;
		set[i].end_ns = (int64_t)vmsync_port_now();
		set[i].cpu_ns = cpu_ns;
	}
	return ret;
}

int memory_working_sets(struct memory_working_set *set, size_t n, int64_t ns,
			struct ctf_error *e)
{
	uint64_t parts = n * PARTS <= ALL_PARTS ? PARTS : ALL_PARTS / n;
	size_t i, left = 0;
	int ret;

	for (i = 0; i < n; i++)
		set[i].process = (struct memory_process){ .dir = -1, .pagemap = -1,
							  .flags = -1 };
	ret = memory_kdamond_check(e);
	if (ret)
		return ret;
	for (i = 0; i < n; i++) {
		open_each(&set[i], parts);
		left += is_ok(&set[i]);
	}
	return left ? watch_all(set, n, ns, e) : 0;
}

void memory_working_set_free(struct memory_working_set *set)
{
	memory_process_close(&set->process);
	memory_parts_free(&set->parts);
	memory_free(&set->look);
}
