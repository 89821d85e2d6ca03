// SPDX-License-Identifier: MIT
#include "freeze/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/json_string.h"
#include "fuse/fail.h"

#define SECOND 1000000000ull

int freeze_audit_open(struct freeze_audit *a, const char *folder,
		      struct ctf_error *e)
{
	memset(a, 0, sizeof(*a));
	snprintf(a->path, sizeof(a->path), "%.4000s/audit.log", folder);
	a->f = fopen(a->path, "ae");
	return a->f ? 0 : vmsync_fail_file(e, -errno, a->path);
}

FILE *freeze_audit_begin(struct freeze_audit *a, const char *what,
			 const char *who)
{
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	fprintf(a->f, "time=%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ what=%s who=",
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		tm.tm_min, tm.tm_sec, now.tv_nsec / 1000000, what);
	vmsync_json_string(a->f, who);
	return a->f;
}

void freeze_audit_end(struct freeze_audit *a)
{
	char old[4210];
	FILE *f;

	fputc('\n', a->f);
	fflush(a->f);
	if (ftell(a->f) < FREEZE_AUDIT_BYTES)
		return;
	snprintf(old, sizeof(old), "%s.1", a->path);
	rename(a->path, old);
	f = fopen(a->path, "ae");
	if (!f)
		return;
	fclose(a->f);
	a->f = f;
}

static void tell_held(struct freeze_audit *a, enum freeze_refusal why,
		      uint64_t now_ns)
{
	FILE *f;

	if (!a->held[why].n)
		return;
	f = freeze_audit_begin(a, "refused", "");
	fprintf(f, " why=%s more=%" PRIu64, freeze_refusal_name(why),
		a->held[why].n);
	freeze_audit_end(a);
	a->held[why].n = 0;
	a->held[why].told_ns = now_ns;
}

void freeze_audit_refused(struct freeze_audit *a, enum freeze_refusal why,
			  const char *who, const char *reason, uint64_t now_ns)
{
	FILE *f;

	if (a->held[why].told_ns && now_ns - a->held[why].told_ns < SECOND) {
		a->held[why].n++;
		return;
	}
	tell_held(a, why, now_ns);
	f = freeze_audit_begin(a, "refused", who);
	fprintf(f, " why=%s reason=", freeze_refusal_name(why));
	vmsync_json_string(f, reason);
	freeze_audit_end(a);
	a->held[why].told_ns = now_ns;
}

void freeze_audit_tick(struct freeze_audit *a, uint64_t now_ns)
{
	int why;

	for (why = 0; why < FREEZE_REFUSALS; why++) {
		if (now_ns - a->held[why].told_ns >= SECOND)
			tell_held(a, (enum freeze_refusal)why, now_ns);
	}
}

void freeze_audit_close(struct freeze_audit *a)
{
	int why;

	if (!a->f)
		return;
	for (why = 0; why < FREEZE_REFUSALS; why++)
		tell_held(a, (enum freeze_refusal)why, 0);
	fclose(a->f);
	a->f = NULL;
}
