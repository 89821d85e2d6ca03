// SPDX-License-Identifier: MIT
/*
 * By how much kvm-clock was set between two beacons: by the page that the later one had
 * read, which a record of the same CPU shows. That may have been made a little later,
 * but not so much that the beacon had still read the page before.
 */
#include "check.h"
#include "sync/facts/set.h"

#define BEACON	 1000000000ll
#define STEP_NS	 5000
#define MS	 1000000ll

static const struct vmsync_scaling same = { 0, 1ull << 32, 32 };

/* The record that shows the new page was made @late_ns behind the beacon. */
static double set_by(int64_t late_ns)
{
	struct vmsync_pv_run runs[2] = {
		{ .pv = { .mul = 1u << 31, .shift = 1 } },
		{ .pv = { .mul = 1u << 31,
			  .shift = 1,
			  .system_time_ns = STEP_NS },
		  .first = { BEACON, BEACON + late_ns } },
	};
	struct vmsync_guest_cpu cpu = { .pvs = { runs, 2, 2 } };
	const struct vmsync_beacon b = {
		.kvmclock = true,
		.guest_seq = 1,
		.gh = true,
		.gh_guest_ns = BEACON,
		.gh_guest = { BEACON, BEACON, 0, true },
		.gh_host = { BEACON, BEACON, 0, true },
		.scaling = same,
	};
	struct vmsync_set set = { { true, runs[0].pv, same, 0 } };

	return vmsync_set_ns(&set, &cpu, NULL, &b, true);
}

/**
 * struct sent - a beacon that CPU @cpu sends at @at
 * @page_at:	when that CPU's page was written, which is of kvm-clock as it was set
 *		by @set_ns until then
 */
struct sent {
	int cpu;
	int64_t at;
	int64_t page_at;
	int64_t set_ns;
};

#define CPUS 3

/*
 * The set of the last one of @n beacons, of CPUs that have each a page of its own; by
 * what the guest shows, or by what the host @told of it.
 */
static double set_of_last(const struct sent *sent, int n, bool told)
{
	struct vmsync_guest_cpu cpus[CPUS] = { 0 };
	struct vmsync_vcpu vcpus[CPUS] = { 0 };
	struct vmsync_pv_run runs[CPUS] = { 0 };
	struct vmsync_pvclock_span spans[CPUS] = { 0 };
	struct vmsync_set set = { 0 };
	double ns = 0;

	for (int i = 0; i < n; i++) {
		const struct sent *s = &sent[i];
		const struct vmsync_pvclock page = {
			.tsc_timestamp = (uint64_t)s->page_at,
			.system_time_ns = (uint64_t)(s->page_at + s->set_ns),
			.mul = 1u << 31,
			.shift = 1,
		};
		const struct vmsync_pair now = {(uint64_t)s->at, s->at, 0, true};
		const struct vmsync_beacon b = {
			.kvmclock = !told,
			.guest_seq = !told,
			.gh = true,
			.gh_guest_ns = s->at,
			.gh_host_ns = s->at,
			.gh_guest = now,
			.gh_host = now,
			.scaling = same,
		};

		runs[s->cpu] = (struct vmsync_pv_run){
			.pv = page, .first = {(uint64_t)s->at, s->at}};
		spans[s->cpu] = (struct vmsync_pvclock_span){page, s->page_at, -1};
		cpus[s->cpu].pvs.at = &runs[s->cpu];
		cpus[s->cpu].pvs.count = !told;
		vcpus[s->cpu].pvclocks.at = &spans[s->cpu];
		vcpus[s->cpu].pvclocks.count = told;
		ns = vmsync_set_ns(&set, &cpus[s->cpu], &vcpus[s->cpu], &b, false);
	}
	return ns;
}

/* Which was set between the second beacon and the third one: that one shows it. */
static void test_several(bool told)
{
	const int64_t at = BEACON;
	const struct sent sent[] = {
		{ 0, at, at - 1000, 0 },
		{ 1, at + 10 * MS, at - 1000, 0 },
		{ 0, at + 20 * MS, at + 15 * MS, STEP_NS },
		/* What another one has shown is not shown again. */
		{ 1, at + 30 * MS, at + 15 * MS, STEP_NS },
		/* Of one that has shown nothing it may be all that it differs
		   by. */
		{ 2, at + 40 * MS, at - 1000, 2 * STEP_NS },
	};

	CHECK(set_of_last(sent, 2, told) == 0);
	CHECK(set_of_last(sent, 3, told) == STEP_NS);
	CHECK(set_of_last(sent, 4, told) == 0);
	CHECK(set_of_last(sent, 5, told) == STEP_NS);
}

int main(void)
{
	test_several(false);
	test_several(true);
	CHECK(set_by(0) == STEP_NS);
	CHECK(set_by(MS * 9 / 10) == STEP_NS);
	CHECK(set_by(MS * 11 / 10) == 0);
	return check_done();
}
