/* SPDX-License-Identifier: MIT */
/*
 * Which classes of a trace matter to the analysis, and their fields. Every event of
 * a trace comes by here, so where to find its numbers is made out once a class.
 */
#ifndef VMSYNC_ANALYSIS_KINDS_H
#define VMSYNC_ANALYSIS_KINDS_H

#include <stdbool.h>

#include "analysis/note.h"
#include "ctf/plain.h"

/**
 * struct analysis_class - a class of events
 * @ioctl:	only for KVM_RUN it is ANALYSIS_EV_RUN
 * @says_current: its events say who made them
 * @plain_bytes: for ctf_plain_there(), 0: some number is not plain
 * @name_at:	bytes from the beginning of the fields to the name, if @named
 * @has:	bit by enum analysis_number
 * @plain:	by enum analysis_number; what is not said has no bits
 * @absent:	the value then
 */
struct analysis_class {
	uint8_t kind;
	bool ioctl;
	bool says_current;
	bool named;
	uint8_t has;
	uint32_t plain_bytes;
	uint32_t name_at;
	struct ctf_plain plain[ANALYSIS_NUMBERS];
	int64_t absent[ANALYSIS_NUMBERS];
};

/**
 * struct analysis_kinds - of a trace
 * @n:		number of its classes
 * @want:	[@n] one byte a class: those that matter
 * @cls:	[@n]
 * @field:	[@n] the fields of each class, by enum analysis_number
 * @name:	[@n] and its name's
 * @have:	there is a class of that kind
 */
struct analysis_kinds {
	size_t n;
	uint8_t *want;
	struct analysis_class *cls;
	struct ctf_field (*field)[ANALYSIS_NUMBERS];
	struct ctf_field *name;
	bool have[ANALYSIS_EV_KINDS];
};

/**
 * analysis_kinds_new() - look at the classes of a trace
 * @host:	it is the host's: any event tells that the kernel ran, but vmsync's
 *		own, which are made at the very entries and exits
 * Return: to be freed with analysis_kinds_free(); NULL if out of memory.
 */
struct analysis_kinds *analysis_kinds_new(const struct ctf_trace *t, bool host);

/** analysis_kinds_free() - NULL is fine */
void analysis_kinds_free(struct analysis_kinds *k);

/** analysis_kinds_of() - what kind of event it is; ioctl() may be another */
static inline enum analysis_kind
analysis_kinds_of(const struct analysis_kinds *k, const struct ctf_event *ev)
{
	return (enum analysis_kind)k->cls[ev->cls->index].kind;
}

/** analysis_kinds_current() - the thread that made it, or ANALYSIS_NOT_SAID */
static inline int32_t analysis_kinds_current(const struct analysis_kinds *k,
					     const struct ctf_event *ev)
{
	int64_t v = ANALYSIS_NOT_SAID;

	if (k->cls[ev->cls->index].says_current)
		ctf_get_s64(ev, &k->field[ev->cls->index][ANALYSIS_OF_CURRENT],
			    &v);
	return (int32_t)v;
}

/** analysis_kinds_slow_note() - where some number is not at hand */
void analysis_kinds_slow_note(const struct analysis_kinds *k,
			      const struct ctf_event *ev,
			      struct analysis_note *out);

/** analysis_kinds_note() - what an event tells */
static inline void analysis_kinds_note(const struct analysis_kinds *k,
				       const struct ctf_event *ev,
				       struct analysis_note *out)
{
	const struct analysis_class *c = &k->cls[ev->cls->index];
	int64_t v[ANALYSIS_NUMBERS];
	int i;

	if (!c->plain_bytes || !ctf_plain_there(ev, c->plain_bytes)) {
		analysis_kinds_slow_note(k, ev, out);
		return;
	}
	/* Without a branch: what comes next is nearly always another class. */
	for (i = 0; i < ANALYSIS_NUMBERS; i++)
		v[i] = ctf_plain_get(ev, &c->plain[i]) + c->absent[i];
	out->b = v[ANALYSIS_OF_B];
	out->current = (int32_t)v[ANALYSIS_OF_CURRENT];
	out->a = (int32_t)v[ANALYSIS_OF_A];
	out->reason = (uint32_t)v[ANALYSIS_OF_REASON];
	out->isa = v[ANALYSIS_OF_ISA] & ~0xff ? 0xff
					     : (uint8_t)v[ANALYSIS_OF_ISA];
	out->kind = c->kind;
	out->named = c->named;
	memcpy(out->name, ev->data + ev->at / 8 + c->name_at,
	       ANALYSIS_NOTE_NAME);
}

#endif /* VMSYNC_ANALYSIS_KINDS_H */
