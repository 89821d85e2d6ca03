// SPDX-License-Identifier: MIT
/* Hints as time series, for who watches many hosts. */
#include <string.h>

#include "base/series.h"
#include "fuse/replace.h"
#include "hints/parts.h"

static const struct vmsync_kind kind = {"file of metrics", "# vmsync hints\n",
					"--metrics"};

static void who(FILE *f, const struct hints *h, const char *key, uint32_t party)
{
	const struct hints_party *p = hints_party(h, party);
	char name[128], pid[16] = "", pid_key[16];

	if (p)
		snprintf(pid, sizeof(pid), "%d", p->pid);
	snprintf(pid_key, sizeof(pid_key), "%s_pid", key);
	vmsync_series_label(f, key,
			    p ? hints_party_name(h, party, name, sizeof(name)) : "");
	fputc(',', f);
	vmsync_series_label(f, pid_key, pid);
}

static void series(FILE *f, const struct hints *h, const char *name, const char *help,
		   double (*value)(const struct hint *x))
{
	size_t i;

	vmsync_series_family(f, name, "gauge", help);
	for (i = 0; i < h->n_given; i++) {
		const struct hint *x = &h->all.at[i];

		fprintf(f, "%s{kind=\"%s\",", name, hints_kind_name(x->kind));
		who(f, h, "vm", x->vm);
		fputc(',', f);
		who(f, h, "by", x->by);
		/* Nothing else tells two groups of CPUs apart. */
		fprintf(f, ",cpu=\"%u\"} %.6f\n", x->cpus.count ? x->cpus.at[0] : 0,
			value(x));
	}
}

static double gain(const struct hint *x)
{
	return x->gain;
}

static double sure(const struct hint *x)
{
	return x->sure;
}

static void one(FILE *f, const char *name, const char *help, double value)
{
	vmsync_series_family(f, name, "gauge", help);
	fprintf(f, "%s %.6f\n", name, value);
}

static int write_all(FILE *f, void *ctx, struct ctf_error *e)
{
	const struct hints *h = ctx;
	const struct hints_state *s = h->state;

	(void)e;
	fputs(kind.begins, f);
	series(f, h, "vmsync_hint_gain_seconds_per_hour",
	       "What it is worth, if somebody does it.", gain);
	series(f, h, "vmsync_hint_confidence", "How sure it is, 0 to 1.", sure);
	one(f, "vmsync_hints_evidence", "Whether the recording is enough for any hint.",
	    !h->why_none);
	one(f, "vmsync_hints_recorded_seconds", "How long the recording is.",
	    (double)(s->until_ns - s->from_ns) / 1e9);
	one(f, "vmsync_hints_cpus", "CPUs of the host.", h->room.n_cpus);
	one(f, "vmsync_hints_demand_p99_cpus",
	    "CPUs that 99 of 100 windows want at most, all together.", h->room.p99);
	return 0;
}

int hints_metrics_check(const char *path, struct ctf_error *e)
{
	return vmsync_replace_check(path, &kind, e);
}

int hints_metrics_write(const char *path, const struct hints *h, struct ctf_error *e)
{
	return vmsync_replace(path, &kind, write_all, (void *)h, e);
}
