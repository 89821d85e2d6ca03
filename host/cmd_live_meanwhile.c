// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "cmd.h"
#include "cmd_live_meanwhile.h"
#include "fuse/fail.h"
#include "live/lines.h"
#include "live/metrics.h"
#include "live/stalls.h"
#include "online/chunks.h"
#include "online/metrics.h"

/*
 * @session:	of the host, that is analysed
 * @failed:	there is no use in analysing any more, and that was said
 * @trouble:	something could not be done
 */
struct meanwhile {
	const struct meanwhile_how *how;
	struct live_member *m;
	size_t n;
	struct live_ledger **ledgers;
	size_t session;
	struct online *online;
	struct online_names names;
	struct online_chunks *chunks;
	bool failed;
	bool trouble;
};

/* ----------------------------------------------------------------- telling */

static int write_online(FILE *f, void *ctx, struct ctf_error *e)
{
	struct meanwhile *w = ctx;

	if (online_metrics_write(f, w->online, &w->names, w->how->vcpus))
		return vmsync_fail_memory(e);
	return 0;
}

/* What cannot be written now may be, later: it is said once, not in each interval. */
static void trouble(struct meanwhile *w, const struct ctf_error *e)
{
	if (!w->trouble)
		cmd_error("live", e);
	w->trouble = true;
}

static void tell(struct meanwhile *w)
{
	const struct live_more all = { write_online, w };
	const struct live_more *more = w->online ? &all : NULL;
	struct ctf_error e;

	if (w->how->metrics &&
	    live_metrics_write(w->how->metrics, w->m, w->n, more, &e))
		trouble(w, &e);
	if (w->how->json && live_lines_write(stdout, w->m, w->n, more, &e))
		trouble(w, &e);
}

/* --------------------------------------------------------------- analysing */

/* Of the host's session number @session; 0 or -ENOMEM. */
static int online_make(struct meanwhile *w, size_t session)
{
	const struct online_how how = {
		.session = session,
		.patience_ns = w->how->patience_ns,
		.say = w->how->say,
		.sink = w->chunks ? online_chunks_sink(w->chunks) : NULL,
	};
	struct online *o = online_new(w->ledgers, w->n, &how);

	if (!o)
		return -ENOMEM;
	online_free(w->online);
	vmsync_array_free(&w->names.by);
	w->online = o;
	w->session = session;
	if (w->chunks)
		online_chunks_of(w->chunks, o);
	return 0;
}

/* Whether the host has another session already: 1, 0 or -ENOMEM. */
static int has_next(const struct meanwhile *w)
{
	struct live_whole whole = { 0 };
	int ret = live_ledger_look(w->ledgers[0], w->session + 1, &whole);

	free(whole.file);
	return ret;
}

/* @all: nothing more of this session of the host's comes. */
static int analyze_session(struct meanwhile *w, bool all, struct ctf_error *e)
{
	struct ctf_error why;
	int ret = online_tick(w->online, all, e);

	if (w->chunks && online_chunks_look(w->chunks, all || ret, &why)) {
		cmd_error("live", &why);
		w->trouble = true;
	}
	return ret;
}

/* What belongs to a session of the host is over when the next one begins. */
static int analyze_some(struct meanwhile *w, bool all, struct ctf_error *e)
{
	int next = has_next(w), ret;

	ret = next < 0 ? next : analyze_session(w, all || next, e);
	while (!ret && next > 0) {
		ret = online_make(w, w->session + 1);
		next = ret ? ret : has_next(w);
		if (!ret && next >= 0)
			ret = analyze_session(w, all || next, e);
	}
	if (next == -ENOMEM || ret == -ENOMEM)
		return vmsync_fail_memory(e);
	return ret;
}

static void analyze(struct meanwhile *w, bool all)
{
	struct ctf_error e;

	if (!w->online || w->failed || !analyze_some(w, all, &e))
		return;
	cmd_error("live", &e);
	w->failed = w->trouble = true;
}

void meanwhile_tick(void *ctx)
{
	struct meanwhile *w = ctx;

	live_stalls_look(w->m, w->n);
	analyze(w, false);
	tell(w);
}

bool meanwhile_end(struct meanwhile *w)
{
	if (w->online) {
		analyze(w, true);
		tell(w);
	}
	return !w->trouble;
}

/* --------------------------------------------------------------- beginning */

/* Who reads what is kept while it grows. */
static int ledgers_make(struct meanwhile *w)
{
	size_t i;

	w->ledgers = calloc(w->n, sizeof(*w->ledgers));
	for (i = 0; w->ledgers && i < w->n; i++) {
		w->ledgers[i] = live_ledger_new();
		if (!w->ledgers[i])
			return -ENOMEM;
		w->m[i].source.ledger = w->ledgers[i];
		live_store_ledger(w->m[i].source.store, w->ledgers[i]);
	}
	return w->ledgers ? 0 : -ENOMEM;
}

static int begin(struct meanwhile *w, struct ctf_error *e)
{
	if (!w->how->analyze)
		return 0;
	if (w->how->states) {
		w->chunks = online_chunks_new(w->how->states, w->how->chunk_ns, e);
		if (!w->chunks)
			return e->code;
	}
	if (ledgers_make(w) || online_make(w, 0))
		return vmsync_fail_memory(e);
	return 0;
}

struct meanwhile *meanwhile_new(const struct meanwhile_how *how,
				struct live_member *m, size_t n,
				struct ctf_error *e)
{
	struct meanwhile *w = calloc(1, sizeof(*w));

	if (!w) {
		vmsync_fail_memory(e);
		return NULL;
	}
	w->how = how;
	w->m = m;
	w->n = n;
	if (!begin(w, e))
		return w;
	meanwhile_free(w);
	return NULL;
}

void meanwhile_free(struct meanwhile *w)
{
	size_t i;

	if (!w)
		return;
	online_free(w->online);
	online_chunks_free(w->chunks);
	vmsync_array_free(&w->names.by);
	for (i = 0; w->ledgers && i < w->n; i++) {
		live_store_ledger(w->m[i].source.store, NULL);
		live_ledger_free(w->ledgers[i]);
	}
	free(w->ledgers);
	free(w);
}
