// SPDX-License-Identifier: MIT
#include "top/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/sample.h"
#include "fuse/fail.h"

#define BEGINS "# vmsync live\n"

/* What is printed is no longer; a file of more is not ours. */
#define MOST_PARTS 100000

void top_snapshot_free(struct top_snapshot *s)
{
	size_t i;

	for (i = 0; i < s->vms.count; i++) {
		vmsync_array_free(&s->vms.at[i].by);
		vmsync_array_free(&s->vms.at[i].exits);
	}
	vmsync_array_free(&s->vms);
	*s = (struct top_snapshot){ .analysed_ns = 0 };
}

static struct top_vm *vm_of(struct top_snapshot *s, const char *name)
{
	struct top_vm *v = vmsync_array_last(&s->vms);
	size_t i;

	for (i = 0; i < s->vms.count; i++) {
		if (!strcmp(s->vms.at[i].name, name))
			return &s->vms.at[i];
	}
	v = s->vms.count < MOST_PARTS ? vmsync_array_add(&s->vms) : NULL;
	if (v) {
		*v = (struct top_vm){ .ns = { 0 } };
		snprintf(v->name, sizeof(v->name), "%s", name);
	}
	return v;
}

static int state_take(struct top_vm *v, const struct vmsync_sample *x)
{
	const char *state = vmsync_sample_label(x, "state");
	int i;

	for (i = 0; state && i < ANALYSIS_STATES; i++) {
		if (!strcmp(state, analysis_state_key((enum analysis_state)i)))
			v->ns[i] += vmsync_sample_ns(x);
	}
	return 0;
}

static int part_take(struct top_parts *parts, const char *name, int64_t n)
{
	struct top_part *p = parts->count < MOST_PARTS ? vmsync_array_add(parts) :
							 NULL;

	if (!p)
		return -ENOMEM;
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->n = n;
	return 0;
}

static int vm_take(struct top_snapshot *s, const struct vmsync_sample *x,
		   const char *domain)
{
	const char *by = vmsync_sample_label(x, "by"), *reason = vmsync_sample_label(x, "reason");
	struct top_vm *v = vm_of(s, domain);

	if (!v)
		return -ENOMEM;
	if (!strcmp(x->name, "vmsync_vcpu_state_seconds_total"))
		return state_take(v, x);
	if (!strcmp(x->name, "vmsync_vm_preempted_by_seconds_total") && by)
		return part_take(&v->by, by, vmsync_sample_ns(x));
	if (!strcmp(x->name, "vmsync_exits_total") && reason)
		return part_take(&v->exits, reason, strtoll(x->value, NULL, 10));
	return 0;
}

/* A line of none, but what it says of a guest's clock is everybody's. */
static void guest_take(struct top_snapshot *s, const struct vmsync_sample *x)
{
	int64_t ns;

	if (!strcmp(x->name, "vmsync_witness_violations_total"))
		s->wrong += strtoll(x->value, NULL, 10);
	if (strcmp(x->name, "vmsync_sync_bound_seconds"))
		return;
	ns = vmsync_sample_ns(x);
	if (ns > s->bound_ns)
		s->bound_ns = ns;
}

static void progress_take(struct top_snapshot *s, const struct vmsync_sample *x)
{
	if (!strcmp(x->name, "vmsync_live_analysed_seconds"))
		s->analysed_ns = vmsync_sample_ns(x);
	else if (!strcmp(x->name, "vmsync_live_lag_seconds"))
		s->lag_ns = vmsync_sample_ns(x);
	else if (!strcmp(x->name, "vmsync_live_late_events_total"))
		s->wrong += strtoll(x->value, NULL, 10);
	else if (!strcmp(x->name, "vmsync_lost_packets_total"))
		s->lost_packets += strtoll(x->value, NULL, 10);
	else if (!strcmp(x->name, "vmsync_lost_events_total"))
		s->lost_events += strtoll(x->value, NULL, 10);
	else if (!strcmp(x->name, "vmsync_live_attached")) {
		s->urls++;
		s->attached += x->value[0] == '1';
	}
}

static int take(struct top_snapshot *s, const struct vmsync_sample *x)
{
	const char *domain = vmsync_sample_label(x, "domain");

	if (!domain) {
		progress_take(s, x);
		return 0;
	}
	guest_take(s, x);
	return vm_take(s, x, domain);
}

static int lines_take(struct top_snapshot *s, FILE *f, char **line, size_t *size,
		      const char *path, struct ctf_error *e)
{
	unsigned int number = 0;
	struct vmsync_sample x;
	int ret = 0;

	while (!ret && getline(line, size, f) > 0) {
		if (!number++ && strcmp(*line, BEGINS))
			break;
		ret = vmsync_sample_parse(*line, &x);
		if (ret < 0)
			return vmsync_fail(e, ret, "what vmsync live --metrics "
					   "writes is read", "%s:%u: no metric",
					   path, number);
		ret = ret && take(s, &x) ? vmsync_fail_memory(e) : 0;
	}
	if (ret)
		return ret;
	if (ferror(f))
		return vmsync_fail_file(e, -errno, path);
	if (number < 2)
		return vmsync_fail(e, -EINVAL, "give the file that vmsync live "
				   "--analyze --metrics writes",
				   "%s is no file of metrics", path);
	return 0;
}

int top_snapshot_read(const char *path, struct top_snapshot *s,
		      struct ctf_error *e)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int ret;

	if (!f)
		return vmsync_fail_file(e, -errno, path);
	ret = lines_take(s, f, &line, &size, path, e);
	free(line);
	fclose(f);
	if (ret)
		top_snapshot_free(s);
	return ret;
}
