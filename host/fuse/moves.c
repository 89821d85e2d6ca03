// SPDX-License-Identifier: MIT
#include "fuse/moves.h"

#include <inttypes.h>
#include <stdlib.h>

#include "fuse/fail.h"
#include "fuse/print.h"
#include "fuse/run_cursor.h"
#include "fuse/session.h"

/* The runs of virtual CPU @cpu in the VM that was home @home of the guest. */
static struct vmsync_run_cursor *runs_of(const struct vmsync_session *s,
					 const struct vmsync_guest *guest,
					 size_t home, uint32_t cpu)
{
	return vmsync_run_cursor_of(s->runs,
				    vmsync_guest_home_thread(guest, home, cpu));
}

/* What is on record of one virtual CPU around a move: INT64_MIN, _MAX: nothing. */
struct ends {
	int64_t exit_ns;
	int64_t entry_ns;
};

static int ends_find(const struct vmsync_session *s,
		     const struct vmsync_guest *guest, size_t home,
		     uint32_t cpu, struct ends *ends, struct ctf_error *e)
{
	const struct vmsync_move *move =
		&vmsync_guest_report_of(guest)->moves[home];
	struct vmsync_run_cursor *before = runs_of(s, guest, home, cpu);
	struct vmsync_run_cursor *after = runs_of(s, guest, home + 1, cpu);
	struct vmsync_interval st;
	int ret = before && after ? 0 : vmsync_fail_memory(e);

	if (!ret)
		ret = vmsync_run_cursor_seek(before, move->first_ns, &st, e);
	if (!ret && st.from == VMSYNC_END_EXIT)
		ends->exit_ns = st.from_ns;
	if (!ret)
		ret = vmsync_run_cursor_seek(after, move->last_ns, &st, e);
	if (!ret && st.until == VMSYNC_END_ENTRY)
		ends->entry_ns = st.until_ns;
	vmsync_run_cursor_free(before);
	vmsync_run_cursor_free(after);
	return ret;
}

static bool lost_between(const struct vmsync_session *s, int64_t from_ns,
			 int64_t until_ns)
{
	const struct vmsync_coverage *c = &s->host->coverage;

	return c->absent.count ||
	       vmsync_holes_in(&c->of[VMSYNC_COVER_RUNS].any, from_ns,
			       until_ns);
}

static int move_find(const struct vmsync_session *s,
		     const struct vmsync_session_guest *g, size_t i,
		     struct vmsync_moved *m, struct ctf_error *e)
{
	const struct vmsync_guest_report *r = vmsync_guest_report_of(g->guest);
	const struct vmsync_move *move = &r->moves[i];
	const struct vmsync_map *map = vmsync_stream_map(g, 0);
	int64_t exit_ns = INT64_MIN, entry_ns = INT64_MAX;
	uint32_t c;
	int ret = 0;

	for (c = 0; !ret && c < r->n_cpus; c++) {
		struct ends ends = { INT64_MIN, INT64_MAX };

		ret = ends_find(s, g->guest, i, c, &ends, e);
		if (ends.exit_ns > exit_ns)
			exit_ns = ends.exit_ns;
		if (ends.entry_ns < entry_ns)
			entry_ns = ends.entry_ns;
	}
	m->at_most = move->away || exit_ns < move->last_ns || entry_ns > move->first_ns ||
		     exit_ns > entry_ns ||
		     lost_between(s, move->last_ns, move->first_ns);
	m->left_ns = m->at_most ? move->last_ns : exit_ns;
	m->arrived_ns = m->at_most ? move->first_ns : entry_ns;
	if (!ret && map)
		m->guest_ns =
			vmsync_map_inverse(map, (host_time){ m->arrived_ns }).ns -
			vmsync_map_inverse(map, (host_time){ m->left_ns }).ns;
	return ret;
}

int vmsync_moves_find(struct vmsync_session *s, struct ctf_error *e)
{
	size_t i, k;
	int ret = 0;

	for (i = 0; !ret && i < s->n_guests; i++) {
		struct vmsync_session_guest *g = &s->guests[i];
		size_t n = vmsync_guest_report_of(g->guest)->n_moves;

		free(g->moved);
		g->moved = calloc(n + 1, sizeof(*g->moved));
		if (!g->moved)
			return vmsync_fail_memory(e);
		for (k = 0; !ret && k < n; k++)
			ret = move_find(s, g, k, &g->moved[k], e);
	}
	return ret;
}

void vmsync_moves_text(FILE *f, const struct vmsync_session_guest *g)
{
	const struct vmsync_guest_report *r = vmsync_guest_report_of(g->guest);
	size_t i;

	for (i = 0; g->moved && i < r->n_moves; i++) {
		const struct vmsync_moved *m = &g->moved[i];

		fprintf(f,
			"  moved       from process %" PRId32 " to %" PRId32
			", at host time ",
			r->moves[i].from.pid, r->moves[i].to.pid);
		print_seconds(f, m->left_ns);
		fprintf(f, "\n              did not run for %s",
			m->at_most ? "at most " : "");
		print_ms(f, m->arrived_ns - m->left_ns);
		fputs(", of which its clock counted ", f);
		print_ms(f, m->guest_ns);
		fputc('\n', f);
	}
}

void vmsync_moves_json(FILE *f, const struct vmsync_session_guest *g)
{
	const struct vmsync_guest_report *r = vmsync_guest_report_of(g->guest);
	size_t i;

	fputs(", \"moves\": [", f);
	for (i = 0; g->moved && i < r->n_moves; i++) {
		const struct vmsync_moved *m = &g->moved[i];

		fprintf(f,
			"%s{\"from_pid\": %" PRId32 ", \"to_pid\": %" PRId32
			", \"left_ns\": %" PRId64 ", \"arrived_ns\": %" PRId64
			", \"downtime_ns\": %" PRId64 ", \"at_most\": %s"
			", \"guest_ns\": %" PRId64 "}",
			i ? ", " : "", r->moves[i].from.pid, r->moves[i].to.pid,
			m->left_ns, m->arrived_ns, m->arrived_ns - m->left_ns,
			m->at_most ? "true" : "false", m->guest_ns);
	}
	fputc(']', f);
}
