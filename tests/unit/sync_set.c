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

static const struct vmsync_scaling same = {0, 1ull << 32, 32};

/* The record that shows the new page was made @late_ns behind the beacon. */
static double set_by(int64_t late_ns)
{
	struct vmsync_pv_run runs[2] = {
		{.pv = {.mul = 1u << 31, .shift = 1}},
		{.pv = {.mul = 1u << 31, .shift = 1, .system_time_ns = STEP_NS},
		 .first = {BEACON, BEACON + late_ns}},
	};
	const struct vmsync_guest_cpu cpu = {.pvs = {runs, 2, 2}};
	const struct vmsync_beacon b = {
		.kvmclock = true,
		.gh = true,
		.gh_guest_ns = BEACON,
		.gh_guest = {BEACON, BEACON, 0, true},
		.gh_host = {BEACON, BEACON, 0, true},
		.scaling = same,
	};
	struct vmsync_set set = {true, runs[0].pv, same};

	return vmsync_set_ns(&set, &cpu, &b, true);
}

int main(void)
{
	CHECK(set_by(0) == STEP_NS);
	CHECK(set_by(MS * 9 / 10) == STEP_NS);
	CHECK(set_by(MS * 11 / 10) == 0);
	return check_done();
}
