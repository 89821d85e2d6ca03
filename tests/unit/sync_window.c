// SPDX-License-Identifier: MIT
/*
 * The window method where its evidence ends: a guest's clock is set a few events
 * behind the begin of the host's recording, or before its end, so that what was
 * beyond that lies beside all runs, where any offset fits. The few events in
 * between fit the wrong offset by chance. Or the host recorded for longer than the
 * guest, and all that is left of the other side of the set clock are those few: then
 * only the time that the clock left out tells of it.
 */
#include "check.h"
#include "sync/estimator.h"

#define RUNS	400
#define MEAN_NS 1500000
#define HOST	500000000000ll
#define OFFSET	400000000000ll /* host less guest */
#define FEW	12
#define BEYOND	20
#define CASES	4000

/*
 * A guest of one virtual CPU; its clock was set ahead by @set at @at, host ns.
 * @inside: it was recorded for half as long as the host, in the middle
 */
struct world {
	struct vmsync_vm *vm;
	bool inside;
	int64_t at;
	int64_t set;
};

static int64_t guest_at(const struct world *w, int64_t host)
{
	return host - OFFSET - (host < w->at ? w->set : 0);
}

static int64_t stay(void)
{
	return MEAN_NS / 4 + (int64_t)check_range(0, 3 * MEAN_NS / 2);
}

/* A case: entries and exits from HOST on; the clock is set near one of its ends. */
static void make(struct world *w, bool inside, int64_t *end)
{
	struct vmsync_vcpu *v;
	int64_t at = HOST;

	*w = (struct world){ .vm = calloc(1, sizeof(*w->vm)),
			     .inside = inside };
	v = vmsync_vm_vcpu(w->vm, 0);
	for (int i = 0; i < RUNS; i++) {
		CHECK_EQ(vmsync_vcpu_entry(v, at), 0);
		at += stay();
		CHECK_EQ(vmsync_vcpu_exit(v, at), 0);
		at += stay();
	}
	*end = at;
	if (inside) {
		w->set = (int64_t)check_range(70, 120) * 1000000;
		w->at = (int64_t)check_range(1, FEW) * 2 * MEAN_NS;
		w->at = check_range(0, 1) ?
				v->runs.at[RUNS / 4].entry_ns + w->at :
				v->runs.at[RUNS * 3 / 4].entry_ns - w->at;
		return;
	}
	/* By the old offset what was beyond is beside all runs, but for a few events. */
	w->set = (int64_t)check_range(30, 90) * 1000000;
	w->at = w->set + (int64_t)check_range(0, FEW) * MEAN_NS;
	w->at = check_range(0, 1) ? HOST + w->at : at - w->at;
}

static void add(const struct world *w, void *state, int64_t host)
{
	const struct vmsync_evidence ev = { .stamp_ns = guest_at(w, host) };

	CHECK_EQ(vmsync_window_estimator.guest_event(state, &ev), 0);
}

/* An event in each run and some before and behind all: which is as it was? */
static void events(const struct world *w, void *state, int64_t *host, size_t *n,
		   int64_t end)
{
	const struct vmsync_vcpu *v = w->vm->vcpus.at[0];

	for (int64_t at = HOST - BEYOND * MEAN_NS; at < HOST && !w->inside;
	     at += MEAN_NS)
		host[(*n)++] = at;
	for (size_t i = 0; i < v->runs.count; i++) {
		const struct vmsync_run *r = &v->runs.at[i];

		if (w->inside && (i < RUNS / 4 || i >= RUNS * 3 / 4))
			continue;
		host[(*n)++] = r->entry_ns +
			       (int64_t)check_range(0, (uint64_t)(r->exit_ns -
								  r->entry_ns));
	}
	for (int64_t at = end; at < end + BEYOND * MEAN_NS && !w->inside;
	     at += MEAN_NS)
		host[(*n)++] = at;
	for (size_t i = 0; i < *n; i++)
		add(w, state, host[i]);
}

/* Returns whether there was a map. */
static bool test(bool inside)
{
	const struct vmsync_sync_options opt = { 0 };
	void *state = vmsync_window_estimator.create(&opt);
	struct vmsync_facts facts = { 0 };
	struct vmsync_map map;
	struct world w;
	int64_t host[RUNS + 2 * BEYOND], end;
	size_t n = 0, over = 0;
	bool mapped;

	make(&w, inside, &end);
	events(&w, state, host, &n, end);
	facts.vm = w.vm;
	vmsync_map_init(&map);
	CHECK_EQ(vmsync_window_estimator.map(state, &facts, 0, true, &map), 0);
	for (size_t i = 0; map.count && i < n; i++) {
		guest_time g = { guest_at(&w, host[i]) };
		bool outside;
		int64_t bound = vmsync_map_bound_ns(&map, g, &outside);
		int64_t error = vmsync_map_eval(&map, g).ns - host[i];

		over += !outside && llabs(error) > bound;
	}
	CHECK_EQ(over, 0);
	mapped = map.count;
	vmsync_map_free(&map);
	vmsync_window_estimator.destroy(state);
	vmsync_vm_free(w.vm);
	return mapped;
}

int main(int argc, char **argv)
{
	uint64_t first, mapped[2] = { 0 };

	check_init(argc, argv);
	first = check_seed;
	for (uint64_t i = 0; i < CASES; i++) {
		check_reseed(first + i);
		mapped[i & 1] += test(i & 1);
	}
	/* Mostly there is enough for a map. */
	CHECK(mapped[0] > CASES / 6);
	CHECK(mapped[1] > CASES / 6);
	printf("mapped %" PRIu64 " and %" PRIu64 " of %d\n", mapped[0],
	       mapped[1], CASES / 2);
	return check_done();
}
