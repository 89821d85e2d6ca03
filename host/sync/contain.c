// SPDX-License-Identifier: MIT
/*
 * An event between an entry and an exit waits for that exit, to be counted
 * with all others of the interval. One between an exit and an entry may be a
 * little off: it waits for that entry, the last few such events one by one.
 */
#include "sync/contain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sync/array.h"

/* Events between an exit and an entry that wait one by one. */
#define MAX_STRAY 64

enum where {
	UNKNOWN,
	IN,
	OUT,
};

struct stray {
	int64_t ns;
	int64_t bound_ns;
};

/**
 * struct vcpu - where one virtual CPU is
 * @since_ns:	of the last entry (IN) or exit (OUT)
 * @open:	events since that entry
 * @last_ns:	the last of these
 * @stray:	the last events since that exit, a ring that ends at @stray_next
 * @crowd:	those before them, that had to make room
 * @crowd_ns, @crowd_bound_ns: the last of these; the greatest of their bounds
 */
struct vcpu {
	enum where where;
	int64_t since_ns;
	uint64_t open;
	int64_t first_ns;
	int64_t last_ns;
	unsigned int strays;
	unsigned int stray_next;
	struct stray stray[MAX_STRAY];
	uint64_t crowd;
	int64_t crowd_ns;
	int64_t crowd_bound_ns;
	struct vmsync_contain_result result;
};

struct vmsync_contain {
	VMSYNC_ARRAY(struct vcpu *) vcpus;
	int64_t lost_until_ns;
};

static void result_init(struct vmsync_contain_result *r)
{
	memset(r, 0, sizeof(*r));
	r->entry_slack_ns = r->exit_slack_ns = INT64_MAX;
}

struct vmsync_contain *vmsync_contain_new(void)
{
	struct vmsync_contain *c = calloc(1, sizeof(*c));

	if (c)
		c->lost_until_ns = INT64_MIN;
	return c;
}

void vmsync_contain_free(struct vmsync_contain *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->vcpus.count; i++)
		free(c->vcpus.at[i]);
	vmsync_array_free(&c->vcpus);
	free(c);
}

static struct vcpu *vcpu_add(struct vmsync_contain *c, uint32_t number)
{
	while (c->vcpus.count <= number) {
		struct vcpu **slot = vmsync_array_add(&c->vcpus);

		if (!slot)
			return NULL;
		*slot = NULL;
	}
	if (!c->vcpus.at[number]) {
		struct vcpu *v = calloc(1, sizeof(*v));

		if (v)
			result_init(&v->result);
		c->vcpus.at[number] = v;
	}
	return c->vcpus.at[number];
}

static inline struct vcpu *vcpu_of(struct vmsync_contain *c, uint32_t number)
{
	if (number < c->vcpus.count && c->vcpus.at[number])
		return c->vcpus.at[number];
	return vcpu_add(c, number);
}

static void least(int64_t *slack, int64_t ns)
{
	if (ns < *slack)
		*slack = ns;
}

/* The interval has ended, and all of it is known. */
static void commit(struct vcpu *v)
{
	if (!v->open)
		return;
	v->result.inside += v->open;
	least(&v->result.entry_slack_ns, v->first_ns - v->since_ns);
	v->open = 0;
}

static void give_up(struct vcpu *v)
{
	v->result.undecidable += v->open + v->strays + v->crowd;
	v->open = v->crowd = 0;
	v->strays = 0;
}

static struct stray *stray_at(struct vcpu *v, unsigned int i)
{
	return &v->stray[(v->stray_next + MAX_STRAY - v->strays + i) %
			 MAX_STRAY];
}

static void outside(struct vcpu *v, uint64_t n, int64_t distance)
{
	v->result.outside += n;
	if (n && distance > v->result.worst_ns)
		v->result.worst_ns = distance;
}

/* An event at @ns between the last exit and the entry at @entry_ns. */
static void settle_stray(struct vcpu *v, uint64_t n, int64_t ns,
			 int64_t bound_ns, int64_t entry_ns)
{
	int64_t to_exit = ns - v->since_ns;
	int64_t to_entry = entry_ns - ns;

	if (n && to_entry <= bound_ns) {
		v->result.inside += n;
		v->result.edge += n;
		least(&v->result.entry_slack_ns, -to_entry);
	} else {
		outside(v, n, to_exit < to_entry ? to_exit : to_entry);
	}
}

/*
 * Events since the last exit: near enough to this entry, or outside. A crowd of
 * them is judged by its last one.
 */
static void settle_strays(struct vcpu *v, int64_t entry_ns)
{
	settle_stray(v, v->crowd, v->crowd_ns, v->crowd_bound_ns, entry_ns);
	for (unsigned int i = 0; i < v->strays; i++) {
		const struct stray *s = stray_at(v, i);

		settle_stray(v, 1, s->ns, s->bound_ns, entry_ns);
	}
	v->crowd = 0;
	v->strays = 0;
}

int vmsync_contain_entry(struct vmsync_contain *c, uint32_t vcpu, host_time t)
{
	struct vcpu *v = vcpu_of(c, vcpu);

	if (!v)
		return -ENOMEM;
	/* An entry right after an entry: the exit between them had no event. */
	if (v->where == IN)
		commit(v);
	if (v->where == OUT)
		settle_strays(v, t.ns);
	v->where = t.ns <= c->lost_until_ns ? UNKNOWN : IN;
	v->since_ns = t.ns;
	return 0;
}

int vmsync_contain_exit(struct vmsync_contain *c, uint32_t vcpu, host_time t)
{
	struct vcpu *v = vcpu_of(c, vcpu);

	if (!v)
		return -ENOMEM;
	if (v->where == IN) {
		if (v->open)
			least(&v->result.exit_slack_ns, t.ns - v->last_ns);
		commit(v);
	} else {
		/* The entry before it is missing. */
		give_up(v);
	}
	v->where = t.ns <= c->lost_until_ns ? UNKNOWN : OUT;
	v->since_ns = t.ns;
	return 0;
}

void vmsync_contain_lost(struct vmsync_contain *c, host_time from,
			 host_time until)
{
	for (size_t i = 0; i < c->vcpus.count; i++) {
		struct vcpu *v = c->vcpus.at[i];

		if (!v || v->where == UNKNOWN)
			continue;
		/* What came since was lost with the rest. */
		if (v->since_ns <= until.ns) {
			give_up(v);
			v->where = UNKNOWN;
		}
	}
	(void)from;
	if (until.ns > c->lost_until_ns)
		c->lost_until_ns = until.ns;
}

static void stray_add(struct vcpu *v, int64_t ns, int64_t bound_ns)
{
	if (v->strays == MAX_STRAY) {
		const struct stray *oldest = stray_at(v, 0);

		v->crowd_ns = oldest->ns;
		if (!v->crowd++ || oldest->bound_ns > v->crowd_bound_ns)
			v->crowd_bound_ns = oldest->bound_ns;
		v->strays--;
	}
	v->stray[v->stray_next] = (struct stray){ ns, bound_ns };
	v->stray_next = (v->stray_next + 1) % MAX_STRAY;
	v->strays++;
}

int vmsync_contain_event(struct vmsync_contain *c, uint32_t vcpu, host_time t,
			 int64_t bound_ns)
{
	struct vcpu *v = vcpu_of(c, vcpu);

	if (!v)
		return -ENOMEM;
	switch (v->where) {
	case UNKNOWN:
		v->result.undecidable++;
		break;
	case IN:
		if (!v->open++)
			v->first_ns = t.ns;
		v->last_ns = t.ns;
		break;
	case OUT:
		if (t.ns - v->since_ns > bound_ns) {
			stray_add(v, t.ns, bound_ns);
			break;
		}
		v->result.inside++;
		if (t.ns == v->since_ns) {
			least(&v->result.exit_slack_ns, 0);
			break;
		}
		v->result.edge++;
		least(&v->result.exit_slack_ns, v->since_ns - t.ns);
		break;
	}
	return 0;
}

void vmsync_contain_finish(struct vmsync_contain *c)
{
	for (size_t i = 0; i < c->vcpus.count; i++)
		if (c->vcpus.at[i])
			give_up(c->vcpus.at[i]);
}

void vmsync_contain_result_of(const struct vmsync_contain *c, uint32_t vcpu,
			      struct vmsync_contain_result *one)
{
	result_init(one);
	if (vcpu < c->vcpus.count && c->vcpus.at[vcpu])
		*one = c->vcpus.at[vcpu]->result;
}

void vmsync_contain_result(const struct vmsync_contain *c,
			   struct vmsync_contain_result *all)
{
	struct vmsync_contain_result one;

	result_init(all);
	for (uint32_t i = 0; i < c->vcpus.count; i++) {
		vmsync_contain_result_of(c, i, &one);
		all->inside += one.inside;
		all->outside += one.outside;
		all->undecidable += one.undecidable;
		all->edge += one.edge;
		if (one.worst_ns > all->worst_ns)
			all->worst_ns = one.worst_ns;
		least(&all->entry_slack_ns, one.entry_slack_ns);
		least(&all->exit_slack_ns, one.exit_slack_ns);
	}
}
