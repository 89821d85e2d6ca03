// SPDX-License-Identifier: MIT
#include "analysis/notes.h"

#define PICK_EVENTS 256 /* that are looked at before those that are kept */

/*
 * Which events from @from on, before @until, are kept; how many these are. Raw
 * clock values are ns, for streams with a @quiet the host's.
 */
static uint32_t pick_any(const struct analysis_notes *s, struct ctf_some *some,
			 uint32_t from, uint32_t until, uint32_t *picked)
{
	uint32_t i, n = 0;

	for (i = from; i < until; i++) {
		struct analysis_brief b =
			analysis_kinds_brief(s->kinds, some, i);

		picked[n] = i;
		n += analysis_quiet_keeps_any(s->quiet, b.kind, b.runs, b.woken,
					      (int64_t)some->clock[i]);
	}
	return n;
}

/* The same, where all is at hand, and calm: nearly always. */
static uint32_t pick_near(const struct analysis_notes *s, struct ctf_some *some,
			  uint32_t from, uint32_t until, uint32_t *picked)
{
	const struct analysis_kinds *kinds = s->kinds;
	const struct ctf_some here = *some; /* nobody else's: in registers */
	struct analysis_told told = s->quiet->told; /* the same */
	uint32_t i, n = 0;

	for (i = from; i < until; i++) {
		struct analysis_brief b = analysis_kinds_near_brief(
			kinds, ctf_some_class(&here, i),
			here.ev.data + here.at[i] / 8);

		picked[n] = i;
		n += analysis_quiet_keeps(s->quiet, &told, b.kind, b.runs,
					  b.woken);
	}
	s->quiet->told = told;
	return n;
}

static uint32_t pick(const struct analysis_notes *s, struct ctf_some *some,
		     uint32_t from, uint32_t until, uint32_t *picked)
{
	uint32_t bytes = s->kinds->brief_bytes;

	if (bytes && ctf_some_there(some, until, bytes) &&
	    analysis_quiet_is_calm(s->quiet, (int64_t)some->clock[from],
				   (int64_t)some->clock[until - 1]))
		return pick_near(s, some, from, until, picked);
	return pick_any(s, some, from, until, picked);
}

static uint32_t pick_all(uint32_t from, uint32_t until, uint32_t *picked)
{
	uint32_t i;

	for (i = from; i < until; i++)
		picked[i - from] = i;
	return until - from;
}

/* Writes down what those that are kept tell. */
static void note(const struct analysis_notes *s, struct ctf_some *some,
		 const uint32_t *picked, uint32_t n)
{
	struct analysis_event *ev = (struct analysis_event *)some->note;
	const struct analysis_kinds *kinds = s->kinds;
	const struct ctf_some here = *some; /* nobody else's: in registers */
	const uint32_t machine = s->machine, cpu = here.ev.cpu;
	uint32_t i;

	for (i = 0; i < n; i++, ev++) {
		if (!analysis_kinds_event(kinds, &here, picked[i], ev))
			analysis_kinds_slow(
				kinds, ctf_some_event(some, picked[i]), ev);
		ev->machine = machine;
		ev->cpu = cpu;
	}
	ctf_some_keep_notes(some, picked, n);
}

int analysis_notes_take(void *ctx, struct ctf_some *some, struct ctf_error *e)
{
	const struct analysis_notes *s = ctx;
	uint32_t picked[PICK_EVENTS], from, n;

	(void)e;
	for (from = 0; from < some->n; from += n) {
		uint32_t kept;

		n = some->n - from < PICK_EVENTS ? some->n - from : PICK_EVENTS;
		kept = s->quiet ? pick(s, some, from, from + n, picked)
				: pick_all(from, from + n, picked);
		note(s, some, picked, kept);
	}
	return 0;
}
