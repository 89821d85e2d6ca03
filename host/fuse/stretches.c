// SPDX-License-Identifier: MIT
#include "fuse/stretches.h"

#include <stdlib.h>

#include "fuse/coverage.h"
#include "fuse/run_cursor.h"

struct vmsync_stretches {
	const struct vmsync_coverage *coverage;
	struct vmsync_run_cursor *own;
	struct vmsync_run_cursor *anyones; /* NULL: all threads are known */
	const struct vmsync_holes *holes; /* there are none of these in @clear */
	struct vmsync_hole clear;
};

struct vmsync_stretches *vmsync_stretches_new(const struct vmsync_session *s,
					      const struct vmsync_owners *o,
					      const vmsync_parts *parts)
{
	struct vmsync_stretches *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->coverage = &s->host->coverage;
	t->own = vmsync_run_cursor_new(s->runs, parts ? parts->at : NULL,
				       parts ? parts->count : 0);
	if (o->anyones.count)
		t->anyones = vmsync_run_cursor_new(s->runs, o->anyones.at,
						   o->anyones.count);
	if (t->own && (t->anyones || !o->anyones.count))
		return t;
	vmsync_stretches_free(t);
	return NULL;
}

void vmsync_stretches_free(struct vmsync_stretches *t)
{
	if (!t)
		return;
	vmsync_run_cursor_free(t->own);
	vmsync_run_cursor_free(t->anyones);
	free(t);
}

int vmsync_stretches_seek(struct vmsync_stretches *t, int64_t ns,
			  struct vmsync_interval *s, struct ctf_error *e)
{
	return vmsync_run_cursor_seek(t->own, ns, s, e);
}

int vmsync_stretches_next(struct vmsync_stretches *t, struct vmsync_interval *s,
			  struct ctf_error *e)
{
	return vmsync_run_cursor_next(t->own, s, e);
}

static bool has_stayed(const struct vmsync_interval *s)
{
	return s->until_stayed && s->from_cpu == s->until_cpu;
}

/*
 * A run is seen on its own CPU; in a gap there may have been others on any, and
 * unless the thread stayed where it was, on one of which nothing is recorded at
 * all.
 */
static bool is_lost(struct vmsync_stretches *t, const struct vmsync_interval *s)
{
	const struct vmsync_cover *cover = &t->coverage->of[VMSYNC_COVER_RUNS];
	const struct vmsync_holes *holes = NULL;

	if (vmsync_interval_is_run(s))
		holes = vmsync_cover_cpu(cover, s->from_cpu);
	else if (t->coverage->absent.count && !has_stayed(s))
		return true;
	if (!holes)
		holes = &cover->any;
	if (t->holes == holes && s->from_ns >= t->clear.from_ns &&
	    s->until_ns <= t->clear.until_ns)
		return false;
	t->holes = holes;
	if (vmsync_holes_none(holes, s->from_ns, s->until_ns, &t->clear))
		return false;
	t->holes = NULL;
	return true;
}

/*
 * In a gap the virtual CPU may have been in, if somebody was of whom it is not
 * known who: where records are missing the threads of all that follow are not,
 * until the next switch on that CPU.
 */
static int check_anyone(struct vmsync_stretches *t, struct vmsync_interval *s,
			struct ctf_error *e)
{
	struct vmsync_interval other;
	int ret;

	if (!t->anyones || s->lost || !vmsync_interval_is_gap(s))
		return 0;
	ret = vmsync_run_cursor_seek(t->anyones, s->from_ns, &other, e);
	s->lost = other.from == VMSYNC_END_ENTRY ||
		  (other.until != VMSYNC_END_NONE &&
		   other.until_ns <= s->until_ns);
	return ret;
}

int vmsync_stretches_judge(struct vmsync_stretches *t,
			   struct vmsync_interval *s, struct ctf_error *e)
{
	s->lost = is_lost(t, s);
	return check_anyone(t, s, e);
}
