/* SPDX-License-Identifier: MIT */
/*
 * Which classes of a trace matter to the analysis, and their fields. Every event of
 * a trace comes by here, so where to find its numbers is made out once a class.
 */
#ifndef VMSYNC_ANALYSIS_KINDS_H
#define VMSYNC_ANALYSIS_KINDS_H

#include <stdbool.h>

#include "analysis/quiet.h"
#include "ctf/plain.h"
#include "ctf/take.h"

/**
 * enum analysis_number - numbers of an event, see struct analysis_event
 * @ANALYSIS_OF_REASON:	no kind has both
 * @ANALYSIS_OF_B:	what there is one of for each kind: prev_state, vcpu_id, target,
 *			halt_ns, old_poll_ns; it alone has 64 bits
 */
enum analysis_number {
	ANALYSIS_OF_CURRENT,
	ANALYSIS_OF_TID,
	ANALYSIS_OF_REASON = ANALYSIS_OF_TID,
	ANALYSIS_OF_PID,
	ANALYSIS_OF_ISA,
	ANALYSIS_OF_B,
	ANALYSIS_NUMBERS,
};

/**
 * struct analysis_place - where a number of an event is
 * @at:		bytes from the beginning of its fields
 * @mask:	its bits
 * @absent:	the value where it is not said, else 0
 */
struct analysis_place {
	uint32_t at;
	uint32_t mask;
	uint32_t absent;
};

/**
 * struct analysis_wide - the same of 64 bits, as struct ctf_plain
 * @less:	@sign, or where it is not said minus the value then
 */
struct analysis_wide {
	uint32_t at;
	uint64_t mask;
	uint64_t sign;
	uint64_t less;
};

/* Of plain bytes: no event has so many, something is not at hand. */
#define ANALYSIS_NOT_PLAIN UINT32_MAX

/**
 * struct analysis_brief_class - struct analysis_brief of the events of a class
 * @leaves, @tells: of all of them
 * @runs_at, @runs_mask: who runs after one, as in struct analysis_place
 * @woken_at:	of 32 bits; of classes that do not wake: anything
 * @bytes:	that have to be there, or ANALYSIS_NOT_PLAIN
 */
struct analysis_brief_class {
	uint64_t leaves;
	uint64_t tells;
	uint32_t runs_at;
	uint32_t runs_mask;
	uint32_t woken_at;
	uint32_t bytes;
	uint8_t kind;
};

/**
 * struct analysis_class - a class of events
 * @kind:	enum analysis_kind
 * @ioctl:	only for KVM_RUN it is ANALYSIS_EV_RUN
 * @plain_bytes: that have to be there, ANALYSIS_NOT_PLAIN: some number is not plain
 * @name_at:	bytes from the beginning of the fields to the name, if @named
 * @has:	bit by enum analysis_number
 * @number:	by enum analysis_number; what is not said has no bits
 * @b:		ANALYSIS_OF_B
 */
struct analysis_class {
	uint8_t kind;
	bool ioctl;
	bool named;
	uint8_t has;
	uint32_t plain_bytes;
	uint32_t name_at;
	struct analysis_place number[ANALYSIS_OF_B];
	struct analysis_wide b;
};

/**
 * struct analysis_kinds - of a trace
 * @n:		number of its classes
 * @want:	[@n] one byte a class: those that matter
 * @brief:	[@n]
 * @cls:	[@n]
 * @field:	[@n] the fields of each class, by enum analysis_number
 * @name:	[@n] and its name's
 * @have:	there is a class of that kind
 */
struct analysis_kinds {
	size_t n;
	uint8_t *want;
	struct analysis_brief_class *brief;
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

/** analysis_kinds_class() - what kind of event it is; an ioctl() may be another */
static inline const struct analysis_class *
analysis_kinds_class(const struct analysis_kinds *k, const struct ctf_some *some,
		     uint32_t i)
{
	return &k->cls[ctf_some_class(some, i)];
}

/** analysis_kinds_slow_brief() - where that is not at hand */
struct analysis_brief analysis_kinds_slow_brief(const struct analysis_kinds *k,
						const struct ctf_event *ev);

/** analysis_kinds_slow() - where some number is not at hand */
void analysis_kinds_slow(const struct analysis_kinds *k,
			 const struct ctf_event *ev, struct analysis_event *out);

/** analysis_place_get() - the number, @fields being where the event's begin */
static inline uint32_t analysis_place_get(const struct analysis_place *p,
					  const uint8_t *fields)
{
	uint32_t v;

	memcpy(&v, fields + p->at, sizeof(v));
	return (v & p->mask) | p->absent;
}

/** analysis_wide_get() - the same */
static inline int64_t analysis_wide_get(const struct analysis_wide *p,
					const uint8_t *fields)
{
	uint64_t v;

	memcpy(&v, fields + p->at, sizeof(v));
	return (int64_t)(((v & p->mask) ^ p->sign) - p->less);
}

/** analysis_kinds_fields() - where an event's fields begin; false: not at hand */
static inline bool analysis_kinds_fields(uint32_t bytes,
					 const struct ctf_some *some, uint32_t i,
					 const uint8_t **fields)
{
	uint64_t at = some->at[i];

	*fields = some->ev.data + at / 8;
	return __builtin_expect(!(at & 7) && at + bytes * 8ull <= some->end, 1);
}

/** analysis_kinds_brief() - false where it is not at hand */
static inline bool analysis_kinds_brief(const struct analysis_kinds *k,
					const struct ctf_some *some, uint32_t i,
					struct analysis_brief *out)
{
	const struct analysis_brief_class *c =
		&k->brief[ctf_some_class(some, i)];
	const uint8_t *fields;
	uint32_t runs;

	if (!analysis_kinds_fields(c->bytes, some, i, &fields))
		return false;
	memcpy(&runs, fields + c->runs_at, sizeof(runs));
	memcpy(&out->woken, fields + c->woken_at, sizeof(out->woken));
	out->leaves = c->leaves;
	out->tells = c->tells | (runs & c->runs_mask);
	out->kind = (enum analysis_kind)c->kind;
	return true;
}

/**
 * analysis_kinds_event() - what it tells, but for when and where
 * False where it is not at hand: analysis_kinds_slow().
 */
static inline bool analysis_kinds_event(const struct analysis_kinds *k,
					const struct ctf_some *some, uint32_t i,
					struct analysis_event *out)
{
	const struct analysis_class *c = analysis_kinds_class(k, some, i);
	const struct analysis_place *number = c->number;
	const uint8_t *fields;

	if (!analysis_kinds_fields(c->plain_bytes, some, i, &fields))
		return false;
	/* Without a branch: what comes next is nearly always another class. */
	out->current = (int32_t)analysis_place_get(&number[ANALYSIS_OF_CURRENT],
						   fields);
	out->tid = (int32_t)analysis_place_get(&number[ANALYSIS_OF_TID], fields);
	out->pid = (int32_t)analysis_place_get(&number[ANALYSIS_OF_PID], fields);
	out->isa = analysis_place_get(&number[ANALYSIS_OF_ISA], fields);
	out->prev_state = analysis_wide_get(&c->b, fields);
	out->kind = c->kind;
	out->named = c->named;
	memcpy(out->name, fields + c->name_at, ANALYSIS_NAME);
	return true;
}

#endif /* VMSYNC_ANALYSIS_KINDS_H */
