// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "analysis/counters.h"

#define LINE_ROOM 1024 /* bytes: several times what vmsync-counters writes */

static void snapshot_free(struct analysis_snapshot *s)
{
	vmsync_array_free(&s->tasks);
	vmsync_array_free(&s->kvm);
	s->ns = 0;
}

void analysis_counters_free(struct analysis_counters *c)
{
	snapshot_free(&c->before);
	snapshot_free(&c->after);
}

static const struct analysis_task_counters *
task_find(const struct analysis_snapshot *s, int32_t tid)
{
	size_t i;

	for (i = 0; i < s->tasks.count; i++) {
		if (s->tasks.at[i].tid == tid)
			return &s->tasks.at[i];
	}
	return NULL;
}

static struct analysis_kvm_counter *kvm_find(const struct analysis_snapshot *s,
					     int32_t pid, const char *name)
{
	size_t i;

	for (i = 0; i < s->kvm.count; i++) {
		if (s->kvm.at[i].pid == pid && !strcmp(s->kvm.at[i].name, name))
			return &s->kvm.at[i];
	}
	return NULL;
}

/* A line that is none of those is another version's: left out. 0 or -ENOMEM. */
static int line_take(struct analysis_snapshot *s, const char *line)
{
	struct analysis_task_counters t, *task;
	struct analysis_kvm_counter k = {0}, *kvm;
	uint64_t *v = t.value;

	if (sscanf(line,
		   "task %" SCNd32 " %" SCNd32 " %" SCNu64 " %" SCNu64
		   " %" SCNu64 " %" SCNu64 " %" SCNu64,
		   &t.pid, &t.tid, &v[0], &v[1], &v[2], &v[3], &v[4]) == 7) {
		task = vmsync_array_add(&s->tasks);
		if (!task)
			return -ENOMEM;
		*task = t;
	} else if (sscanf(line, "kvm %" SCNd32 " %*s %47s %" SCNu64, &k.pid,
			  k.name, &k.value) == 3) {
		kvm = kvm_find(s, k.pid, k.name);
		if (kvm) {
			kvm->value += k.value;
			return 0;
		}
		kvm = vmsync_array_add(&s->kvm);
		if (!kvm)
			return -ENOMEM;
		*kvm = k;
	}
	return 0;
}

/*
 * Up to "end". What is no text with lines may have no end either.
 * Return: 1, 0 where there is no further one, or an error.
 */
static int snapshot_read(FILE *f, struct analysis_snapshot *s)
{
	char line[LINE_ROOM];
	bool open = false;
	int ret = 0;

	while (ret >= 0 && fgets(line, sizeof(line), f)) {
		if (!strchr(line, '\n')) {
			ret = -EINVAL;
		} else if (!open) {
			open = sscanf(line, "snapshot %" SCNd64, &s->ns) == 1;
			ret = open ? 0 : -EINVAL;
		} else if (!strcmp(line, "end\n")) {
			ret = 1;
			break;
		} else {
			ret = line_take(s, line);
		}
	}
	if (ferror(f))
		return -errno;
	return !ret && open ? -EINVAL : ret;
}

int analysis_counters_read(FILE *f, struct analysis_counters *c, char *why,
			   size_t size)
{
	struct analysis_snapshot next = {0};
	int n = 0, ret;

	*c = (struct analysis_counters){0};
	for (;; n++) {
		ret = snapshot_read(f, n ? &next : &c->before);
		if (ret <= 0)
			break;
		if (!n)
			continue;
		snapshot_free(&c->after);
		c->after = next;
		next = (struct analysis_snapshot){0};
	}
	snapshot_free(&next);
	if (!ret && n < 2)
		ret = -EINVAL;
	if (ret == -EINVAL)
		snprintf(why, size, "%d whole snapshots, and two are needed",
			 n);
	return ret;
}

bool analysis_counters_task(const struct analysis_counters *c, int32_t tid,
			    struct analysis_task_counters *more)
{
	const struct analysis_task_counters *a = task_find(&c->before, tid);
	const struct analysis_task_counters *b = task_find(&c->after, tid);
	int i;

	if (!a || !b || a->pid != b->pid)
		return false;
	*more = *b;
	for (i = 0; i < ANALYSIS_TASK_COUNTERS; i++)
		more->value[i] -= a->value[i];
	return true;
}

bool analysis_counters_kvm(const struct analysis_counters *c, int32_t pid,
			   const char *name, uint64_t *more)
{
	const struct analysis_kvm_counter *a = kvm_find(&c->before, pid, name);
	const struct analysis_kvm_counter *b = kvm_find(&c->after, pid, name);

	if (!a || !b)
		return false;
	*more = b->value - a->value;
	return true;
}
