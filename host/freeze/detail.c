// SPDX-License-Identifier: MIT
#include "freeze/detail.h"

#include <string.h>

#include "freeze/recorder.h"

/* It is something else that is allowed, but as often as a freeze is. */
int freeze_detail_init(struct freeze_recorder *r)
{
	struct freeze_detail *d = &r->detail;

	*d = (struct freeze_detail){
		.budget = {
			.per_hour = r->budget.per_hour,
			.dead_ns = r->budget.dead_ns,
			.disk_bytes = UINT64_MAX,
			.free_bytes = UINT64_MAX,
		},
		.host_events = r->events,
	};
	freeze_budget_init(&d->budget);
	return freeze_job_init(&d->job);
}

void freeze_detail_begin(struct freeze_recorder *r, uint32_t ask, uint8_t events,
			 uint64_t ns, uint64_t now_ns)
{
	struct freeze_detail *d = &r->detail;

	freeze_budget_begin(&d->budget, now_ns);
	d->events = events;
	d->until_ns = now_ns + ns;
	d->ask = ask;
	d->said[0] = 0;
}

static int change(void *ctx)
{
	struct freeze_recorder *r = ctx;

	if (vmsync_tracing_change(&r->host.tracing, r->detail.next_events))
		fputs(r->host.tracing.said, stdout);
	fflush(stdout);
	return 0;
}

static void answer(struct freeze_recorder *r)
{
	struct freeze_detail *d = &r->detail;

	if (d->ask)
		freeze_answer(r, d->ask, false, "ok%s%s",
			      d->said[0] ? "; the host: " : "", d->said);
	d->ask = 0;
}

static void over(struct freeze_recorder *r, uint64_t now_ns)
{
	struct freeze_detail *d = &r->detail;

	d->until_ns = 0;
	freeze_budget_end(&d->budget, now_ns, 0);
	freeze_audit_begin(&r->audit, "detail_over", "");
	freeze_audit_end(&r->audit);
}

void freeze_detail_tick(struct freeze_recorder *r, uint64_t now_ns)
{
	struct freeze_detail *d = &r->detail;
	uint8_t wanted;
	size_t i;

	if (d->job.pid && freeze_job_hear(&d->job)) {
		d->host_events = d->next_events;
		snprintf(d->said, sizeof(d->said), "%.250s", d->job.said);
	}
	if (d->until_ns && now_ns >= d->until_ns)
		over(r, now_ns);
	wanted = d->until_ns ? d->events : r->events;
	for (i = 0; i < r->n; i++)
		r->guest[i]->g.events = wanted;
	if (d->job.pid)
		return;
	if (wanted == d->host_events) {
		answer(r);
		return;
	}
	d->next_events = wanted;
	if (freeze_job_start(&d->job, change, r)) {
		/* No process could be had for it: then the next time. */
		answer(r);
	}
}

void freeze_detail_end(struct freeze_recorder *r)
{
	freeze_job_kill(&r->detail.job);
	freeze_job_free(&r->detail.job);
}
