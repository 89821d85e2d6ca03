// SPDX-License-Identifier: MIT
#include "freeze/freeze.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_in.h"
#include "freeze/folder.h"
#include "freeze/guests.h"
#include "freeze/proof.h"
#include "port/now.h"
#include "record/folder.h"

#define SECOND 1000000000ull

/*
 * How long each phase may take. Guests that have not sent all by then, or that are
 * slow on purpose, are left: the next freeze need not wait for them.
 */
#define TAKE_NS	 (90 * SECOND)
#define FETCH_NS (300 * SECOND)

/* Seconds of CPU that a proof may take, whatever a guest sent. */
#define PROVE_CPU_S 600

/* ------------------------------------------------------------------- take */

static int host_take(void *ctx)
{
	struct freeze_recorder *r = ctx;
	struct ctf_error e;

	if (!record_host_take(&r->host, &e))
		return 0;
	fputs(e.msg, stdout);
	fflush(stdout);
	return 1;
}

static void guest_ask(struct freeze_recorder *r, struct freeze_guest *p,
		      uint64_t now_ns)
{
	struct record_guest *g = &p->g;

	p->asked = false;
	p->why[0] = 0;
	if (g->state == RECORD_NONE)
		return;
	if (g->state == RECORD_FAILED)
		snprintf(p->why, sizeof(p->why), "its recording failed: %.230s",
			 g->said);
	else if (g->state != RECORD_ON)
		strcpy(p->why, "its recording had not begun");
	else if (record_guest_take(g, now_ns))
		strcpy(p->why, "no random number");
	else
		p->asked = true;
	if (p->asked)
		record_guest_tick(g, r->control, now_ns);
}

void freeze_begin(struct freeze_recorder *r, uint64_t now_ns)
{
	struct freeze_now *now = &r->now;
	char path[4200];
	size_t i;
	int ret;

	now->phase = FREEZE_TAKE;
	now->since_ns = now_ns;
	now->number = ++r->last_number;
	now->host_taken = false;
	now->host_said[0] = 0;
	freeze_budget_begin(&r->budget, now_ns);
	/* Those that are farthest first: the host's takes no time to be told. */
	for (i = 0; i < r->n; i++)
		guest_ask(r, r->guest[i], now_ns);
	/* What one freeze may write is for the host and the guests alike. */
	r->host.tracing.most = freeze_budget_bytes(&r->budget) / 2;
	now->begun_ns = vmsync_port_now();
	ret = freeze_job_start(&r->job, host_take, r);
	if (ret)
		snprintf(now->host_said, sizeof(now->host_said), "%s",
			 strerror(-ret));
	snprintf(now->folder, sizeof(now->folder), "%.4000s/freeze-%" PRIu64,
		 r->output, now->number);
	snprintf(path, sizeof(path), "%s/guests", now->folder);
	if (mkdir(now->folder, 0777) || mkdir(path, 0777))
		snprintf(now->host_said, sizeof(now->host_said), "%.180s: %s",
			 now->folder, strerror(errno));
}

static void host_taken(struct freeze_recorder *r)
{
	struct freeze_now *now = &r->now;
	char path[4200];

	snprintf(path, sizeof(path), "%s/host", now->folder);
	now->host_taken = !rename(r->host.folder, path) && !r->job.status &&
			  !now->host_said[0];
	if (!now->host_taken && !now->host_said[0])
		snprintf(now->host_said, sizeof(now->host_said), "%.250s",
			 r->job.said[0] ? r->job.said : "LTTng wrote nothing");
}

/* ------------------------------------------------------------------ fetch */

static size_t asked_in(const struct freeze_recorder *r, enum record_state state)
{
	size_t i, n = 0;

	for (i = 0; i < r->n; i++)
		n += r->guest[i]->asked && r->guest[i]->g.state == state;
	return n;
}

static void give_up(struct freeze_recorder *r, enum record_state state,
		    const char *why, uint64_t now_ns)
{
	struct ctf_error e = { .code = -ETIMEDOUT };
	size_t i;

	snprintf(e.msg, sizeof(e.msg), "%s", why);
	for (i = 0; i < r->n; i++) {
		if (r->guest[i]->asked && r->guest[i]->g.state == state)
			record_guest_fail(&r->guest[i]->g, &e, now_ns);
	}
}

/* By one of those of which a snapshot came, or comes, into this freeze. */
static bool is_folder_of_one(const void *ctx, const char *folder)
{
	const struct freeze_recorder *r = ctx;
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (!strcmp(r->guest[i]->g.folder, folder))
			return true;
	}
	return false;
}

/* Each may send as much as any other: none has another one's share. */
static void fetch_begin(struct freeze_recorder *r, uint64_t now_ns)
{
	size_t i, n = asked_in(r, RECORD_TAKEN);
	uint64_t bytes;
	struct ctf_error e;

	r->budget.used_bytes = freeze_folder_bytes(r->output);
	r->budget.free_bytes = freeze_folder_free(r->output);
	bytes = freeze_budget_bytes(&r->budget) / (n ? n : 1);
	for (i = 0; i < r->n; i++) {
		struct record_guest *g = &r->guest[i]->g;

		if (!r->guest[i]->asked || g->state != RECORD_TAKEN)
			continue;
		record_guest_folder(g, r->now.folder, is_folder_of_one, r);
		if (record_guest_fetch(g, bytes, now_ns, &e))
			record_guest_fail(g, &e, now_ns);
		else
			record_guest_tick(g, r->control, now_ns);
	}
	r->now.phase = FREEZE_FETCH;
	r->now.since_ns = now_ns;
}

/* ------------------------------------------------------------------ prove */

static char *copy(const char *text)
{
	char *p = strdup(text);

	return p ? p : strdup("");
}

static void fact(struct freeze_facts *facts, const struct freeze_recorder *r,
		 const struct freeze_guest *p)
{
	struct freeze_facts_guest *f = &facts->guest[facts->n++];
	const struct record_guest *g = &p->g;

	f->taken = p->asked && g->state == RECORD_ON && g->snapshot;
	f->cut = f->taken && g->cut;
	f->snapshot = f->taken ? g->snapshot : 0;
	f->begun_ns = p->asked ? g->begun_ns : 0;
	f->uuid = copy(g->uuid);
	f->folder = copy(f->taken ? g->folder + strlen(r->now.folder) + 1 : "");
	f->said = copy(p->asked ? g->said : p->why);
	f->name = in_bare(g->name);
}

static int facts_save(const struct freeze_recorder *r, struct ctf_error *e)
{
	const struct freeze_now *now = &r->now;
	struct freeze_facts facts = {
		.number = now->number,
		.at_ns = now->at_ns,
		.before_ns = now->before_ns,
		.begun_ns = now->begun_ns,
		.who = copy(now->who),
		.reason = copy(now->reason),
		.taken = now->host_taken,
		.said = copy(now->host_taken ? r->host.tracing.said :
					       now->host_said),
		.guest = calloc(r->n + 1, sizeof(*facts.guest)),
	};
	size_t i;
	int ret;

	for (i = 0; facts.guest && i < r->n; i++) {
		if (r->guest[i]->asked || r->guest[i]->why[0])
			fact(&facts, r, r->guest[i]);
	}
	ret = freeze_facts_save(now->folder, &facts, e);
	freeze_facts_free(&facts);
	return ret;
}

static int prove(void *ctx)
{
	struct freeze_recorder *r = ctx;
	struct rlimit limit = { PROVE_CPU_S, PROVE_CPU_S };
	struct freeze_proof proof;
	struct ctf_error e;
	int ret;

	setpriority(PRIO_PROCESS, 0, 19);
	setrlimit(RLIMIT_CPU, &limit);
	ret = freeze_prove(r->now.folder, &proof, &e);
	if (!ret)
		ret = freeze_proof_save(r->now.folder, &proof, &e);
	if (ret) {
		fputs(e.msg, stdout);
	} else {
		freeze_proof_print(stdout, &proof, true);
		freeze_proof_print(stdout, &proof, false);
	}
	ret = ret ? 2 : !freeze_proof_holds(&proof);
	fflush(stdout);
	return ret;
}

static void end(struct freeze_recorder *r, uint64_t now_ns)
{
	struct freeze_now *now = &r->now;
	FILE *f = freeze_audit_begin(&r->audit, "frozen", now->who);

	fprintf(f, " number=%" PRIu64 " result=%s took_ms=%" PRIu64, now->number,
		now->result, (now_ns - now->begun_ns) / 1000000);
	freeze_audit_end(&r->audit);
	freeze_budget_end(&r->budget, now_ns, freeze_folder_bytes(r->output));
	r->frozen++;
	now->phase = FREEZE_IDLE;
}

static void prove_begin(struct freeze_recorder *r, uint64_t now_ns)
{
	struct ctf_error e;
	int ret = facts_save(r, &e);

	r->now.phase = FREEZE_PROVE;
	r->now.since_ns = now_ns;
	if (!ret)
		ret = freeze_job_start(&r->job, prove, r);
	if (!ret)
		return;
	freeze_answer(r, r->now.ask, false, "error: %s",
		      ret == e.code ? e.msg : strerror(-ret));
	r->now.result = "failed";
	end(r, now_ns);
}

static void tell(struct freeze_recorder *r, uint64_t now_ns)
{
	if (freeze_answer_part(r))
		end(r, now_ns);
}

static void proven(struct freeze_recorder *r, uint64_t now_ns)
{
	struct freeze_now *now = &r->now;
	int status = r->job.status;

	if (status > 1) {
		freeze_answer(r, now->ask, false, "error: it cannot be proven: "
			      "%.400s", status == 2 ? r->job.said : "killed");
		now->result = "not_proven";
		end(r, now_ns);
		return;
	}
	now->result = status ? "not_whole" : "whole";
	freeze_answer(r, now->ask, true, "%s %zu", now->result, r->job.n);
	now->phase = FREEZE_TELL;
	now->since_ns = now_ns;
	now->told = 0;
	tell(r, now_ns);
}

/* -------------------------------------------------------------------- all */

void freeze_tick(struct freeze_recorder *r, uint64_t now_ns)
{
	struct freeze_now *now = &r->now;
	bool job_over = !r->job.pid || freeze_job_hear(&r->job);
	uint64_t ns = now_ns - now->since_ns;

	switch (now->phase) {
	case FREEZE_TAKE:
		if (ns >= TAKE_NS) {
			freeze_job_kill(&r->job);
			give_up(r, RECORD_TAKE, "its snapshot takes too long",
				now_ns);
			job_over = true;
		}
		if (!job_over || asked_in(r, RECORD_TAKE))
			break;
		host_taken(r);
		fetch_begin(r, now_ns);
		break;
	case FREEZE_FETCH:
		if (ns >= FETCH_NS)
			give_up(r, RECORD_FETCH, "its snapshot comes too slowly",
				now_ns);
		if (!asked_in(r, RECORD_FETCH))
			prove_begin(r, now_ns);
		break;
	case FREEZE_PROVE:
		if (job_over)
			proven(r, now_ns);
		break;
	case FREEZE_TELL:
		tell(r, now_ns);
		break;
	case FREEZE_IDLE:
		break;
	}
}
