// SPDX-License-Identifier: MIT
/* Fields by name, and their values of the current event. */
#include "ctf/bits.h"
#include "ctf/plain.h"

static const struct prog *scope_prog(const struct class *c, unsigned int scope)
{
	if (scope <= CTF_PACKET_CONTEXT)
		return &c->sc->head;
	return scope == CTF_EVENT_HEADER ? &c->sc->event_head : &c->prog;
}

static const struct node *child(const struct node *n, const char *s, size_t len)
{
	const struct node *c;

	for (c = n->child; c; c = c->next)
		if (c->raw && strlen(c->raw) == len && !memcmp(c->raw, s, len))
			return c;
	for (c = n->child; c; c = c->next)
		if (c->name && strlen(c->name) == len &&
		    !memcmp(c->name, s, len))
			return c;
	return NULL;
}

bool ctf_field_find(const struct ctf_class *cls, enum ctf_scope scope,
		    const char *path, struct ctf_field *out)
{
	const struct class *c = (const struct class *)cls;
	const struct node *n = scope_prog(c, scope)->scope[scope];
	const struct op *o;

	memset(out, 0, sizeof(*out));
	while (n && *path) {
		size_t len = strcspn(path, ".");

		n = child(n, path, len);
		path += len;
		if (*path == '.')
			path++;
	}
	if (!n || n->loops || scope == CTF_EVENT_HEADER)
		return false;
	o = &scope_prog(c, scope)->op[n->op];
	out->type = n->type;
	out->cls = cls;
	out->node = n;
	out->fixed = n->fixed;
	if (n->fixed != NOT_FIXED && n->fixed % 8 == 0 &&
	    scope >= CTF_STREAM_CONTEXT && o->code >= OP_U8 &&
	    o->code <= OP_S64)
		out->fast = o->code;
	if (n->fixed != NOT_FIXED && n->fixed % 8 == 0 &&
	    scope >= CTF_STREAM_CONTEXT && n->type->is_text &&
	    n->type->kind == CTF_ARRAY)
		out->text = n->type->len;
	return true;
}

bool ctf_field_any(const struct ctf_class *cls, const char *path,
		   struct ctf_field *out)
{
	return ctf_field_find(cls, CTF_PAYLOAD, path, out) ||
	       ctf_field_find(cls, CTF_EVENT_CONTEXT, path, out) ||
	       ctf_field_find(cls, CTF_STREAM_CONTEXT, path, out) ||
	       ctf_field_find(cls, CTF_PACKET_CONTEXT, path, out);
}

/* Finds the field's bits; false where this event does not have it. */
static bool locate(const struct ctf_event *ev, const struct ctf_field *f,
		   uint64_t *pos, uint64_t *len)
{
	const struct class *c = (const struct class *)ev->cls;
	const struct node *n = f->node;
	const struct reader *rd = ev->state;
	struct run r;	/* large: only what run_find() reads is set */
	const struct ctf_type *t = f->type;

	if (f->cls != ev->cls || !n)
		return false;
	if (n->fixed != NOT_FIXED && t->kind != CTF_SEQUENCE) {
		*len = t->len;
		if (n->scope <= CTF_PACKET_CONTEXT) {
			*pos = n->fixed;
			return true;
		}
		if (!(ev->at & 7)) {
			*pos = ev->at + n->fixed;
			/* A leaf of any kind lies within a walked event. */
			return true;
		}
	}
	r.data = ev->data;
	r.slot = rd->slot;
	r.pos = 0;
	r.stop_op = n->op;
	if (n->scope <= CTF_PACKET_CONTEXT) {
		r.end = ev->packet->events_at;
	} else {
		r.pos = ev->at;
		r.end = ev->packet->content;
	}
	if (run_find(scope_prog(c, n->scope), &r) != RUN_FOUND)
		return false;
	*pos = r.pos;
	*len = r.found_len;
	return true;
}

static uint64_t load_int(const uint8_t *data, uint64_t pos,
			 uint64_t end, const struct ctf_type *t)
{
	uint64_t v = 0;

	if (t->is_varlen) {
		varlen_read(data, pos, end, t->is_signed, &v);
		return v;
	}
	v = bits_read(data, pos, t->size, t->big_endian);
	return t->is_signed ? sign_extend(v, t->size) : v;
}

bool ctf_get_u64(const struct ctf_event *ev, const struct ctf_field *f,
		 uint64_t *out)
{
	const uint8_t *p = ev->data + ((ev->at + f->fixed) >> 3);
	uint64_t pos, len;

	if (likely(f->fast && f->cls == ev->cls && !(ev->at & 7))) {
		switch (f->fast) {
		case OP_U8:
			*out = *p;
			return true;
		case OP_U16:
			*out = load16(p);
			return true;
		case OP_U32:
			*out = load32(p);
			return true;
		case OP_S8:
			*out = (uint64_t)(int64_t)(int8_t)*p;
			return true;
		case OP_S16:
			*out = (uint64_t)(int64_t)(int16_t)load16(p);
			return true;
		case OP_S32:
			*out = (uint64_t)(int64_t)(int32_t)load32(p);
			return true;
		default:
			*out = load64(p);
			return true;
		}
	}
	if (!f->type || (f->type->kind != CTF_INT && f->type->kind != CTF_ENUM) ||
	    !locate(ev, f, &pos, &len))
		return false;
	if (pos + (f->type->is_varlen ? 8 : f->type->size) > ev->packet->content)
		return false;
	*out = load_int(ev->data, pos, ev->packet->content, f->type);
	return true;
}

bool ctf_field_plain(const struct ctf_field *f, struct ctf_plain *out)
{
	if (!f->fast || f->fixed / 8 > UINT32_MAX - CTF_PLAIN_BYTES)
		return false;
	out->at = (uint32_t)(f->fixed / 8);
	out->mask = low_bits(f->type->size);
	out->sign = f->type->is_signed ? 1ull << (f->type->size - 1) : 0;
	return true;
}

bool ctf_field_plain_text(const struct ctf_field *f, uint64_t bytes,
			  uint32_t *at)
{
	if (!bytes || f->text != bytes ||
	    f->fixed / 8 > UINT32_MAX - CTF_PLAIN_BYTES)
		return false;
	*at = (uint32_t)(f->fixed / 8);
	return true;
}

bool ctf_get_s64(const struct ctf_event *ev, const struct ctf_field *f,
		 int64_t *out)
{
	uint64_t v;

	if (!ctf_get_u64(ev, f, &v))
		return false;
	*out = (int64_t)v;
	return true;
}

bool ctf_get_f64(const struct ctf_event *ev, const struct ctf_field *f,
		 double *out)
{
	uint64_t pos, len, v;
	uint32_t v32;
	float f32;

	if (!f->type || f->type->kind != CTF_FLOAT || !locate(ev, f, &pos, &len) ||
	    pos + f->type->size > ev->packet->content)
		return false;
	v = bits_read(ev->data, pos, f->type->size, f->type->big_endian);
	if (f->type->size == 32) {
		v32 = (uint32_t)v;
		memcpy(&f32, &v32, sizeof(f32));
		*out = (double)f32;
	} else {
		memcpy(out, &v, sizeof(*out));
	}
	return true;
}

const char *ctf_get_str(const struct ctf_event *ev, const struct ctf_field *f,
			size_t *len)
{
	const uint8_t *p, *end, *z;
	uint64_t pos, n, room;

	if (!f->type || !f->type->is_text ||
	    (f->type->kind != CTF_STRING && f->type->kind != CTF_ARRAY &&
	     f->type->kind != CTF_SEQUENCE) ||
	    !locate(ev, f, &pos, &n) || pos & 7 || pos > ev->packet->content)
		return NULL;
	p = ev->data + pos / 8;
	room = (ev->packet->content - pos) / 8;
	if (f->type->kind == CTF_STRING) {
		n = string_size(p, p + room);
		if (!n)
			return NULL;
		n--;
	} else {
		if (n > room)
			return NULL;
		end = p + n;
		z = n ? memchr(p, 0, n) : NULL;
		n = (uint64_t)((z ? z : end) - p);
	}
	if (len)
		*len = n;
	return (const char *)p;
}

bool ctf_str_begins(const struct ctf_event *ev, const struct ctf_field *f,
		    const char *s, size_t n)
{
	const char *text;
	size_t len;

	/* All of a fixed row of bytes lies within a walked event. */
	if (likely(f->text >= n && f->cls == ev->cls && !(ev->at & 7)))
		return !memcmp(ev->data + ((ev->at + f->fixed) >> 3), s, n);
	text = ctf_get_str(ev, f, &len);
	return text && len >= n && !memcmp(text, s, n);
}

bool ctf_get_len(const struct ctf_event *ev, const struct ctf_field *f,
		 uint64_t *out)
{
	uint64_t pos;

	return f->type &&
	       (f->type->kind == CTF_ARRAY || f->type->kind == CTF_SEQUENCE) &&
	       locate(ev, f, &pos, out);
}

bool ctf_get_elem(const struct ctf_event *ev, const struct ctf_field *f,
		  uint64_t i, uint64_t *out)
{
	const struct ctf_type *el = f->type ? f->type->elem : NULL;
	uint64_t pos, len;

	if (!el || el->is_varlen || (el->kind != CTF_INT && el->kind != CTF_ENUM) ||
	    !locate(ev, f, &pos, &len) || i >= len || len > MAX_BITS)
		return false;
	pos += i * align_up(el->size, el->align);
	if (pos + el->size > ev->packet->content)
		return false;
	*out = load_int(ev->data, pos, ev->packet->content, el);
	return true;
}
