// SPDX-License-Identifier: MIT
/* From what a parser found to what the engine runs on. */
#include <stdlib.h>

#include "ctf/internal.h"

#define NOT_GIVEN	UINT64_MAX
#define MAX_CLOCKS	1024

/* The clock of this name; a type may mention it before it is declared. */
struct clock *clock_get(struct ctf_trace *t, const char *name)
{
	struct clock *c;
	size_t i;

	for (i = 0; i < t->n_clocks; i++)
		if (!strcmp(t->clocks[i]->pub.name, name))
			return t->clocks[i];
	if (t->n_clocks >= MAX_CLOCKS)
		return NULL;
	if (vec_grow(&t->clocks, &t->cap_clocks, t->n_clocks + 1, sizeof(c)))
		return NULL;
	c = arena_get(&t->arena, sizeof(*c));
	if (!c)
		return NULL;
	c->pub.name = arena_text(&t->arena, name, strlen(name));
	if (!c->pub.name)
		return NULL;
	return t->clocks[t->n_clocks++] = c;
}

struct sclass *sclass_add(struct ctf_trace *t)
{
	struct sclass *sc;

	if (vec_grow(&t->sclasses, &t->cap_sclasses, t->n_sclasses + 1,
		     sizeof(sc)))
		return NULL;
	sc = arena_get(&t->arena, sizeof(*sc));
	if (!sc)
		return NULL;
	sc->trace = t;
	return t->sclasses[t->n_sclasses++] = sc;
}

struct class *class_add(struct ctf_trace *t)
{
	struct class *c;

	if (vec_grow(&t->classes, &t->cap_classes, t->n_classes + 1, sizeof(c)))
		return NULL;
	c = arena_get(&t->arena, sizeof(*c));
	if (!c)
		return NULL;
	c->pub.name = "";
	c->pub.loglevel = -1;
	c->pub.stream_id = NOT_GIVEN;
	c->pub.index = t->n_classes;
	return t->classes[t->n_classes++] = c;
}

int env_add(struct ctf_trace *t, const char *key, const char *value)
{
	struct env_entry *v;

	if (vec_grow(&t->env, &t->cap_env, t->n_env + 1, sizeof(*v)))
		return -ENOMEM;
	v = &t->env[t->n_env++];
	v->key = arena_text(&t->arena, key, strlen(key));
	v->value = arena_text(&t->arena, value, strlen(value));
	return v->key && v->value ? 0 : -ENOMEM;
}

static int by_stream_id(const void *a, const void *b)
{
	const struct sclass *x = *(struct sclass *const *)a;
	const struct sclass *y = *(struct sclass *const *)b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int by_event_id(const void *a, const void *b)
{
	const struct class *x = *(struct class *const *)a;
	const struct class *y = *(struct class *const *)b;

	if (x->pub.id != y->pub.id)
		return x->pub.id < y->pub.id ? -1 : 1;
	return x->pub.index < y->pub.index ? -1 : 1;
}

static struct sclass *sclass_by_id(const struct ctf_trace *t, uint64_t id)
{
	size_t lo = 0, hi = t->n_sclasses;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->sclasses[mid]->id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->n_sclasses && t->sclasses[lo]->id == id ?
		       t->sclasses[lo] : NULL;
}

static int bad_event(const struct ctf_trace *t, const struct class *c,
		     struct ctf_error *e, const char *what)
{
	return fail(e, -EINVAL, "%s:%u:%u: event \"%.64s\" %s",
		    t->meta_path, c->line, c->col, c->pub.name, what);
}

static int join_class(struct ctf_trace *t, struct class *c, struct ctf_error *e)
{
	struct sclass *sc;

	if (c->pub.stream_id == NOT_GIVEN && t->n_sclasses > 1)
		return bad_event(t, c, e, "has no stream_id, and there are several streams");
	if (c->pub.stream_id == NOT_GIVEN)
		c->pub.stream_id = t->sclasses[0]->id;
	sc = sclass_by_id(t, c->pub.stream_id);
	if (!sc)
		return fail(e, -EINVAL,
			    "%s:%u:%u: event \"%.64s\" is of stream %llu, which is not declared",
			    t->meta_path, c->line, c->col, c->pub.name,
			    (unsigned long long)c->pub.stream_id);
	if (!t->is_json && !c->has_id && sc->n_classes)
		return bad_event(t, c, e, "has no id, and it is not the first one of its stream");
	c->sc = sc;
	if (vec_grow(&sc->classes, &sc->cap_classes, sc->n_classes + 1,
		     sizeof(c)))
		return fail_nomem(e);
	sc->classes[sc->n_classes++] = c;
	c->pub.scope[CTF_PACKET_HEADER] = t->packet_header;
	c->pub.scope[CTF_PACKET_CONTEXT] = sc->packet_context;
	c->pub.scope[CTF_EVENT_HEADER] = sc->header;
	c->pub.scope[CTF_STREAM_CONTEXT] = sc->context;
	return 0;
}

static int check_clocks(struct ctf_trace *t, struct ctf_error *e)
{
	size_t i;

	for (i = 0; i < t->n_clocks; i++)
		if (!t->clocks[i]->defined)
			return fail(e, -EINVAL,
				    "%s: clock \"%.64s\" is used but not declared",
				    t->meta_path, t->clocks[i]->pub.name);
	return 0;
}

static const struct ctf_clock *prog_clock(const struct prog *p)
{
	const struct op *o;

	for (o = p->op; o->code != OP_END; o++)
		if (o->node && o->node->type->clock)
			return o->node->type->clock;
	return NULL;
}

static bool has_stamps(const struct prog *p)
{
	const struct op *o;

	for (o = p->op; o->code != OP_END; o++)
		if (o->sem == SEM_STAMP || o->sem == SEM_BEGIN ||
		    o->sem == SEM_END)
			return true;
	return false;
}

/*
 * Fields that are named like times and of no clock are of the only one, or where
 * none is declared (LTTng did that before 2.0) count ns from the epoch.
 */
static void find_clock(struct sclass *sc)
{
	static const struct ctf_clock implied = {
		.name = "default",
		.desc = "",
		.freq = 1000000000,
		.is_implied = true,
	};
	const struct ctf_trace *t = sc->trace;

	if (!sc->clock)
		sc->clock = prog_clock(&sc->event_head);
	if (!sc->clock)
		sc->clock = prog_clock(&sc->head);
	if (sc->clock || t->n_clocks > 1 || t->is_json ||
	    !(has_stamps(&sc->event_head) || has_stamps(&sc->head)))
		return;
	sc->clock = t->n_clocks ? &t->clocks[0]->pub : &implied;
}

static bool has_jumps(const struct skip *s)
{
	for (; s->code != SKIP_END; s++)
		if (s->code == SKIP_LOOP || s->code == SKIP_SWITCH)
			return true;
	return false;
}

static void fill_quick(struct sclass *sc, const struct class *c)
{
	struct quick *q = &sc->quick[c->pub.id];
	const struct skip *rest = c->is_fixed ? NULL : c->skip;
	uint64_t fixed = c->fixed;

	if (rest) {
		fixed = 0;
		if (rest->code == SKIP_ADD && !has_jumps(rest))
			fixed = rest++->n;
	}
	/* What is so long that it fits no packet is told where all else is. */
	if (fixed >= QUICK_SKIP / 2)
		return;
	q->index = (uint32_t)c->pub.index;
	q->fixed = (uint32_t)fixed | (rest ? QUICK_SKIP : 0);
	sc->skip_rest[c->pub.id] = rest;
}

/* That byte has the id in its lower bits. What is escaped is told elsewhere. */
static int build_compact(struct sclass *sc, struct ctf_error *e)
{
	size_t i;

	sc->compact = arena_get(&sc->trace->arena,
				COMPACT_BYTES * sizeof(*sc->compact));
	if (!sc->compact)
		return fail_nomem(e);
	for (i = 0; i < COMPACT_BYTES; i++) {
		sc->compact[i] = sc->quick[i & COMPACT_ESCAPE];
		if (sc->compact[i].fixed < QUICK_RARE &&
		    sc->compact[i].fixed > sc->compact_most)
			sc->compact_most = sc->compact[i].fixed;
		if ((i & COMPACT_ESCAPE) == COMPACT_ESCAPE)
			sc->compact[i].fixed = QUICK_ESCAPE;
	}
	return 0;
}

/* The table by id. */
static int build_quick(struct sclass *sc, struct ctf_error *e)
{
	size_t n = 32, i;

	for (i = 0; i < sc->n_classes; i++)
		if (sc->classes[i]->pub.id < DENSE_IDS &&
		    sc->classes[i]->pub.id >= n)
			n = sc->classes[i]->pub.id + 1;
	sc->quick = arena_get(&sc->trace->arena, n * sizeof(*sc->quick));
	sc->skip_rest = arena_get(&sc->trace->arena,
				  n * sizeof(*sc->skip_rest));
	if (!sc->quick || !sc->skip_rest)
		return fail_nomem(e);
	sc->n_quick = n;
	for (i = 0; i < n; i++)
		sc->quick[i].fixed = QUICK_NONE;
	for (i = 0; i < sc->n_classes; i++) {
		const struct class *c = sc->classes[i];

		if (c->pub.id < DENSE_IDS && c->skip)
			fill_quick(sc, c);
	}
	return build_compact(sc, e);
}

/* What readers go by has to be what they take it for. */
static int check_members(const struct ctf_trace *t, const struct ctf_type *in,
			 const char *const *names, size_t n, const char *where,
			 struct ctf_error *e)
{
	size_t i, k;

	for (i = 0; in && i < in->n_members; i++) {
		const struct ctf_member *m = &in->members[i];

		for (k = 0; k < n && strcmp(m->raw_name, names[k]); k++)
			;
		if (k < n && ((m->type->kind != CTF_INT &&
			       m->type->kind != CTF_ENUM) || m->type->is_signed))
			return fail(e, -EINVAL,
				    "%s: \"%s\" of the %s is no unsigned integer",
				    t->meta_path, m->raw_name, where);
	}
	return 0;
}

static bool is_uuid(const struct ctf_type *t)
{
	return t->kind == CTF_ARRAY && t->len == 16 &&
	       t->elem->kind == CTF_INT && t->elem->size == 8 &&
	       t->elem->align == 8 && !t->elem->is_signed;
}

static int check_packet_header(const struct ctf_trace *t, struct ctf_error *e)
{
	static const char *const names[] = { "magic", "stream_id",
					     "stream_instance_id" };
	const struct ctf_type *in = t->packet_header;
	size_t i;

	for (i = 0; in && i < in->n_members; i++) {
		const struct ctf_member *m = &in->members[i];
		bool magic = !strcmp(m->raw_name, "magic");

		if (magic && (i || m->type->size != 32))
			return fail(e, -EINVAL,
				    "%s: \"magic\" has to be the packet header's first 32 bits",
				    t->meta_path);
		if (!strcmp(m->raw_name, "uuid") && !is_uuid(m->type))
			return fail(e, -EINVAL,
				    "%s: \"uuid\" of the packet header is not 16 bytes",
				    t->meta_path);
	}
	return check_members(t, in, names, sizeof(names) / sizeof(*names),
			     "packet header", e);
}

static int check_heads(const struct sclass *sc, struct ctf_error *e)
{
	static const char *const packet[] = {
		"timestamp_begin", "timestamp_end", "content_size",
		"packet_size", "packet_seq_num", "events_discarded",
	};
	static const char *const event[] = { "id" };
	int ret;

	ret = check_members(sc->trace, sc->packet_context, packet,
			    sizeof(packet) / sizeof(*packet), "packet context",
			    e);
	return ret ? ret : check_members(sc->trace, sc->header, event, 1,
					 "event header", e);
}

static int build_sclass(struct sclass *sc, struct ctf_error *e)
{
	struct ctf_trace *t = sc->trace;
	size_t i;
	int ret;

	if (sc->n_classes)
		qsort(sc->classes, sc->n_classes, sizeof(*sc->classes),
		      by_event_id);
	for (i = 1; i < sc->n_classes; i++)
		if (sc->classes[i]->pub.id == sc->classes[i - 1]->pub.id)
			return fail(e, -EINVAL,
				    "%s:%u:%u: event \"%.64s\" has the id of event \"%.64s\"",
				    t->meta_path, sc->classes[i]->line,
				    sc->classes[i]->col,
				    sc->classes[i]->pub.name,
				    sc->classes[i - 1]->pub.name);
	ret = sc->trace->is_json ? 0 : check_heads(sc, e);
	if (!ret)
		ret = plan_heads(sc, e);
	if (ret)
		return ret;
	find_clock(sc);
	for (i = 0; i < sc->n_classes; i++) {
		sc->classes[i]->pub.clock = sc->clock;
		ret = plan_class(sc->classes[i], e);
		if (!ret)
			ret = fold_class(sc->classes[i], e);
		if (!ret)
			ret = flat_class(sc->classes[i], e);
		if (ret)
			return ret;
		sc->classes[i]->hides = hides(&sc->classes[i]->prog);
	}
	header_classify(sc);
	return build_quick(sc, e);
}

int trace_build(struct ctf_trace *t, struct ctf_error *e)
{
	size_t i;
	int ret;

	if (t->n_classes >= WALK_CLS)
		return fail(e, -EINVAL, "%s: too many events", t->meta_path);
	ret = check_clocks(t, e);
	if (ret)
		return ret;
	if (!t->n_sclasses && !sclass_add(t))
		return fail_nomem(e);
	qsort(t->sclasses, t->n_sclasses, sizeof(*t->sclasses), by_stream_id);
	for (i = 1; i < t->n_sclasses; i++)
		if (t->sclasses[i]->id == t->sclasses[i - 1]->id)
			return fail(e, -EINVAL,
				    "%s: two stream blocks with id %llu",
				    t->meta_path,
				    (unsigned long long)t->sclasses[i]->id);
	for (i = 0; i < t->n_classes; i++) {
		ret = join_class(t, t->classes[i], e);
		if (ret)
			return ret;
	}
	ret = t->is_json ? 0 : check_packet_header(t, e);
	if (!ret)
		ret = plan_trace_head(t, e);
	for (i = 0; !ret && i < t->n_sclasses; i++)
		ret = build_sclass(t->sclasses[i], e);
	return ret;
}

const struct class *class_by_id(const struct sclass *sc, uint64_t id)
{
	size_t lo = 0, hi = sc->n_classes;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (sc->classes[mid]->pub.id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < sc->n_classes && sc->classes[lo]->pub.id == id ?
		       sc->classes[lo] : NULL;
}
