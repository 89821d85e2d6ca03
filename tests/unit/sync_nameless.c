// SPDX-License-Identifier: MIT
/*
 * Answers of which no record says whose they are, in names that a guest may choose as it
 * likes: no more VMs come of them than are allowed, and none of those that are known by
 * their process is lost to them.
 */
#include "check.h"
#include "sync/session.h"
#include "sync/sync.h"

#define MOST 16 /* nameless VMs */

static void push(struct vmsync_sync *sync, struct vmsync_vm_id vm, uint64_t name)
{
	static uint32_t cnt;
	const int64_t ns = 1000000000 + ++cnt * 1000;
	const struct vmsync_evidence ev = {
		.kind = VMSYNC_EV_GH_HOST,
		.vm = vm,
		.vm_uid = name,
		.cnt = 2 * cnt,
		.stamp_ns = ns,
		.pair = { (uint64_t)ns, ns, 0, true },
	};

	CHECK_EQ(vmsync_sync_push_host(sync, &ev), 0);
}

int main(void)
{
	const struct vmsync_sync_options options = { 0 };
	const struct vmsync_vm_id nobody = { 0 }, known = { 77, 1 };
	struct vmsync_sync *sync = vmsync_sync_new(&options);
	uint64_t name;

	CHECK(vmsync_vm_is_unknown(nobody) && !vmsync_vm_is_unknown(known));
	for (name = 1; name <= MOST; name++) {
		push(sync, nobody, name);
		CHECK_EQ(sync->vms.count, name);
	}
	/* Those that there are answer to their names, whoever comes after. */
	for (name = 1; name < 100; name++)
		push(sync, nobody, name);
	CHECK_EQ(sync->vms.count, MOST);
	push(sync, known, 1000);
	CHECK_EQ(sync->vms.count, MOST + 1);
	/* What a known one has answered is its. */
	push(sync, nobody, 1000);
	push(sync, known, 1000);
	CHECK_EQ(sync->vms.count, MOST + 1);
	vmsync_sync_free(sync);
	return check_done();
}
