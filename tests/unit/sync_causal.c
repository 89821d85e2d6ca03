// SPDX-License-Identifier: MIT
/*
 * The witness of causality by TSCs alone: what a beacon claims is not ahead of the
 * host's own reading, nor behind it on the way back, but for the brackets in which they
 * were read and for what a ratio rounds.
 */
#include "check.h"
#include "sync/witness/causal.h"

#define AT	1000000000ull
#define BRACKET 50

/* The guest's TSC is @offset ahead of the host's; it claims @ahead more, each way. */
static uint64_t violations(bool gh, int64_t ahead)
{
	const int64_t offset = 12345;
	const uint64_t guest = AT + (uint64_t)offset + (uint64_t)ahead;
	const struct vmsync_beacon b = {
		.gh = gh,
		.hg = !gh,
		.gh_guest = {guest, 0, BRACKET, true},
		.gh_host = {AT, 0, BRACKET, true},
		.hg_host = {AT, 0, BRACKET, true},
		.hg_guest = {guest, 0, BRACKET, true},
		.scaling = {offset, 1ull << 32, 32},
	};
	struct vmsync_causal c = {0};

	vmsync_causal_tsc(&c, &b);
	CHECK_EQ(c.tsc_checked, 1);
	return c.tsc_violations;
}

int main(void)
{
	CHECK(!violations(true, -1000));
	CHECK(!violations(true, BRACKET + 8));
	CHECK(violations(true, BRACKET + 9));
	CHECK(!violations(false, 1000));
	CHECK(!violations(false, -BRACKET - 8));
	CHECK(violations(false, -BRACKET - 9));
	return check_done();
}
