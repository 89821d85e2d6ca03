// SPDX-License-Identifier: MIT
#include "stream.h"

#include <stdlib.h>
#include <string.h>

void sim_stream_add(struct sim_stream *s, uint64_t h,
		    const struct vmsync_evidence *ev)
{
	if (s->count == s->capacity) {
		s->capacity = s->capacity ? s->capacity * 2 : 1024;
		s->records =
			realloc(s->records, s->capacity * sizeof(*s->records));
		if (!s->records)
			abort();
	}
	s->records[s->count].h = h;
	s->records[s->count++].ev = *ev;
}

/* Merge sort: equal times keep their order, and nearly sorted input is cheap */
static void merge(struct sim_record *to, const struct sim_record *a, size_t na,
		  const struct sim_record *b, size_t nb)
{
	while (na || nb) {
		if (na && (!nb || a->h <= b->h)) {
			*to++ = *a++;
			na--;
		} else {
			*to++ = *b++;
			nb--;
		}
	}
}

static void sort(struct sim_record *r, size_t n, struct sim_record *spare)
{
	size_t half = n / 2;

	if (n < 2)
		return;
	sort(r, half, spare);
	sort(r + half, n - half, spare);
	if (r[half - 1].h <= r[half].h)
		return;
	memcpy(spare, r, half * sizeof(*r));
	merge(r, spare, half, r + half, n - half);
}

void sim_stream_sort(struct sim_stream *s)
{
	struct sim_record *spare = malloc((s->count + 1) * sizeof(*spare));

	if (!spare)
		abort();
	sort(s->records, s->count, spare);
	free(spare);
}

static bool is_beacon(const struct sim_record *r)
{
	return r->ev.kind <= VMSYNC_EV_HG_GUEST;
}

static void lose(struct sim_stream *s, const struct sim_scenario *sc,
		 struct sim_rng *rng)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		if (!is_beacon(&s->records[i]) ||
		    !sim_rng_chance(rng, sc->loss))
			s->records[n++] = s->records[i];
	s->count = n;
}

/* For the tests of these tests: a host whose TSC offsets are wrong. */
static void sabotage(struct sim_stream *host, int64_t cycles)
{
	for (size_t i = 0; i < host->count; i++)
		if (host->records[i].ev.scaling.ratio)
			host->records[i].ev.scaling.offset += cycles;
}

/* A side that starts late has nothing from before. */
static void start_late(struct sim_stream *s, uint64_t from)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->records[i].h >= from)
			s->records[n++] = s->records[i];
	s->count = n;
}

/* A full buffer: all of a stretch is lost, and the tracer says so. */
static void lose_burst(struct sim_stream *s, uint64_t from, uint64_t to,
		       int64_t from_ns, int64_t to_ns)
{
	struct vmsync_evidence lost = {
		.kind = VMSYNC_EV_LOST,
		.stamp_ns = from_ns,
		.until_ns = to_ns,
	};
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (s->records[i].h < from || s->records[i].h > to)
			s->records[n++] = s->records[i];
		else
			lost.count++;
	}
	s->count = n;
	if (!lost.count)
		return;
	sim_stream_add(s, to, &lost);
	sim_stream_sort(s);
}

static void lose_bursts(struct sim_recording *rec, const struct sim_world *w)
{
	const struct sim_ops *ops = &w->sc->burst;
	size_t hint = 0;

	for (size_t i = 0; i < ops->count; i++) {
		uint64_t from = sim_world_at(w, ops->op[i].at_s);
		uint64_t to =
			sim_world_at(w, ops->op[i].at_s + ops->op[i].value);

		if (ops->op[i].extra > 0) {
			lose_burst(&rec->host, from, to,
				   sim_host_mono(w, from, &hint),
				   sim_host_mono(w, to, &hint));
			continue;
		}
		for (int g = 0; g < w->guest_count; g++)
			lose_burst(&rec->guests[g], from, to,
				   sim_guest_mono(&w->guests[g], 0, from,
						  &hint),
				   sim_guest_mono(&w->guests[g], 0, to, &hint));
	}
}

/* When the guest began to record, by its own clock; it may have booted later. */
static int64_t begin_of(const struct sim_world *w, const struct sim_guest *g)
{
	uint64_t from = sim_world_at(w, w->sc->late_s);

	return sim_guest_mono(g, 0, from < g->born ? g->born : from,
			      &(size_t){0});
}

void sim_record_world(struct sim_recording *rec, const struct sim_world *w,
		      bool truthful)
{
	const struct sim_scenario *sc = w->sc;
	struct sim_rng rng;

	memset(rec, 0, sizeof(*rec));
	if (sc->knots)
		sim_record_knots(rec, w);
	for (int i = 0; i < w->guest_count; i++) {
		if (sc->host_tsc)
			sim_record_vm(rec, w, &w->guests[i]);
		if (sc->beacon_hz > 0)
			sim_record_beacons(rec, w, &w->guests[i]);
		if (sc->exits_hz > 0)
			sim_record_runs(rec, w, &w->guests[i]);
		rec->guests[i].begin_ns = begin_of(w, &w->guests[i]);
		rec->guests[i].end_ns =
			sim_guest_mono(&w->guests[i], 0, w->end, &(size_t){0});
		sim_stream_sort(&rec->guests[i]);
		start_late(&rec->guests[i], sim_world_at(w, sc->late_s));
		sim_rng_init(&rng, w->seed, SIM_RNG_BEACONS + 50 + i);
		lose(&rec->guests[i], sc, &rng);
	}
	rec->host.end_ns = sim_host_mono(w, w->end, &(size_t){0});
	sim_stream_sort(&rec->host);
	start_late(&rec->host, sim_world_at(w, sc->host_late_s));
	sim_rng_init(&rng, w->seed, SIM_RNG_BEACONS + 99);
	lose(&rec->host, sc, &rng);
	sabotage(&rec->host, sc->sabotage);
	lose_bursts(rec, w);
	if (*sc->lie && !truthful)
		sim_record_lie(rec, w, &w->guests[0]);
}

void sim_recording_free(struct sim_recording *rec)
{
	free(rec->host.records);
	for (int i = 0; i < SIM_MAX_GUESTS; i++)
		free(rec->guests[i].records);
	memset(rec, 0, sizeof(*rec));
}
