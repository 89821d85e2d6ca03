// SPDX-License-Identifier: MIT
/*
 * For each change of a guest's line that was confirmed late (sync/second.h), the
 * exit that tells more, and for each of KVM's the exit before it (sync/left.h),
 * from the runs of the thread that is the virtual CPU.
 */
#include <errno.h>
#include <stdlib.h>

#include "fuse/fail.h"
#include "fuse/run_cursor.h"
#include "fuse/second_look.h"
#include "sync/left.h"
#include "sync/second.h"

/*
 * One guest's runs; @cpu is the CPU that @cursor is of, if there is one. @anyones are
 * runs of its number behind a loss, where it is not known which thread was on a CPU.
 */
struct looker {
	const struct vmsync_runs *runs;
	struct vmsync_run_cursor *cursor;
	struct vmsync_run_cursor *anyones;
	uint32_t cpu;
	struct ctf_error *e;
};

static void turn_away(struct looker *l)
{
	vmsync_run_cursor_free(l->cursor);
	vmsync_run_cursor_free(l->anyones);
	l->cursor = l->anyones = NULL;
}

/*
 * The parts that are of guest CPU @cpu, or that may be, behind one another in @parts.
 * Returns how many of the first there are; @n_anyones: of the second.
 */
static uint32_t parts_find(const struct looker *l,
			   const struct vmsync_guest *guest, uint32_t cpu,
			   uint32_t *parts, uint32_t *n_anyones)
{
	uint32_t n = vmsync_runs_parts(l->runs), count = 0, i;
	int32_t vcpu_id = -1;

	for (i = 0; i < n; i++) {
		struct vmsync_runs_part t = vmsync_runs_part(l->runs, i);

		if (t.tid <= 0 || !vmsync_guest_has_thread(guest, cpu, t.tid))
			continue;
		parts[count++] = i;
		if (t.vcpu_id >= 0)
			vcpu_id = t.vcpu_id;
	}
	*n_anyones = 0;
	for (i = 0; i < n; i++) {
		struct vmsync_runs_part t = vmsync_runs_part(l->runs, i);

		if (t.tid <= 0 && (t.vcpu_id < 0 || vcpu_id < 0 ||
				   t.vcpu_id == vcpu_id))
			parts[count + (*n_anyones)++] = i;
	}
	return count;
}

/* Goes on to the runs of guest CPU @cpu. */
static int turn_to(struct looker *l, const struct vmsync_guest *guest,
		   uint32_t cpu)
{
	uint32_t *parts, n, n_anyones;

	if (l->cursor && l->cpu == cpu)
		return 0;
	turn_away(l);
	parts = calloc((size_t)vmsync_runs_parts(l->runs) + 1, sizeof(*parts));
	if (!parts)
		return vmsync_fail_memory(l->e);
	n = parts_find(l, guest, cpu, parts, &n_anyones);
	l->cursor = vmsync_run_cursor_new(l->runs, parts, n);
	l->anyones = vmsync_run_cursor_new(l->runs, parts + n, n_anyones);
	l->cpu = cpu;
	free(parts);
	if (l->cursor && l->anyones)
		return 0;
	turn_away(l);
	return vmsync_fail_memory(l->e);
}

static int find(void *ctx, const struct vmsync_guest *guest, uint32_t cpu,
		int64_t after_ns, int64_t until_ns, int64_t *exit_ns)
{
	struct looker *l = ctx;
	struct vmsync_interval s;
	int ret = turn_to(l, guest, cpu);

	if (!ret)
		ret = vmsync_run_cursor_seek(l->cursor, after_ns, &s, l->e);
	while (!ret && s.until != VMSYNC_END_NONE && s.until_ns < until_ns) {
		if (s.until_open && s.until_ns > after_ns) {
			*exit_ns = s.until_ns;
			return 1;
		}
		ret = vmsync_run_cursor_next(l->cursor, &s, l->e);
	}
	return ret;
}

static int left(void *ctx, const struct vmsync_guest *guest, uint32_t cpu,
		int64_t ns, int64_t *exit_ns)
{
	struct looker *l = ctx;
	struct vmsync_interval s, anyones;
	int ret = turn_to(l, guest, cpu);

	if (!ret)
		ret = vmsync_run_cursor_seek(l->cursor, ns, &s, l->e);
	if (ret || s.from != VMSYNC_END_EXIT)
		return ret;
	*exit_ns = s.from_ns;
	ret = vmsync_run_cursor_seek(l->anyones, ns, &anyones, l->e);
	if (ret)
		return ret;
	return anyones.from == VMSYNC_END_NONE || anyones.from_ns < s.from_ns;
}

int vmsync_second_look(struct vmsync_session *s, struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	if (vmsync_runs_settle(s->runs))
		return vmsync_fail_memory(e);
	for (i = 0; !ret && i < s->n_guests; i++) {
		struct looker l = { .runs = s->runs, .e = e };

		ret = vmsync_guest_second_look(s->guests[i].guest, find, &l);
		if (!ret)
			ret = vmsync_guest_left(s->guests[i].guest, left, &l);
		turn_away(&l);
	}
	return ret == -ENOMEM ? vmsync_fail_memory(e) : ret;
}
