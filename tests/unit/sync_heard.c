// SPDX-License-Identifier: MIT
/*
 * A beacon that nobody answered says that a guest was elsewhere, if the host recorded
 * then; but it may have been on its way when a recording began or ended, or a hole in it
 * did.
 */
#include "check.h"
#include "sync/heard.h"

#define SEC 1000000000ll
#define MS  1000000ll

/*
 * The host recorded for 100 s, but for ten in the midst; of the guest it heard once,
 * before (@behind) or behind an unanswered beacon at @ns.
 */
static bool was_away(int64_t ns, bool behind)
{
	struct vmsync_guest *guest = calloc(1, sizeof(*guest));
	struct vmsync_sync *sync = calloc(1, sizeof(*sync));
	struct vmsync_match *m = &guest->match;
	struct vmsync_lost *lost = vmsync_array_add(&sync->lost);
	struct vmsync_heard h;

	CHECK(lost);
	*lost = (struct vmsync_lost){50 * SEC, 60 * SEC};
	sync->side.last_ns = 100 * SEC;
	guest->sync = sync;
	m->vm_uid = 77;
	m->ring[0] = (struct vmsync_half){
		.vm_uid = 77, .have = VMSYNC_LEG_GH, .gh_ns = ns};
	m->heard = true;
	m->first_heard.guest_ns = m->first_heard.host_ns = behind ? 0 : 100 * SEC;
	m->last_heard = m->first_heard;
	h = vmsync_heard_find(guest);
	vmsync_array_free(&sync->lost);
	free(sync);
	free(guest);
	CHECK(h.from_ns == INT64_MIN || !behind);
	CHECK(h.until_ns == INT64_MAX || behind);
	return h.from_ns != INT64_MIN || h.until_ns != INT64_MAX;
}

int main(void)
{
	CHECK(was_away(100 * SEC - 11 * MS, true));
	CHECK(!was_away(100 * SEC - 9 * MS, true));
	CHECK(was_away(11 * MS, false));
	CHECK(!was_away(9 * MS, false));
	CHECK(was_away(50 * SEC - 11 * MS, true));
	CHECK(!was_away(50 * SEC - 9 * MS, true));
	CHECK(!was_away(60 * SEC + 9 * MS, true));
	CHECK(was_away(60 * SEC + 11 * MS, true));
	return check_done();
}
