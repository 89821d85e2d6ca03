// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>

#include "tracedat/layout.h"
#include "tracedat/twins.h"

#define COMMON 8 /* bytes of what every event begins with */
#define MOST   65535 /* bytes of a record, and so of a field */

/* To libtraceevent bytes are text, too, such as those of an address. */
static bool is_text(const struct tep_format_field *f)
{
	return f->flags & TEP_FIELD_IS_STRING && strstr(f->type, "char") &&
	       !strstr(f->type, "unsigned char");
}

/* Bytes of a number that CTF can hold, or 1: it is told as bytes. */
static unsigned int element(const struct tep_format_field *f)
{
	unsigned int n = f->flags & TEP_FIELD_IS_ARRAY ? f->elementsize :
							 (unsigned int)f->size;

	return n == 2 || n == 4 || n == 8 ? n : 1;
}

/* Whether a field of a size that is known is one number. */
static bool is_number(const struct tep_format_field *f)
{
	return !(f->flags & TEP_FIELD_IS_ARRAY) &&
	       (f->size == 1 || element(f) > 1);
}

static void op_of(const struct tep_format_field *f, struct dat_op *op)
{
	*op = (struct dat_op){
		.at = f->offset >= 0 && f->offset <= MOST ? (uint16_t)f->offset :
							    MOST,
		.size = f->size >= 0 && f->size <= MOST ? (uint16_t)f->size : 0,
	};
	if (f->flags & TEP_FIELD_IS_DYNAMIC) {
		op->kind = is_text(f) ? DAT_TEXT : DAT_ARRAY;
		op->relative = !!(f->flags & TEP_FIELD_IS_RELATIVE);
		op->size = (uint16_t)element(f);
	} else if (!op->size) {
		op->kind = is_text(f) ? DAT_TEXT_END : DAT_ARRAY_END;
		op->size = (uint16_t)element(f);
	}
}

/* Without a format: all that is behind what every event has. */
static void make_unknown(struct dat_layout *l)
{
	l->ops[0] = (struct dat_op){
		.kind = DAT_ARRAY_END, .at = COMMON, .size = 1
	};
	l->n_ops = l->any = 1;
}

int dat_layout_make(struct dat_layout *l, int id, const struct tep_event *event)
{
	const struct tep_format_field *f;
	struct dat_op op;
	uint32_t n = 1;

	memset(l, 0, sizeof(*l));
	l->id = id;
	l->event = event;
	for (f = event ? event->format.fields : NULL; f; f = f->next)
		n++;
	l->ops = calloc(n, sizeof(*l->ops));
	if (!l->ops)
		return -ENOMEM;
	if (!event)
		make_unknown(l);
	for (f = event ? event->format.fields : NULL; f; f = f->next) {
		struct dat_op *last = l->n_ops ? &l->ops[l->n_ops - 1] : NULL;

		op_of(f, &op);
		if (op.kind != DAT_COPY)
			l->any++;
		else
			l->fixed += op.size;
		if (last && last->kind == DAT_COPY &&
		    op.kind == DAT_COPY && last->at + last->size == op.at &&
		    last->size + op.size <= MOST)
			last->size = (uint16_t)(last->size + op.size);
		else
			l->ops[l->n_ops++] = op;
	}
	return 0;
}

size_t dat_layout_most(const struct dat_layout *l, size_t record)
{
	return l->fixed + (record + 5) * (size_t)l->any;
}

/* What a record does not have is zero. */
static uint8_t *copy(const uint8_t *record, size_t n, size_t at, size_t size,
		     uint8_t *out)
{
	size_t there = at < n ? n - at : 0;

	if (there > size)
		there = size;
	memcpy(out, record + (there ? at : 0), there);
	memset(out + there, 0, size - there);
	return out + size;
}

/* Where the field of an op is: @at and @size, within the record. */
static void find(const struct dat_op *op, const uint8_t *record, size_t n,
		 size_t *at, size_t *size)
{
	uint32_t word = 0;

	*at = op->at;
	*size = n;
	if (op->kind == DAT_TEXT || op->kind == DAT_ARRAY) {
		copy(record, n, op->at, sizeof(word), (uint8_t *)&word);
		*at = word & 0xffff;
		*size = word >> 16;
		if (op->relative)
			*at += op->at + sizeof(word);
	}
	if (*at > n)
		*at = n;
	if (*size > n - *at)
		*size = n - *at;
}

uint8_t *dat_layout_copy(const struct dat_layout *l, const uint8_t *record, size_t n,
		     uint8_t *out)
{
	uint32_t i, count;
	size_t at, size;

	for (i = 0; i < l->n_ops; i++) {
		const struct dat_op *op = &l->ops[i];

		if (op->kind == DAT_COPY) {
			out = copy(record, n, op->at, op->size, out);
			continue;
		}
		find(op, record, n, &at, &size);
		if (op->kind == DAT_TEXT || op->kind == DAT_TEXT_END) {
			size = strnlen((const char *)record + at, size);
			memcpy(out, record + at, size);
			out[size] = '\0';
			out += size + 1;
			continue;
		}
		count = (uint32_t)(size / op->size);
		memcpy(out, &count, sizeof(count));
		memcpy(out + sizeof(count), record + at,
		       (size_t)count * op->size);
		out += sizeof(count) + (size_t)count * op->size;
	}
	return out;
}

static void print_number(const struct tep_format_field *f, unsigned int bytes,
			 FILE *out)
{
	bool is_signed = f->flags & TEP_FIELD_IS_SIGNED;
	/* As libtraceevent prints them: addresses, mostly. */
	bool hex = f->flags & TEP_FIELD_IS_POINTER ||
		   (f->flags & TEP_FIELD_IS_LONG && !is_signed) ||
		   (f->flags & TEP_FIELD_IS_ARRAY && bytes == 1 && !is_signed);

	fprintf(out, "integer { size = %u; align = 8; signed = %d; "
		"encoding = none; base = %d; }",
		bytes * 8, is_signed, hex ? 16 : 10);
}

static void print_field(const struct tep_format_field *f, const char *name,
			FILE *out)
{
	struct dat_op op;

	op_of(f, &op);
	fputs("\t\t", out);
	if (op.kind == DAT_TEXT || op.kind == DAT_TEXT_END) {
		fprintf(out, "string _%s;\n", name);
	} else if (op.kind != DAT_COPY) {
		fprintf(out, "integer { size = 32; align = 8; signed = 0; "
			"encoding = none; base = 10; } __%s_length;\n\t\t",
			name);
		print_number(f, op.size, out);
		fprintf(out, " _%s[ __%s_length ];\n", name, name);
	} else if (is_text(f)) {
		fprintf(out, "integer { size = 8; align = 8; signed = 0; "
			"encoding = UTF8; base = 10; } _%s[%u];\n",
			name, op.size);
	} else if (is_number(f)) {
		print_number(f, op.size, out);
		fprintf(out, " _%s;\n", name);
	} else {
		print_number(f, op.size % element(f) ? 1 : element(f), out);
		fprintf(out, " _%s[%u];\n", name,
			op.size % element(f) ? op.size : op.size / element(f));
	}
}

/* The n-th field of that name, where a format has several. */
static unsigned int nth(const struct dat_layout *l, const struct tep_format_field *f)
{
	char name[DAT_TWIN_MAX], other[DAT_TWIN_MAX];
	const struct tep_format_field *g;
	unsigned int n = 0;

	dat_twin_field(l->event->system, f->name, name);
	for (g = l->event->format.fields; g != f; g = g->next) {
		dat_twin_field(l->event->system, g->name, other);
		n += !strcmp(name, other);
	}
	return n;
}

void dat_layout_print(const struct dat_layout *l, FILE *out)
{
	const struct tep_format_field *f;
	char name[DAT_TWIN_MAX + 16];

	if (l->event)
		dat_twin_event(l->event->system, l->event->name, name);
	else
		sprintf(name, "unknown_%d", l->id);
	fprintf(out, "event {\n\tname = \"%s\";\n\tid = %d;\n\tstream_id = 0;\n"
		"\tfields := struct {\n", name, l->id);
	if (!l->event)
		fputs("\t\tuint32_t __bytes_length;\n"
		      "\t\tuint8_t _bytes[ __bytes_length ];\n", out);
	for (f = l->event ? l->event->format.fields : NULL; f; f = f->next) {
		unsigned int n = nth(l, f);

		dat_twin_field(l->event->system, f->name, name);
		if (n)
			sprintf(name + strlen(name), "_%u", n);
		print_field(f, name, out);
	}
	fputs("\t};\n};\n\n", out);
}
