// SPDX-License-Identifier: MIT
/* Recognises the event headers that the hot loops know. */
#include "ctf/bits.h"

static bool is_number(const struct ctf_type *t, unsigned int size,
		      unsigned int align)
{
	return (t->kind == CTF_INT || t->kind == CTF_ENUM) && t->size == size &&
	       t->align == align && !t->is_signed && !t->big_endian;
}

static bool is_stamp(const struct ctf_member *m, unsigned int size,
		     unsigned int align)
{
	return is_number(m->type, size, align) &&
	       (m->type->clock || !strcmp(m->raw_name, "timestamp"));
}

static const struct ctf_type *option_of(const struct ctf_type *v,
					const char *label)
{
	size_t i;

	for (i = 0; i < v->n_members; i++)
		if (!strcmp(v->members[i].raw_name, label))
			return v->members[i].type;
	return NULL;
}

/* LTTng's two headers: a short id and stamp, or an escape and long ones. */
static bool is_lttng(const struct ctf_type *h, unsigned int id_size,
		     unsigned int stamp_size)
{
	unsigned int align = id_size % 8 ? 1 : 8;
	const struct ctf_type *id, *v, *brief, *ext;

	if (!h || h->n_members != 2 || h->align != 8)
		return false;
	id = h->members[0].type;
	v = h->members[1].type;
	if (id->kind != CTF_ENUM || !is_number(id, id_size, align) ||
	    strcmp(h->members[0].raw_name, "id") || id->n_ranges != 2 ||
	    id->ranges[0].lo != 0 || id->ranges[0].hi != low_bits(id_size) - 1 ||
	    id->ranges[1].lo != low_bits(id_size) ||
	    id->ranges[1].hi != low_bits(id_size))
		return false;
	if (v->kind != CTF_VARIANT || v->n_members != 2 || !v->ref ||
	    strcmp(v->ref, "id"))
		return false;
	brief = option_of(v, id->ranges[0].label);
	ext = option_of(v, id->ranges[1].label);
	if (!brief || !ext || brief == ext || brief->kind != CTF_STRUCT ||
	    ext->kind != CTF_STRUCT || brief->align != align || ext->align != 8)
		return false;
	return brief->n_members == 1 && ext->n_members == 2 &&
	       is_stamp(&brief->members[0], stamp_size, align) &&
	       is_number(ext->members[0].type, 32, 8) &&
	       !strcmp(ext->members[0].raw_name, "id") &&
	       is_stamp(&ext->members[1], 64, 8);
}

static bool plain_code(const struct op *o)
{
	return o->code >= OP_U8 && o->code <= OP_U64;
}

/* id and stamp are plain numbers that do not move. */
static bool is_fixed(const struct sclass *sc, struct fixed_header *f)
{
	const struct op *o = sc->event_head.op;

	memset(f, 0, sizeof(*f));
	if (!sc->header || sc->header->bits == NOT_FIXED || sc->event_slots ||
	    sc->header->align > 8 || sc->header->align < 8 ||
	    sc->header->bits % 8 || sc->header->bits > 255 * 8)
		return false;
	for (; o->code != OP_END; o++) {
		if (o->slot >= 0)
			return false;
		if (o->sem != SEM_ID && o->sem != SEM_STAMP)
			continue;
		if (!plain_code(o) || o->node->fixed == NOT_FIXED ||
		    (o->sem == SEM_ID ? f->id_size : f->stamp_size))
			return false;
		if (o->sem == SEM_ID) {
			f->id_at = (uint8_t)(o->node->fixed / 8);
			f->id_size = o->size / 8;
		} else {
			f->stamp_at = (uint8_t)(o->node->fixed / 8);
			f->stamp_size = o->size / 8;
		}
	}
	f->size = (uint8_t)(sc->header->bits / 8);
	return f->id_size != 0;
}

/* To be called when all classes are planned: they may refer to the header. */
void header_classify(struct sclass *sc)
{
	if (!sc->header)
		sc->kind = HEADER_NONE;
	else if (!sc->event_slots && is_lttng(sc->header, 5, 27))
		sc->kind = HEADER_COMPACT;
	else if (!sc->event_slots && is_lttng(sc->header, 16, 32))
		sc->kind = HEADER_LARGE;
	else if (is_fixed(sc, &sc->fixed))
		sc->kind = HEADER_FIXED;
	else
		sc->kind = HEADER_ANY;
}
