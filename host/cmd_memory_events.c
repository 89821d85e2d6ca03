// SPDX-License-Identifier: MIT
/* vmsync memory --events: pages of guests by their traces. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "cmd_memory.h"
#include "fuse/fail.h"

/** struct events - @told: machines that are printed */
struct events {
	const struct cmd_memory_events *args;
	struct memory_look look[2];
	struct memory_use_options options;
	size_t told;
};

static int one(struct events *ev, const struct vmsync_machine *m,
	       const struct vmsync_session *s, const struct vmsync_session_guest *g,
	       struct ctf_error *e)
{
	struct memory_use_told told;
	int ret;

	if (!memory_use_has(m))
		return 0;
	if (ev->told && ev->options.look[0])
		return vmsync_fail(e, -EINVAL, "name the traces of that guest only",
				   "--pages is of one guest, and several have events "
				   "of pages");
	ret = memory_use_read(m, s, g, &ev->options, &told, e);
	if (!ret && ev->args->json) {
		fputs(ev->told++ ? ",\n" : "[\n", stdout);
		memory_use_json(stdout, &told);
	} else if (!ret) {
		if (ev->told++)
			putchar('\n');
		memory_use_text(stdout, &told, ev->args->all);
	}
	memory_use_free(&told.use);
	return ret;
}

static int end(const struct events *ev, const char *first, struct ctf_error *e)
{
	if (ev->told && ev->args->json)
		fputs("\n]\n", stdout);
	if (ev->told)
		return 0;
	return vmsync_fail(e, -ENOENT, "record kmem_mm_page_alloc, kmem_mm_page_free, "
			   "sched_switch in the guest (trace-cmd: kmem:mm_page_alloc, "
			   "...)", "%.300s: no events of pages of a guest", first);
}

/* Guests on their host's clock. */
static int of_session(struct vmsync_session *s, void *arguments, struct ctf_error *e)
{
	struct events *ev = arguments;
	size_t i;
	int ret = 0;

	if (s->experiment && ev->options.look[0])
		return vmsync_fail(e, -EINVAL, "name the traces as they were recorded",
				   "--pages is of the guest's clock, and this is fused");
	for (i = 0; i < s->n_guests && !ret; i++)
		ret = one(ev, s->guests[i].machine, s, &s->guests[i], e);
	return ret ? ret : end(ev, ctf_trace_path(s->host->traces[0]), e);
}

/* Whatever they are, each on its own clock. */
static int of_machines(struct events *ev, const struct vmsync_machines *m,
		       struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < m->n && !ret; i++)
		ret = one(ev, &m->machine[i], NULL, NULL, e);
	return ret ? ret : end(ev, ctf_trace_path(m->machine[0].traces[0]), e);
}

static bool has_host(const struct vmsync_machines *m)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (m->machine[i].side == VMSYNC_SIDE_HOST)
			return true;
	}
	return m->fused;
}

static int run(struct events *ev, char *const *traces)
{
	static const struct cmd_session session = {
		.options = { .alone = true, .fused = true },
	};
	struct vmsync_machines machines;
	struct ctf_error e;
	size_t n = 0;
	bool host;
	int ret;

	while (traces[n])
		n++;
	ret = vmsync_machines_open(traces, n, &machines, true, &e);
	host = !ret && has_host(&machines);
	if (!ret && !host)
		ret = of_machines(ev, &machines, &e);
	vmsync_machines_close(&machines);
	if (host)
		return cmd_session_run("memory", traces, &session, of_session, ev);
	return ret ? cmd_error("memory", &e) : 0;
}

int cmd_memory_events(const struct cmd_memory_events *args, char *const *traces)
{
	struct events ev = { .args = args, .options.window_ns = args->window_ns };
	struct ctf_error e;
	int ret = 0, i;

	if (!traces[0])
		return cmd_usage_error("memory", "--events: no trace named");
	for (i = 0; i < 2 && args->file[i] && !ret; i++) {
		ret = memory_look_read(&ev.look[i], args->file[i], MEMORY_USE_PAGES, &e);
		ev.options.look[i] = &ev.look[i];
	}
	ret = ret ? cmd_error("memory", &e) : run(&ev, traces);
	memory_look_free(&ev.look[0]);
	memory_look_free(&ev.look[1]);
	return ret;
}
