// SPDX-License-Identifier: MIT
#include "freeze/verbs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_string.h"
#include "freeze/folder.h"
#include "freeze/freeze.h"
#include "freeze/status.h"

#define SECOND 1000000000ull
#define MOST_QUIET_NS (7 * 86400 * SECOND)

static const char *why_not(enum freeze_refusal why)
{
	static const char *const texts[] = {
		[FREEZE_QUIET] = "it is to be quiet (vmsync freeze --quiet=0 ends that)",
		[FREEZE_TIME] = "that time is not yet, or more than an hour is wanted",
		[FREEZE_BUSY] = "one is under way",
		[FREEZE_DEAD] = "the last one was only just (--dead-time)",
		[FREEZE_HOURLY] = "there were as many within an hour as there may be "
				  "(--per-hour)",
		[FREEZE_DISK] = "what was frozen fills its disk, or what it may have of "
				"it (--disk); remove some of it",
	};

	return texts[why];
}

static void refuse(struct freeze_recorder *r, const struct freeze_budget *of,
		   enum freeze_refusal why, uint32_t ask, const char *who,
		   const char *reason, uint64_t now_ns)
{
	uint64_t until_ns = freeze_budget_wait_ns(of, why);

	freeze_audit_refused(&r->audit, why, who, reason, now_ns);
	if (until_ns > now_ns)
		freeze_answer(r, ask, false, "refused: %s; again in %" PRIu64 " s",
			      why_not(why),
			      (uint64_t)((until_ns - now_ns + SECOND - 1) / SECOND));
	else
		freeze_answer(r, ask, false, "refused: %s", why_not(why));
}

static void begin(struct freeze_recorder *r, uint64_t now_ns)
{
	FILE *f;

	freeze_begin(r, now_ns);
	freeze_answer(r, r->now.ask, true, "begun %" PRIu64 " %s", r->now.number,
		      r->now.folder);
	f = freeze_audit_begin(&r->audit, "freeze", r->now.who);
	fprintf(f, " number=%" PRIu64 " at_ns=%" PRIu64 " before_ns=%" PRIu64
		" begun_ns=%" PRIu64 " reason=", r->now.number, r->now.at_ns,
		r->now.before_ns, r->now.begun_ns);
	vmsync_json_string(f, r->now.reason);
	freeze_audit_end(&r->audit);
}

/* Somebody may have removed some of it; it is counted again, but not for each. */
static void count(struct freeze_recorder *r, uint64_t now_ns)
{
	r->budget.free_bytes = freeze_folder_free(r->output);
	if (freeze_budget_bytes(&r->budget) ||
	    now_ns - r->counted_ns < SECOND)
		return;
	r->budget.used_bytes = freeze_folder_bytes(r->output);
	r->counted_ns = now_ns;
}

static void verb_freeze(struct freeze_recorder *r, uint32_t ask,
			const char *who, const char *text, uint64_t now_ns)
{
	char *end;
	uint64_t at_ns = strtoull(text, &end, 10);
	uint64_t before_ns = strtoull(end, &end, 10);
	enum freeze_refusal why;

	at_ns = at_ns ? at_ns : now_ns;
	end += *end == ' ';
	count(r, now_ns);
	why = freeze_budget_ask(&r->budget, now_ns, at_ns, before_ns);
	if (why) {
		refuse(r, &r->budget, why, ask, who, end, now_ns);
		return;
	}
	r->now.ask = ask;
	r->now.at_ns = at_ns;
	r->now.before_ns = before_ns < at_ns ? before_ns : at_ns;
	snprintf(r->now.who, sizeof(r->now.who), "%s", who);
	snprintf(r->now.reason, sizeof(r->now.reason), "%s", end);
	begin(r, now_ns);
}

static void verb_detail(struct freeze_recorder *r, uint32_t ask,
			const char *who, const char *text, uint64_t now_ns)
{
	struct freeze_budget *b = &r->detail.budget;
	char *end;
	uint64_t ns = strtoull(text, &end, 10);
	int events = vmsync_tracing_events(end + (*end == ' '));
	enum freeze_refusal why;
	FILE *f;

	if (!ns || ns > FREEZE_MOST_DETAIL_NS) {
		freeze_answer(r, ask, false, "refused: 1 to 600 seconds");
		return;
	}
	if (events <= r->events) {
		freeze_answer(r, ask, false, "refused: %s",
			      events < 0 ? "there is no such set of events" :
					   "these are recorded anyway");
		return;
	}
	why = freeze_budget_ask(b, now_ns, now_ns, 0);
	if (why) {
		refuse(r, b, why, ask, who, "detail", now_ns);
		return;
	}
	freeze_detail_begin(r, ask, (uint8_t)events, ns, now_ns);
	f = freeze_audit_begin(&r->audit, "detail", who);
	fprintf(f, " ns=%" PRIu64 " events=%s", ns,
		vmsync_tracing_events_name((uint8_t)events));
	freeze_audit_end(&r->audit);
}

static void verb_quiet(struct freeze_recorder *r, uint32_t ask, const char *who,
		       const char *text, uint64_t now_ns)
{
	uint64_t ns = strtoull(text, NULL, 10);
	FILE *f;

	if (ns > MOST_QUIET_NS) {
		freeze_answer(r, ask, false, "refused: quiet for a week at most");
		return;
	}
	r->budget.quiet_ns = ns ? now_ns + ns : 0;
	r->detail.budget.quiet_ns = r->budget.quiet_ns;
	f = freeze_audit_begin(&r->audit, "quiet", who);
	fprintf(f, " ns=%" PRIu64, ns);
	freeze_audit_end(&r->audit);
	freeze_answer(r, ask, false, "ok");
}

static void verb_status(struct freeze_recorder *r, uint32_t ask, uint64_t now_ns)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f) {
		freeze_status_print(f, r, now_ns);
		fclose(f);
	}
	freeze_answer(r, ask, false, "%s", text ? text : "error: out of memory");
	free(text);
}

void freeze_verb(struct freeze_recorder *r, char *message, uint64_t now_ns)
{
	char *who, *text, *end;
	uint32_t ask = (uint32_t)strtoul(message, &end, 10);

	if (*end != '\t')
		return;
	who = end + 1;
	text = strchr(who, '\t');
	if (!text)
		return;
	*text++ = 0;
	if (!strncmp(text, "freeze ", 7))
		verb_freeze(r, ask, who, text + 7, now_ns);
	else if (!strncmp(text, "detail ", 7))
		verb_detail(r, ask, who, text + 7, now_ns);
	else if (!strncmp(text, "quiet ", 6))
		verb_quiet(r, ask, who, text + 6, now_ns);
	else if (!strcmp(text, "status"))
		verb_status(r, ask, now_ns);
	else
		freeze_answer(r, ask, false, "refused: that is not understood");
}
