// SPDX-License-Identifier: MIT
/*
 * From types to skip lists: fixed runs become one addition, so that most
 * events of a kernel trace are skipped by one table look-up.
 *
 * A list is made for events that begin on a whole byte. Where something does
 * not end on one, there is no list, and exec.c walks the event.
 */
#include <stdlib.h>

#include "ctf/internal.h"

struct fold {
	struct class *cls;
	struct skip *s;
	size_t n, cap;
	uint64_t off;		/* bits since the last emitted step */
	uint64_t known;		/* the base is aligned to so many bits */
	uint64_t align;		/* the most that was asked for */
	bool odd;		/* does not fit whole bytes: give up */
	bool nomem;
	unsigned int nodes;
	struct skip dummy;	/* where memory is out */
};

static struct skip *emit(struct fold *f, enum skip_code code)
{
	struct skip *s;

	if (vec_grow(&f->s, &f->cap, f->n + 1, sizeof(*s))) {
		f->nomem = true;
		return memset(&f->dummy, 0, sizeof(f->dummy));
	}
	s = memset(&f->s[f->n++], 0, sizeof(*s));
	s->code = (uint8_t)code;
	s->slot = -1;
	return s;
}

static uint64_t low_bit(uint64_t x)
{
	return x & -x;
}

/* Emits what is pending; afterwards the base is here. */
static void flush(struct fold *f)
{
	if (f->off % 8)
		f->odd = true;
	if (f->off >= 8) {
		emit(f, SKIP_ADD)->n = f->off / 8;
		if (low_bit(f->off) < f->known)
			f->known = low_bit(f->off);
	}
	if (f->known < 8)
		f->known = 8;
	f->off = 0;
}

static void align(struct fold *f, uint64_t a)
{
	if (a > f->align)
		f->align = a;
	if (a <= f->known) {
		f->off = align_up(f->off, a);
		return;
	}
	f->off = align_up(f->off, 8);
	flush(f);
	emit(f, SKIP_ALIGN)->n = a / 8;
	f->known = a;
}

static const struct op *op_of(const struct fold *f, const struct node *n)
{
	return &f->cls->prog.op[n->op];
}

static void load(struct fold *f, const struct node *n, int slot)
{
	const struct ctf_type *t = n->type;
	unsigned int bytes = t->size / 8;
	struct skip *s;

	if (f->off % 8 || t->size % 8) {
		f->odd = true;
		return;
	}
	if (t->is_signed || (t->big_endian && bytes > 1) ||
	    (bytes & (bytes - 1))) {
		s = emit(f, SKIP_LOADX);
		s->size = (uint8_t)bytes;
		s->is_signed = t->is_signed;
		s->big_endian = t->big_endian;
	} else {
		s = emit(f, bytes == 1 ? SKIP_LOAD8 :
			    bytes == 2 ? SKIP_LOAD16 :
			    bytes == 4 ? SKIP_LOAD32 : SKIP_LOAD64);
	}
	s->slot = (int16_t)slot;
	s->n = f->off / 8;
}

static void fold_node(struct fold *f, const struct node *n);

static void fold_leaf(struct fold *f, const struct node *n)
{
	if (n->type->is_varlen) {
		f->odd = true;
		return;
	}
	align(f, n->type->align);
	if (n->type->kind == CTF_STRING) {
		flush(f);
		emit(f, SKIP_STR);
		f->known = 8;
		return;
	}
	if (op_of(f, n)->slot >= 0)
		load(f, n, op_of(f, n)->slot);
	f->off += n->type->size;
}

static void fold_loop(struct fold *f, const struct node *n, int slot)
{
	size_t open, body;

	align(f, n->type->align);
	f->off = align_up(f->off, 8);
	flush(f);
	f->known = 8;
	open = f->n;
	emit(f, SKIP_LOOP)->slot = (int16_t)slot;
	body = f->n;
	fold_node(f, n->child);
	flush(f);
	f->known = 8;
	emit(f, SKIP_NEXT)->jump = (uint32_t)body;
	if (f->nomem)
		return;
	f->s[open].n = n->type->len;
	f->s[open].jump = (uint32_t)f->n;
}

/* Whether it has elements without bits, which only the interpreter counts. */
static bool has_empty(const struct ctf_type *t)
{
	size_t i;

	if (t->kind == CTF_ARRAY || t->kind == CTF_SEQUENCE)
		return !t->elem->bits || has_empty(t->elem);
	for (i = 0; i < t->n_members; i++)
		if (has_empty(t->members[i].type))
			return true;
	return false;
}

static void fold_seq(struct fold *f, const struct node *n)
{
	const struct ctf_type *el = n->type->elem;
	uint64_t stride;
	struct skip *s;
	int slot = op_of(f, n)->in;

	if (el->bits == NOT_FIXED) {
		fold_loop(f, n, slot);
		return;
	}
	stride = align_up(el->bits, el->align);
	align(f, el->align);
	flush(f);
	if (stride % 8 || stride != el->bits || has_empty(n->type)) {
		f->odd = true;
		return;
	}
	s = emit(f, SKIP_MUL);
	s->slot = (int16_t)slot;
	s->n = stride / 8;
	f->known = low_bit(stride) < f->known ? low_bit(stride) : f->known;
}

static void fold_variant(struct fold *f, const struct node *n)
{
	const struct op *o = op_of(f, n);
	size_t open, *jump, i = 0, k, count = n->type->n_members;
	const struct node *c;
	struct option *opt;

	flush(f);
	f->known = 8;
	open = f->n;
	emit(f, SKIP_SWITCH)->slot = o->in;
	jump = calloc(2 * count + 1, sizeof(*jump));
	opt = arena_get(&f->cls->sc->trace->arena,
			o->n_options * sizeof(*opt));
	if (!jump || !opt || f->nomem) {
		free(jump);
		f->nomem = true;
		return;
	}
	f->s[open].is_signed = o->is_signed;
	f->s[open].n_options = o->n_options;
	f->s[open].options = opt;
	for (c = n->child; c && i < count; c = c->next, i++) {
		jump[i] = f->n;
		for (k = 0; k < o->n_options; k++)
			if (o->options[k].jump == c->op)
				opt[k] = (struct option){
					o->options[k].lo, o->options[k].hi,
					(uint32_t)f->n
				};
		fold_node(f, c);
		flush(f);
		f->known = 8;
		jump[count + i] = f->n;
		emit(f, SKIP_JUMP);
	}
	for (k = 0; k < i && !f->nomem; k++)
		f->s[jump[count + k]].jump = (uint32_t)f->n;
	free(jump);
}

/* Whether a later field needs a value from inside of this fixed array. */
static bool keeps_slots(const struct fold *f, const struct node *n)
{
	const struct op *o = op_of(f, n);
	uint32_t i;

	for (i = n->op; o->code == OP_ARRAY && i < o->jump; i++)
		if (f->cls->prog.op[i].slot >= 0)
			return true;
	return false;
}

static void fold_node(struct fold *f, const struct node *n)
{
	const struct node *c;

	if (f->odd || f->nomem || ++f->nodes > MAX_NODES)
		return;
	switch (n->type->kind) {
	case CTF_STRUCT:
		align(f, n->type->align);
		for (c = n->child; c; c = c->next)
			fold_node(f, c);
		break;
	case CTF_VARIANT:
		if (n->type->is_optional)
			f->odd = true;
		else
			fold_variant(f, n);
		break;
	case CTF_SEQUENCE:
		fold_seq(f, n);
		break;
	case CTF_ARRAY:
		if (n->type->bits == NOT_FIXED) {
			fold_loop(f, n, -1);
			break;
		}
		f->odd |= keeps_slots(f, n) || has_empty(n->type);
		align(f, n->type->align);
		f->off += n->type->bits;
		break;
	default:
		fold_leaf(f, n);
		break;
	}
}

/* Joins LOAD32, ADD and MUL of a byte sequence right behind its length. */
static void join(struct fold *f)
{
	size_t i;

	for (i = 0; i + 3 < f->n; i++) {
		struct skip *s = &f->s[i];

		if (s->code == SKIP_LOAD32 && s[1].code == SKIP_ADD &&
		    s[2].code == SKIP_MUL && s[1].n == s->n + 4 &&
		    s[2].n == 1 && s[2].slot == s->slot) {
			/* The slot may have other users: only if it is the last. */
			if (s[3].code != SKIP_END)
				continue;
			s->code = SKIP_SEQ32;
			s[1] = s[3];
			f->n -= 2;
		}
	}
}

static bool is_straight(const struct fold *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->s[i].code == SKIP_LOOP || f->s[i].code == SKIP_SWITCH)
			return false;
	return true;
}

/* Joins the last string with the fixed fields behind it and the end. */
static void join_last(struct fold *f)
{
	struct skip *end = f->s + f->n - 1;
	bool fixed = f->n > 2 && end[-1].code == SKIP_ADD;
	struct skip *str = end - 1 - fixed;

	/* Elsewhere a jump may lead to these fields. */
	if (f->n < 2u + fixed || str->code != SKIP_STR || !is_straight(f))
		return;
	str->code = SKIP_LAST_STR;
	str->n = fixed ? end[-1].n : 0;
	str[1] = *end;
	f->n = (size_t)(str + 2 - f->s);
}

/* The fields of a fixed class, in bytes; what the table look-up adds. */
static void fold_fixed(struct fold *f)
{
	struct class *c = f->cls;

	if (f->n == 1) {
		c->is_fixed = true;
		c->fixed = 0;
	} else if (f->n == 2 && f->s[0].code == SKIP_ADD) {
		c->is_fixed = true;
		c->fixed = f->s[0].n;
	}
}

int fold_class(struct class *c, struct ctf_error *e)
{
	struct fold f = { .cls = c, .known = 8, .align = 1 };
	unsigned int i;
	int ret = 0;

	for (i = CTF_STREAM_CONTEXT; i <= CTF_PAYLOAD; i++)
		if (c->prog.scope[i])
			fold_node(&f, c->prog.scope[i]);
	flush(&f);
	emit(&f, SKIP_END);
	if (f.nomem) {
		ret = fail_nomem(e);
	} else if (!f.odd && f.nodes <= MAX_NODES) {
		join(&f);
		join_last(&f);
		fold_fixed(&f);
		c->movable = f.align <= 8;
		c->skip = arena_get(&c->sc->trace->arena, f.n * sizeof(*f.s));
		if (c->skip)
			memcpy(c->skip, f.s, f.n * sizeof(*f.s));
		else
			ret = fail_nomem(e);
	}
	free(f.s);
	return ret;
}
