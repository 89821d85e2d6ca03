// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/layers/value.h"
#include "fuse/names.h"

#define NAME_BYTES 512

static bool name_copy(struct layer_slice s, char name[NAME_BYTES])
{
	if (s.len >= NAME_BYTES)
		return false;
	memcpy(name, s.s, s.len);
	name[s.len] = '\0';
	return true;
}

/* By its name in the trace, or by LTTng's. */
static bool is_meant(struct layer_slice event, const struct ctf_class *cls)
{
	char glob[NAME_BYTES];

	return name_copy(event, glob) &&
	       (!fnmatch(glob, cls->name, 0) ||
		!fnmatch(glob, vmsync_event_name(cls), 0));
}

static bool has(const struct ctf_trace *t, struct layer_slice event)
{
	size_t i, n = ctf_trace_classes(t);

	for (i = 0; i < n && !is_meant(event, ctf_trace_class(t, i)); i++)
		;
	return i < n;
}

/* perf's names of contexts and payload are others, see names.h. */
static bool field_find(const struct ctf_class *cls, const char *name,
		       struct ctf_field *out)
{
	return vmsync_payload_find(cls, name, out) ||
	       ctf_field_any(cls, name, out) ||
	       vmsync_context_find(cls, name, out);
}

static int class_init(struct layers_class *c, const struct layer *l,
		      const struct ctf_class *cls)
{
	char name[NAME_BYTES];
	uint32_t i;

	for (i = 0; i < l->blocks.count; i++) {
		if (!is_meant(l->blocks.at[i].event, cls))
			continue;
		if (!c->blocks)
			c->blocks = calloc(l->blocks.count, sizeof(*c->blocks));
		if (!c->blocks)
			return -ENOMEM;
		c->blocks[c->n_blocks++] = i;
	}
	if (!c->n_blocks)
		return 0;
	c->field = calloc(l->sources.count + 1, sizeof(*c->field));
	if (!c->field)
		return -ENOMEM;
	for (i = 0; i < l->sources.count; i++) {
		const struct layer_source *s = &l->sources.at[i];

		if (s->kind != LAYER_FIELD || !name_copy(s->name, name) ||
		    !field_find(cls, name, &c->field[i]))
			c->field[i].type = NULL;
	}
	return 0;
}

/* What is the same for all events of a trace. */
static const char *told_by(const struct ctf_trace *t,
			   const struct layer_source *s)
{
	char name[NAME_BYTES];

	if (s->kind == LAYER_HOSTNAME)
		return vmsync_hostname(t);
	if (s->kind != LAYER_ENV || !name_copy(s->name, name))
		return NULL;
	return ctf_trace_env(t, name + strlen(LAYER_ENV_PREFIX));
}

int layers_bind(struct layers_binding *b, const struct layer *l,
		const struct ctf_trace *t)
{
	size_t i, n = ctf_trace_classes(t);
	int ret = 0;

	b->told = calloc(l->sources.count + 1, sizeof(*b->told));
	b->cls = calloc(n + 1, sizeof(*b->cls));
	if (!b->told || !b->cls)
		return -ENOMEM;
	b->n = n;
	for (i = 0; i < l->sources.count; i++)
		b->told[i] = told_by(t, &l->sources.at[i]);
	for (i = 0; i < l->needs.count; i++) {
		if (!has(t, l->needs.at[i]))
			return 0;
	}
	for (i = 0; !ret && i < n; i++)
		ret = class_init(&b->cls[i], l, ctf_trace_class(t, i));
	return ret;
}

void layers_unbind(struct layers_binding *b)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		free(b->cls[i].blocks);
		free(b->cls[i].field);
	}
	free(b->told);
	free(b->cls);
	b->told = NULL;
	b->cls = NULL;
	b->n = 0;
}
