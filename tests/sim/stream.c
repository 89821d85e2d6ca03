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

void sim_record_world(struct sim_recording *rec, const struct sim_world *w,
		      bool truthful)
{
	const struct sim_scenario *sc = w->sc;
	struct sim_rng rng;

	memset(rec, 0, sizeof(*rec));
	if (sc->knots)
		sim_record_knots(rec, w);
	if (sc->host_tsc)
		sim_record_vms(rec, w);
	for (int i = 0; i < w->guest_count; i++) {
		if (sc->beacon_hz > 0)
			sim_record_beacons(rec, w, &w->guests[i]);
		if (sc->exits_hz > 0)
			sim_record_runs(rec, w, &w->guests[i]);
		rec->guests[i].end_ns = sim_guest_mono(&w->guests[i], 0, w->end,
						       &(size_t){0});
		sim_stream_sort(&rec->guests[i]);
		start_late(&rec->guests[i], sim_world_at(w, sc->late_s));
		sim_rng_init(&rng, w->seed, SIM_RNG_BEACONS + 50 + i);
		lose(&rec->guests[i], sc, &rng);
	}
	rec->host.end_ns = sim_host_mono(w, w->end, &(size_t){0});
	sim_stream_sort(&rec->host);
	sim_rng_init(&rng, w->seed, SIM_RNG_BEACONS + 99);
	lose(&rec->host, sc, &rng);
	sabotage(&rec->host, sc->sabotage);
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
