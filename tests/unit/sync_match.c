// SPDX-License-Identifier: MIT
/*
 * Who is who, and which legs belong together: random losses, any order of
 * pushing, numbers that pass 2^32, VMs that claim another's name.
 */
#include <string.h>

#include "check.h"
#include "sync/sync.h"

#define BEACONS 500
#define UID	42
#define STEP_NS 1000000

struct leg {
	bool lost;
	struct vmsync_evidence ev;
};

/* The four legs of each beacon: guest, host, host, guest. */
struct recording {
	struct leg leg[BEACONS][4];
	uint64_t matched;
	uint64_t whole;
	uint64_t alone;
};

static const enum vmsync_evidence_kind kinds[4] = {
	VMSYNC_EV_GH_GUEST, VMSYNC_EV_GH_HOST,
	VMSYNC_EV_HG_HOST, VMSYNC_EV_HG_GUEST,
};

static bool of_guest(int leg)
{
	return leg == 0 || leg == 3;
}

static void record(struct recording *r, double loss, uint32_t first_cnt)
{
	memset(r, 0, sizeof(*r));
	for (uint32_t i = 0; i < BEACONS; i++) {
		int64_t t = 1000000000 + (int64_t)i * STEP_NS;
		struct vmsync_pair claim = { (uint64_t)t, t, 0, true };
		bool gh, hg;

		for (int k = 0; k < 4; k++) {
			struct vmsync_evidence *ev = &r->leg[i][k].ev;

			ev->kind = kinds[k];
			ev->vm_uid = UID;
			ev->cnt = first_cnt + 2 * i + (k > 1);
			ev->vm = (struct vmsync_vm_id){ 100, 1 };
			ev->stamp_ns = t + 500 * k;
			ev->pair = (struct vmsync_pair){
				(uint64_t)ev->stamp_ns, ev->stamp_ns, 0, true
			};
			if (k == 1)
				ev->guest_claim = claim;
			r->leg[i][k].lost =
				(double)check_range(0, 999) < 1000 * loss;
		}
		gh = !r->leg[i][0].lost && !r->leg[i][1].lost;
		hg = !r->leg[i][2].lost && !r->leg[i][3].lost;
		r->matched += gh || hg;
		r->whole += gh && hg;
		r->alone += r->leg[i][0].lost != r->leg[i][1].lost;
		r->alone += r->leg[i][2].lost != r->leg[i][3].lost;
	}
	/* The first pair proves who the guest is. */
	for (int k = 0; k < 4; k++) {
		if (r->leg[0][k].lost)
			r->matched = UINT64_MAX;
		r->leg[0][k].lost = false;
	}
}

static void push(struct vmsync_sync *sync, struct vmsync_guest *guest,
		 const struct leg *leg, int k)
{
	if (leg->lost)
		return;
	if (of_guest(k))
		CHECK(!vmsync_sync_push_guest(guest, &leg->ev));
	else
		CHECK(!vmsync_sync_push_host(sync, &leg->ev));
}

/* One side runs ahead of the other by up to @lead beacons, at random. */
static void push_all(struct vmsync_sync *sync, struct vmsync_guest *guest,
		     const struct recording *r, uint32_t lead)
{
	uint32_t g = 0, h = 0;

	while (g < 2 * BEACONS || h < 2 * BEACONS) {
		bool take_guest = check_rand() & 1;

		if (g == 2 * BEACONS || g > h + 2 * lead)
			take_guest = false;
		if (h == 2 * BEACONS || h > g + 2 * lead)
			take_guest = g < 2 * BEACONS;
		if (take_guest) {
			int k = g & 1 ? 3 : 0;

			push(sync, guest, &r->leg[g / 2][k], k);
			g++;
		} else {
			int k = h & 1 ? 2 : 1;

			push(sync, guest, &r->leg[h / 2][k], k);
			h++;
		}
	}
}

static void test_losses(void)
{
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	const struct vmsync_guest_report *rep;
	struct recording r;

	do
		record(&r, 0.2, (uint32_t)check_rand() & ~1u);
	while (r.matched == UINT64_MAX);
	push_all(sync, guest, &r, (uint32_t)check_range(0, BEACONS));
	CHECK(!vmsync_sync_finish(sync));
	rep = vmsync_guest_report_of(guest);
	CHECK(rep->found);
	CHECK_EQ(rep->vm.pid, 100);
	CHECK_EQ(rep->matched, r.matched);
	CHECK_EQ(rep->whole, r.whole);
	CHECK_EQ(rep->guest_unmatched + rep->host_unmatched, r.alone);
	CHECK_EQ(rep->causal_violations, 0);
	vmsync_sync_free(sync);
}

/* cnt passes 2^32 in the middle. */
static void test_wrap(void)
{
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	struct recording r;

	record(&r, 0, 0u - BEACONS);
	push_all(sync, guest, &r, 3);
	CHECK(!vmsync_sync_finish(sync));
	CHECK_EQ(vmsync_guest_report_of(guest)->whole, BEACONS);
	vmsync_sync_free(sync);
}

/* A VM that uses the guest's name, with numbers of its own or the same. */
static void lie(struct vmsync_sync *sync, const struct recording *r, uint32_t i)
{
	struct vmsync_evidence ev = r->leg[i][1].ev;

	ev.vm = (struct vmsync_vm_id){ 200, 2 };
	ev.stamp_ns -= 100;
	ev.guest_claim.mono_ns += (int64_t)check_bits(30) + 1;
	if (check_rand() & 1)
		ev.cnt += (uint32_t)check_bits(20) & ~1u;
	CHECK(!vmsync_sync_push_host(sync, &ev));
}

static void run(const struct recording *r, bool liar, struct vmsync_map *out)
{
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	const struct vmsync_map *map;

	for (uint32_t i = 0; i < BEACONS; i++) {
		for (int n = liar ? 3 : 0; n; n--)
			lie(sync, r, i);
		for (int k = 0; k < 4; k++)
			push(sync, guest, &r->leg[i][k], k);
	}
	CHECK(!vmsync_sync_finish(sync));
	CHECK_EQ(vmsync_guest_report_of(guest)->vm.pid, 100);
	CHECK_EQ(vmsync_guest_report_of(guest)->whole, BEACONS);
	map = vmsync_guest_map_of(vmsync_guest_maps(guest), 0);
	CHECK(map && map->count);
	vmsync_map_init(out);
	for (size_t i = 0; map && i < map->count; i++)
		CHECK(!vmsync_map_append(out, &map->segments[i]));
	vmsync_sync_free(sync);
}

static void test_liar(void)
{
	struct vmsync_map honest, with_liar;
	struct recording r;

	record(&r, 0, 1000);
	run(&r, false, &honest);
	run(&r, true, &with_liar);
	CHECK(vmsync_map_equal(&honest, &with_liar));
	vmsync_map_free(&honest);
	vmsync_map_free(&with_liar);
}

/* The session says whose turn it is; a reader that obeys loses nothing. */
static void test_wants(void)
{
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g"), *who;
	uint32_t g = 2 * (uint32_t)check_range(0, 100), h = 0;
	enum vmsync_wants turn;
	struct recording r;

	record(&r, 0, 7000);
	while ((turn = vmsync_sync_wants(sync, &who)) != VMSYNC_WANTS_NONE) {
		if (turn == VMSYNC_WANTS_GUEST) {
			CHECK(who == guest);
			if (g == 2 * BEACONS) {
				vmsync_sync_guest_end(guest);
				continue;
			}
			push(sync, guest, &r.leg[g / 2][g & 1 ? 3 : 0],
			     g & 1 ? 3 : 0);
			g++;
		} else {
			if (h == 2 * BEACONS) {
				vmsync_sync_host_end(sync);
				continue;
			}
			push(sync, guest, &r.leg[h / 2][h & 1 ? 2 : 1],
			     h & 1 ? 2 : 1);
			h++;
		}
	}
	CHECK_EQ(g, 2 * BEACONS);
	CHECK_EQ(h, 2 * BEACONS);
	CHECK(!vmsync_sync_finish(sync));
	CHECK(vmsync_guest_report_of(guest)->whole >= BEACONS - 101);
	vmsync_sync_free(sync);
}

static void test_wrong_side(void)
{
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, NULL);
	struct vmsync_evidence ev = { .kind = VMSYNC_EV_GH_GUEST };

	CHECK(vmsync_sync_push_host(sync, &ev) < 0);
	ev.kind = VMSYNC_EV_PVCLOCK;
	CHECK(vmsync_sync_push_guest(guest, &ev) < 0);
	CHECK(!vmsync_sync_finish(sync));
	CHECK(!vmsync_guest_report_of(guest)->found);
	CHECK(vmsync_guest_map_of(vmsync_guest_maps(guest), 0) == NULL);
	CHECK_EQ(vmsync_guest_report_of(guest)->n_notes, 1);
	vmsync_sync_free(sync);
}

/*
 * A VM has so many names at a time, whoever sends them: the oldest is forgotten, with
 * what was heard by it.
 */
static void test_names(uint32_t others, bool found)
{
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	struct recording r;

	record(&r, 0, 1000);
	for (int k = 1; k < 3; k++)
		push(sync, guest, &r.leg[0][k], k);
	for (uint32_t i = 1; i <= others; i++) {
		struct vmsync_evidence ev = r.leg[i][1].ev;

		ev.vm_uid = UID + i;
		CHECK(!vmsync_sync_push_host(sync, &ev));
	}
	push(sync, guest, &r.leg[0][0], 0);
	push(sync, guest, &r.leg[0][3], 3);
	CHECK(!vmsync_sync_finish(sync));
	CHECK_EQ(vmsync_guest_report_of(guest)->found, found);
	vmsync_sync_free(sync);
}

/*
 * Legs come from many CPUs: one may be @late beacons behind those of others, which are
 * matched meanwhile.
 */
static void test_order(uint32_t late)
{
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	struct recording r;

	record(&r, 0, 1000);
	for (uint32_t i = 0; i < BEACONS + late; i++) {
		for (int k = 0; k < 4; k++) {
			if (i < BEACONS && (k != 1 || i % 10 != 9))
				push(sync, guest, &r.leg[i][k], k);
			if (i >= late && k == 1 && (i - late) % 10 == 9)
				push(sync, guest, &r.leg[i - late][k], k);
		}
	}
	CHECK(!vmsync_sync_finish(sync));
	CHECK_EQ(vmsync_guest_report_of(guest)->whole, BEACONS);
	vmsync_sync_free(sync);
}

/* A reading that is far from its stamp is of another clock: the stamp is taken. */
static void test_odd_reading(void)
{
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	const struct vmsync_guest_report *rep = vmsync_guest_report_of(guest);
	struct recording r;

	record(&r, 0, 1000);
	for (uint32_t i = 0; i < BEACONS; i++) {
		if (i % 10 == 5)
			r.leg[i][2].ev.pair.mono_ns += 2000000000;
		for (int k = 0; k < 4; k++)
			push(sync, guest, &r.leg[i][k], k);
	}
	CHECK(!vmsync_sync_finish(sync));
	CHECK_EQ(rep->whole, BEACONS);
	CHECK_EQ(rep->causal_violations, 0);
	vmsync_sync_free(sync);
}

/* What is whole is given out at once: nothing waits for numbers of no beacon. */
static void at_once(uint32_t first_cnt)
{
	static struct recording r;
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");

	record(&r, 0, first_cnt);
	for (int i = 0; i < 5; i++) {
		for (int k = 0; k < 4; k++) {
			const struct vmsync_evidence *ev = &r.leg[i][k].ev;

			CHECK(!(of_guest(k) ? vmsync_sync_push_guest(guest, ev) :
					      vmsync_sync_push_host(sync, ev)));
		}
	}
	CHECK(!vmsync_sync_build_maps(sync, NULL));
	CHECK_EQ(vmsync_guest_report_of(guest)->whole, 5);
	vmsync_sync_free(sync);
}

/*
 * The old addons' answers are of whatever thread ran there. Where that is not known,
 * for the first @first beacons and then for a tenth, they are no other VM's.
 */
static void test_threads(uint32_t first)
{
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest = vmsync_sync_guest_new(sync, "g");
	const struct vmsync_guest_report *rep = vmsync_guest_report_of(guest);
	struct recording r;

	record(&r, 0, 1000);
	for (uint32_t i = 0; i < BEACONS; i++) {
		for (int k = 0; k < 4; k++) {
			struct vmsync_evidence *ev = &r.leg[i][k].ev;
			bool known = i >= first && i % 10 != 9;

			ev->pair.valid = ev->guest_claim.valid = false;
			if (!of_guest(k))
				ev->vm = (struct vmsync_vm_id){known ? 100 : 0, 0};
			if (!of_guest(k))
				ev->vcpu = known ? 3 : VMSYNC_CPU_UNKNOWN;
			push(sync, guest, &r.leg[i][k], k);
		}
	}
	CHECK(!vmsync_sync_finish(sync));
	CHECK_EQ(rep->whole, BEACONS);
	CHECK_EQ(rep->n_moves, 0);
	CHECK_EQ(rep->vm.pid, first < BEACONS ? 100 : 0);
	CHECK_EQ(rep->cpus[0].known, first < BEACONS);
	if (first < BEACONS)
		CHECK_EQ(rep->cpus[0].vcpu_id, 3);
	CHECK(vmsync_guest_map_of(vmsync_guest_maps(guest), 0) != NULL);
	vmsync_sync_free(sync);
}

/* Guests of threads that are not known do not take each other's place. */
static void test_strangers(int n)
{
	struct vmsync_sync *sync = vmsync_sync_new(NULL);
	struct vmsync_guest *guest[16];
	struct recording r;

	record(&r, 0, 1000);
	for (int g = 0; g < n; g++)
		guest[g] = vmsync_sync_guest_new(sync, "g");
	for (uint32_t i = 0; i < BEACONS; i++) {
		for (int k = 0; k < 4; k++) {
			for (int g = 0; g < n; g++) {
				struct leg leg = r.leg[i][k];

				leg.ev.vm = (struct vmsync_vm_id){0, 0};
				leg.ev.vm_uid = UID + (uint64_t)g;
				push(sync, guest[g], &leg, k);
			}
		}
	}
	CHECK(!vmsync_sync_finish(sync));
	for (int g = 0; g < n; g++)
		CHECK_EQ(vmsync_guest_report_of(guest[g])->whole, BEACONS);
	vmsync_sync_free(sync);
}

int main(int argc, char **argv)
{
	uint64_t first;

	check_init(argc, argv);
	at_once(0);
	at_once(7);
	first = check_seed;
	test_wrong_side();
	test_wrap();
	test_names(3, true);
	test_names(4, false);
	test_order(1);
	test_order(100);
	test_odd_reading();
	test_threads(0);
	test_threads(20);
	test_threads(BEACONS);
	test_strangers(4);
	test_strangers(16);
	for (uint64_t i = 0; i < 30; i++) {
		check_reseed(first + i);
		test_losses();
		test_wants();
		test_liar();
	}
	return check_done();
}
