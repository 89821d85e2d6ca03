// SPDX-License-Identifier: MIT
/* The metadata of a rewritten trace: the text as it was, other offsets. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <strings.h>

#include "ctf/outdir.h"
#include "ctf/patch.h"

#define SIGNATURE	"/* CTF 1.8 */"

struct edit {
	struct meta_span at;
	char text[100];
};

static int by_place(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	if (x->at.from != y->at.from)
		return x->at.from < y->at.from ? -1 : 1;
	return strcmp(x->text, y->text);
}

/* Replaces the value where there is one, else declares it. */
static void set(struct edit *edits, size_t *n, const struct clock *c,
		const struct meta_span *at, const char *insert, int64_t value)
{
	struct edit *d = &edits[*n];

	if (at->to) {
		d->at = *at;
		snprintf(d->text, sizeof(d->text), "%" PRId64, value);
	} else if (value) {
		d->at.from = d->at.to = c->block.from;
		snprintf(d->text, sizeof(d->text), insert, value);
	} else {
		return;
	}
	(*n)++;
}

static void set_absolute(struct edit *edits, size_t *n, const struct clock *c)
{
	bool has = c->absolute.to;
	struct edit *d = &edits[*n];

	if (c->pub.absolute || c->pub.is_implied)
		return;
	d->at = c->absolute;
	if (!has)
		d->at.from = d->at.to = c->block.from;
	snprintf(d->text, sizeof(d->text), has ? "true" :
						 "\n\tabsolute = true;");
	(*n)++;
}

/* CTF 2 wants 0 <= cycles < frequency. */
static void set_json(struct edit *edits, size_t *n, const struct clock *c,
		     const struct ctf_rewrite *how)
{
	int64_t freq = c->pub.freq > INT64_MAX ? INT64_MAX :
						 (int64_t)c->pub.freq;
	int64_t s = how->offset_s + how->offset / freq;
	int64_t cycles = how->offset % freq;
	struct edit *d = &edits[*n];

	if (cycles < 0) {
		cycles += freq;
		s--;
	}
	d->at = c->block;
	snprintf(d->text, sizeof(d->text),
		 c->has_offset ? "{\"seconds\": %" PRId64 ", \"cycles\": %" PRId64
				 "}" :
				 "\"offset-from-origin\": {\"seconds\": %" PRId64
				 ", \"cycles\": %" PRId64 "}, ",
		 s, cycles);
	(*n)++;
}

/* TSDL: into the block that is there, or into one of its own. */
static void set_env(struct edit *edits, size_t *n, const struct ctf_trace *t,
		    const struct ctf_rewrite *how)
{
	struct edit *d = &edits[(*n)++];
	bool has = t->env_block.to;

	d->at.from = has ? t->env_block.from : t->text_len;
	d->at.to = d->at.from;
	snprintf(d->text, sizeof(d->text),
		 has ? "\n\t%.30s = \"%.40s\";" :
		       "\nenv {\n\t%.30s = \"%.40s\";\n};\n",
		 how->env_key, how->env_value);
}

/* CTF 2: the class of the trace is a fragment that need not be there. */
static void set_env_json(struct edit *edits, size_t *n,
			 const struct ctf_trace *t,
			 const struct ctf_rewrite *how)
{
	struct edit *d = &edits[*n];

	if (!t->env_block.to)
		return;
	d->at.from = d->at.to = t->env_block.from;
	snprintf(d->text, sizeof(d->text),
		 t->has_env ? "\"%.30s\": \"%.40s\"%s" :
			      "\"environment\": {\"%.30s\": \"%.40s\"}%s",
		 how->env_key, how->env_value,
		 t->env_is_empty ? "" : ", ");
	(*n)++;
}

static int append(char **out, size_t *n, size_t *cap, const char *s, size_t len)
{
	if (vec_grow(out, cap, *n + len + 1, 1))
		return -ENOMEM;
	memcpy(*out + *n, s, len);
	*n += len;
	return 0;
}

static int apply(const struct ctf_trace *t, const struct edit *edits, size_t n,
		 char **out, size_t *len)
{
	size_t cap = 0, at = 0, i;
	int ret = 0;

	if (!t->is_json &&
	    strncmp(t->text, SIGNATURE, strlen(SIGNATURE)))
		ret = append(out, len, &cap, SIGNATURE "\n\n",
			     strlen(SIGNATURE) + 2);
	for (i = 0; !ret && i < n; i++) {
		ret = append(out, len, &cap, t->text + at,
			     edits[i].at.from - at);
		if (!ret)
			ret = append(out, len, &cap, edits[i].text,
				     strlen(edits[i].text));
		at = edits[i].at.to;
	}
	return ret ? ret : append(out, len, &cap, t->text + at,
				  t->text_len - at);
}

static void uuid_text(const uint8_t *u, char text[37])
{
	int i;

	for (i = 0; i < 16; i++) {
		bool dash = i == 4 || i == 6 || i == 8 || i == 10;

		text += sprintf(text, dash ? "-%02x" : "%02x", u[i]);
	}
}

/* A text of the same length wherever a uuid is. */
static void set_uuid(char *text, size_t len, const uint8_t *uuid,
		     uint32_t clone)
{
	char had[37], has[37];
	uint8_t other[16];
	size_t i;

	uuid_clone(uuid, clone, other);
	uuid_text(uuid, had);
	uuid_text(other, has);
	for (i = 0; i + 36 <= len; i++) {
		if (!strncasecmp(text + i, had, 36))
			memcpy(text + i, has, 36);
	}
}

static void set_uuids(const struct ctf_trace *t, char *text, size_t len,
		      uint32_t clone)
{
	size_t i, k;

	if (t->has_uuid)
		set_uuid(text, len, t->uuid, clone);
	for (i = 0; i < t->n_clocks; i++) {
		const struct ctf_clock *c = &t->clocks[i]->pub;
		bool again = t->has_uuid && !memcmp(t->uuid, c->uuid, 16);

		for (k = 0; k < i; k++)
			again |= !memcmp(t->clocks[k]->pub.uuid, c->uuid, 16);
		if (c->has_uuid && !again)
			set_uuid(text, len, c->uuid, clone);
	}
}

int rewrite_metadata(const struct ctf_trace *t, const struct outdir *d,
		     const struct ctf_rewrite *how, struct ctf_error *e)
{
	struct edit *edits = calloc(3 * t->n_clocks + 2, sizeof(*edits));
	struct outfile f = { .fd = -1 };
	size_t n = 0, len = 0, i;
	char *text = NULL;
	int ret, closed;

	if (!edits)
		return fail_nomem(e);
	for (i = 0; how->set_offset && i < t->n_clocks; i++) {
		const struct clock *c = t->clocks[i];

		if (how->only && how->only != &c->pub)
			continue;
		if (t->is_json) {
			set_json(edits, &n, c, how);
			continue;
		}
		set(edits, &n, c, &c->offset_s, "\n\toffset_s = %" PRId64 ";",
		    how->offset_s);
		set(edits, &n, c, &c->offset, "\n\toffset = %" PRId64 ";",
		    how->offset);
	}
	for (i = 0; how->absolute && !t->is_json && i < t->n_clocks; i++)
		set_absolute(edits, &n, t->clocks[i]);
	if (how->env_key && t->is_json)
		set_env_json(edits, &n, t, how);
	else if (how->env_key)
		set_env(edits, &n, t, how);
	qsort(edits, n, sizeof(*edits), by_place);
	ret = apply(t, edits, n, &text, &len);
	if (ret)
		fail_nomem(e);
	else if (how->clone && !t->is_json)
		set_uuids(t, text, len, how->clone);
	if (!ret)
		ret = outfile_create(&f, d, "metadata", false, e);
	if (!ret)
		ret = outfile_write(&f, text, len, 0, e);
	closed = outfile_close(&f, ret ? NULL : e);
	free(text);
	free(edits);
	return ret ? ret : closed;
}

int ctf_metadata_rewrite(const struct ctf_trace *t, const char *out,
			 const struct ctf_rewrite *how, struct ctf_error *e)
{
	struct outdir d;
	int ret = outdir_open(&d, out, e);

	if (!ret)
		ret = rewrite_metadata(t, &d, how, e);
	outdir_close(&d);
	return ret;
}
