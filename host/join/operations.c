// SPDX-License-Identifier: MIT
#include "join/join.h"

#include <errno.h>
#include <string.h>

/* Keys of all objects that are of one virtual machine, sorted. */
struct machine_keys {
	VMSYNC_ARRAY(const char *) at;
	bool failed;
};

static void key_add(struct machine_keys *k, const char *key)
{
	const char **at = vmsync_array_add(&k->at);

	if (at)
		*at = key;
	else
		k->failed = true;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool key_is(const struct machine_keys *k, const char *key)
{
	return k->at.count && bsearch(&key, k->at.at, k->at.count,
				      sizeof(*k->at.at), by_text);
}

static bool is(const char *name, const char *other)
{
	return name && other && !strcmp(name, other);
}

static bool is_machine(const struct migration_process *p,
		       const struct layers_object *obj)
{
	return is(p->uuid, obj->key) || is(p->vm, obj->key) ||
	       is(p->vm, obj->name);
}

/* The machine's own object knows its requests, and others know it by its uuid. */
static void object_keys(struct machine_keys *k, const struct migration_process *p,
			const struct layers_object *obj)
{
	bool own = is_machine(p, obj), links = false;
	size_t i;

	for (i = 0; i < obj->links.count; i++) {
		links |= is(p->uuid, obj->links.at[i].key);
		if (own)
			key_add(k, obj->links.at[i].key);
	}
	if (own || links)
		key_add(k, obj->key);
}

static int keys_find(struct machine_keys *k, const struct migration_process *p,
		     const struct layers_report *r)
{
	size_t i, n;

	for (i = 0; i < r->engine->tracks.count; i++) {
		for (n = 0; n < r->listed[i].objects.count; n++)
			object_keys(k, p, r->listed[i].objects.at[n]);
	}
	if (k->at.count)
		qsort(k->at.at, k->at.count, sizeof(*k->at.at), by_text);
	return k->failed ? -ENOMEM : 0;
}

/* ---------------------------------------------------------------- operations */

/* To be seen somewhere is no operation. */
static int object_take(struct join_operations *o, const struct layers_engine *g,
		       const struct layers_object *obj)
{
	struct join_operation *op;
	size_t i;

	for (i = 0; i < obj->spans.count; i++) {
		const struct layers_span *s = &obj->spans.at[i];

		if (!(s->flags & LAYERS_NESTED) && g->tracks.at[s->track].sightings)
			continue;
		op = vmsync_array_add(&o->list);
		if (!op)
			return -ENOMEM;
		*op = (struct join_operation){ .object = obj, .span = s };
	}
	return 0;
}

static int by_begin(const void *a, const void *b)
{
	const struct layers_span *x = ((const struct join_operation *)a)->span;
	const struct layers_span *y = ((const struct join_operation *)b)->span;

	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	return (int)x->depth - (int)y->depth;
}

static void sort(struct join_operations *o)
{
	int64_t latest_ns = INT64_MIN;
	size_t i;

	if (o->list.count)
		qsort(o->list.at, o->list.count, sizeof(*o->list.at), by_begin);
	for (i = 0; i < o->list.count; i++) {
		if (o->list.at[i].span->until_ns > latest_ns)
			latest_ns = o->list.at[i].span->until_ns;
		o->list.at[i].latest_ns = latest_ns;
	}
}

/* A destination whose times are of another clock than its source's is left out. */
static bool is_apart(const struct migrations *m, size_t process)
{
	size_t i;

	for (i = 0; i < m->list.count; i++) {
		const struct migration *g = &m->list.at[i];

		if (g->destination != MIGRATION_NONE && !join_has_destination(g) &&
		    m->sides.at[g->destination].process == process)
			return true;
	}
	return false;
}

static int process_take(struct join_operations *o, size_t number,
			const struct layers_report *r)
{
	struct machine_keys k = { 0 };
	int ret = keys_find(&k, &o->migrations->processes.at[number], r);
	size_t i, *at;

	for (i = 0; !ret && i < o->list.count; i++) {
		if (!key_is(&k, o->list.at[i].object->key))
			continue;
		at = vmsync_array_add(&o->list.at[i].processes);
		if (at)
			*at = number;
		else
			ret = -ENOMEM;
		o->owned++;
	}
	vmsync_array_free(&k.at);
	return ret;
}

int join_operations_init(struct join_operations *o, const struct migrations *m,
			 const struct layers_report *r)
{
	size_t i, n;
	int ret = 0;

	*o = (struct join_operations){ .migrations = m };
	for (i = 0; i < r->engine->tracks.count; i++) {
		for (n = 0; !ret && n < r->listed[i].objects.count; n++)
			ret = object_take(o, r->engine,
					  r->listed[i].objects.at[n]);
	}
	sort(o);
	for (i = 0; !ret && i < m->processes.count; i++) {
		if (!is_apart(m, i))
			ret = process_take(o, i, r);
	}
	return ret;
}

void join_operations_free(struct join_operations *o)
{
	size_t i;

	for (i = 0; i < o->list.count; i++) {
		vmsync_array_free(&o->list.at[i].processes);
		vmsync_array_free(&o->list.at[i].vcpus);
	}
	vmsync_array_free(&o->list);
}

/* -------------------------------------------------------------- virtual CPUs */

/* Of which process a virtual CPU is may be told later: until the end it is of any. */
static struct join_did *did_of(struct join_operation *op, size_t machine,
			       uint32_t vcpu)
{
	struct join_did *d;
	size_t i;

	for (i = 0; i < op->vcpus.count; i++) {
		d = &op->vcpus.at[i];
		if (d->machine == machine && d->vcpu == vcpu)
			return d;
	}
	d = vmsync_array_add(&op->vcpus);
	if (d)
		*d = (struct join_did){ .machine = machine,
					.process = MIGRATION_NONE,
					.vcpu = vcpu,
					.first_ns = INT64_MAX,
					.last_ns = INT64_MIN };
	return d;
}

static void did(struct join_did *d, int64_t from_ns, int64_t until_ns,
		enum analysis_state state)
{
	d->ns[state] += until_ns - from_ns;
	if (state != ANALYSIS_GUEST && state != ANALYSIS_GUEST_IDLE)
		return;
	if (from_ns < d->first_ns)
		d->first_ns = from_ns;
	if (until_ns > d->last_ns)
		d->last_ns = until_ns;
}

/* Of the list, those that begin before that. */
static size_t begun(const struct join_operations *o, int64_t ns)
{
	size_t from = 0, to = o->list.count;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (o->list.at[mid].span->from_ns < ns)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

int join_operations_stay(struct join_operations *o, size_t machine,
			 int64_t epoch_ns, const struct analysis_stay *s)
{
	int64_t from_ns = s->from_ns + epoch_ns, until_ns = s->until_ns + epoch_ns;
	size_t i = begun(o, until_ns);

	while (i-- && o->list.at[i].latest_ns > from_ns) {
		struct join_operation *op = &o->list.at[i];
		const struct layers_span *span = op->span;
		struct join_did *d;

		if (!op->processes.count || span->until_ns <= from_ns)
			continue;
		d = did_of(op, machine, s->vcpu);
		if (!d)
			return -ENOMEM;
		did(d, span->from_ns > from_ns ? span->from_ns : from_ns,
		    span->until_ns < until_ns ? span->until_ns : until_ns,
		    s->state);
	}
	return 0;
}

static size_t process_of(const struct join_operations *o,
			 const struct join_operation *op, size_t machine,
			 int32_t pid)
{
	size_t i;

	for (i = 0; i < op->processes.count; i++) {
		if (migration_process_is(o->migrations, op->processes.at[i],
					 machine, pid))
			return op->processes.at[i];
	}
	return MIGRATION_NONE;
}

void join_operations_end(struct join_operations *o, size_t machine,
			 const struct analysis *a)
{
	size_t i, n, kept;

	for (i = 0; i < o->list.count; i++) {
		struct join_operation *op = &o->list.at[i];

		for (n = kept = 0; n < op->vcpus.count; n++) {
			struct join_did *d = &op->vcpus.at[n];

			if (d->machine == machine) {
				d->process = process_of(
					o, op, machine,
					analysis_model_vcpu_id(a->model, d->vcpu)
						.pid);
				analysis_vcpu_text(a, d->vcpu, d->name,
						   sizeof(d->name));
			}
			if (d->process != MIGRATION_NONE)
				op->vcpus.at[kept++] = *d;
		}
		op->vcpus.count = kept;
	}
}
