// SPDX-License-Identifier: MIT
#include "join/join.h"

#include <errno.h>
#include <string.h>

static int64_t begin_of(const struct migrations *m, const struct migration *g)
{
	return migration_of(m, g)->begin_ns;
}

bool join_has_destination(const struct migration *g)
{
	return g->destination != MIGRATION_NONE &&
	       (g->source == MIGRATION_NONE || g->clocks != MIGRATION_APART);
}

/* A destination may have more to say than its source. */
static int64_t end_of(const struct migrations *m, const struct migration *g)
{
	int64_t ns = migration_of(m, g)->end_ns;

	if (join_has_destination(g) &&
	    m->sides.at[g->destination].end_ns > ns)
		ns = m->sides.at[g->destination].end_ns;
	return ns;
}

bool join_keeps(const void *ctx, const struct layers_object *obj)
{
	const struct migrations *m = ctx;
	size_t i;

	for (i = 0; i < m->list.count; i++) {
		const struct migration *g = &m->list.at[i];

		if (obj->first_ns <= end_of(m, g) + JOIN_AROUND_NS &&
		    obj->last_ns >= begin_of(m, g) - JOIN_AROUND_NS)
			return true;
	}
	return false;
}

static bool is_called(const struct layers_object *obj, const char *name)
{
	return name && (!strcmp(obj->key, name) ||
			(obj->name && !strcmp(obj->name, name)));
}

/* Either QEMU may say whose it is. */
static bool is_seed(const struct join *j, const struct layers_object *obj)
{
	const struct migrations *m = j->migrations;
	const size_t sides[] = { j->migration->source,
				 j->migration->destination };
	size_t i;

	for (i = 0; i < 2; i++) {
		const struct migration_process *p;

		if (sides[i] == MIGRATION_NONE)
			continue;
		p = &m->processes.at[m->sides.at[sides[i]].process];
		if (is_called(obj, p->uuid) || is_called(obj, p->vm))
			return true;
	}
	return false;
}

static bool links_to(const struct layers_object *from,
		     const struct layers_object *to)
{
	size_t i;

	for (i = 0; i < from->links.count; i++) {
		if (from->links.at[i].track == to->track &&
		    !strcmp(from->links.at[i].key, to->key))
			return true;
	}
	return false;
}

static bool is_linked(const struct join *j, const struct layers_object *obj)
{
	size_t i;

	for (i = 0; i < j->n_seeds; i++) {
		if (links_to(obj, j->objects.at[i]) ||
		    links_to(j->objects.at[i], obj))
			return true;
	}
	return false;
}

/*
 * The operation is what the virtual machine was in all the time while QEMU began to
 * migrate it. A state that lasts for days is none.
 */
static void time_take(struct join *j, const struct layers_object *obj)
{
	int64_t begin_ns = begin_of(j->migrations, j->migration);
	size_t i;

	for (i = 0; i < obj->spans.count; i++) {
		const struct layers_span *s = &obj->spans.at[i];

		if (s->from_ns > begin_ns || s->until_ns < begin_ns ||
		    s->from_ns < begin_ns - JOIN_AROUND_NS ||
		    s->until_ns > end_of(j->migrations, j->migration) +
					  JOIN_AROUND_NS)
			continue;
		if (s->from_ns < j->from_ns)
			j->from_ns = s->from_ns;
		if (s->until_ns > j->until_ns)
			j->until_ns = s->until_ns;
	}
}

static int take_all(struct join *j, const struct layers_report *r, bool seeds)
{
	size_t i, k;

	for (i = 0; i < r->engine->tracks.count; i++) {
		for (k = 0; k < r->listed[i].objects.count; k++) {
			const struct layers_object *obj =
				r->listed[i].objects.at[k];
			const struct layers_object **at;

			if (is_seed(j, obj) != seeds ||
			    (!seeds && !is_linked(j, obj)) ||
			    obj->first_ns > j->until_ns ||
			    obj->last_ns < j->from_ns)
				continue;
			at = vmsync_array_add(&j->objects);
			if (!at)
				return -ENOMEM;
			*at = obj;
			if (seeds)
				time_take(j, obj);
		}
	}
	return 0;
}

int join_init(struct join *j, const struct migrations *m,
	      const struct migration *g, const struct layers_report *r)
{
	int64_t around;
	int ret;

	*j = (struct join){ .migrations = m, .migration = g };
	j->from_ns = begin_of(m, g);
	j->until_ns = end_of(m, g);
	around = (j->until_ns - j->from_ns) / 20 + 1;
	j->near_from_ns = j->from_ns - around;
	j->near_until_ns = j->until_ns + around;
	j->window_ns = (j->near_until_ns - j->near_from_ns) / JOIN_WINDOWS + 1;
	if (!r)
		return 0;
	ret = take_all(j, r, true);
	j->n_seeds = j->objects.count;
	return ret ? ret : take_all(j, r, false);
}

const struct layers_span *join_operation(const struct join *j,
					 const struct layers_object **of)
{
	int64_t begin_ns = migration_of(j->migrations, j->migration)->begin_ns;
	size_t i, k;

	for (i = 0; i < j->n_seeds; i++) {
		*of = j->objects.at[i];
		for (k = 0; k < (*of)->spans.count; k++) {
			const struct layers_span *s = &(*of)->spans.at[k];

			if (!(s->flags & LAYERS_NESTED) &&
			    s->from_ns >= j->from_ns &&
			    s->until_ns <= j->until_ns &&
			    s->from_ns <= begin_ns && s->until_ns > begin_ns)
				return s;
		}
	}
	return NULL;
}

void join_free(struct join *j)
{
	vmsync_array_free(&j->objects);
	vmsync_array_free(&j->vcpus);
}
