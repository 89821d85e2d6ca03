// SPDX-License-Identifier: MIT
#include "record/tracing.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/run.h"
#include "uapi/vmsync_port.h"

#define CHANNEL "vmsync"

/* A disk with less than one of the largest sub-buffers is full. */
#define LEAST_BYTES (4 << 20)

/* Each set has those before it. Never kvm_*: LTTng 2.13's kvm_mmio probe oopses. */
static const struct {
	const char *name;
	const char *both;
	const char *host;
} sets[] = {
	[VMSYNC_PORT_EVENTS_SYNC] = { "sync", "vmsync_*", NULL },
	[VMSYNC_PORT_EVENTS_SCHED] = {
		"sched",
		"sched_switch,sched_waking,sched_wakeup,sched_wakeup_new,"
		"sched_migrate_task,sched_process_fork,sched_process_exit,"
		"lttng_statedump_*",
		NULL,
	},
	[VMSYNC_PORT_EVENTS_KVM] = { "kvm", NULL, "kvm_x86_entry,kvm_x86_exit" },
	[VMSYNC_PORT_EVENTS_ANALYSIS] = {
		"analysis",
		"irq_handler_entry,irq_handler_exit,irq_softirq_entry,"
		"irq_softirq_exit,irq_softirq_raise",
		"kvm_userspace_exit",
	},
	[VMSYNC_PORT_EVENTS_ALL] = { "all", NULL, NULL },
};

#define N_SETS (sizeof(sets) / sizeof(sets[0]))

int vmsync_tracing_events(const char *name)
{
	size_t i;

	for (i = 0; i < N_SETS; i++) {
		if (!strcmp(sets[i].name, name))
			return (int)i;
	}
	return -1;
}

const char *vmsync_tracing_events_name(uint8_t events)
{
	return events < N_SETS ? sets[events].name : "unknown";
}

/* lttng ARGUMENT...; -n: it starts no daemon by itself. */
static int lttng(struct vmsync_tracing *t, char *said, size_t size,
		 const char *const arguments[])
{
	const char *argv[VMSYNC_RUN_ARGS] = { "lttng", "-n" };
	size_t i;

	for (i = 0; arguments[i] && i + 3 < VMSYNC_RUN_ARGS; i++)
		argv[i + 2] = arguments[i];
	return vmsync_run(argv, t->home, said, size);
}

#define LTTNG(t, said, ...)                    \
	lttng(t, said, sizeof(said),           \
	      (const char *const[]){ __VA_ARGS__, NULL })

bool vmsync_tracing_daemon(void)
{
	struct vmsync_tracing t = { 0 };

	return !LTTNG(&t, t.said, "list");
}

/* @why: "" where @what says enough */
static void lacks(struct vmsync_tracing *t, const char *what, const char *why)
{
	size_t n = strlen(t->said);

	n += (size_t)snprintf(t->said + n, sizeof(t->said) - n, "%s%s",
			      n ? ", " : "not recorded: ", what);
	if (*why && n < sizeof(t->said))
		snprintf(t->said + n, sizeof(t->said) - n, " (%.70s)", why);
}

/* All at once, or where one of them is not there, each by itself. */
static void enable(struct vmsync_tracing *t, const char *list)
{
	char names[512], said[200], *name, *rest;

	if (!list || !LTTNG(t, said, "enable-event", "-k", "-s", t->name, "-c",
			    CHANNEL, list))
		return;
	snprintf(names, sizeof(names), "%s", list);
	for (name = strtok_r(names, ",", &rest); name;
	     name = strtok_r(NULL, ",", &rest)) {
		if (LTTNG(t, said, "enable-event", "-k", "-s", t->name, "-c",
			  CHANNEL, name))
			lacks(t, name, "");
	}
}

static void disable(struct vmsync_tracing *t, const char *list)
{
	char said[200];

	if (list && LTTNG(t, said, "disable-event", "-k", "-s", t->name, "-c",
			  CHANNEL, list))
		lacks(t, list, said);
}

static void syscalls(struct vmsync_tracing *t, const char *what)
{
	char said[200];

	/* Its long form is --all for the one and --all-events for the other. */
	if (LTTNG(t, said, what, "-k", "-s", t->name, "-c", CHANNEL, "--syscall",
		  "-a"))
		lacks(t, "system calls", said);
}

/* Those of the sets above @from, up to @to. */
static void more(struct vmsync_tracing *t, int from, int to)
{
	int i;

	for (i = from + 1; i <= to && i < (int)N_SETS; i++) {
		enable(t, sets[i].both);
		if (t->host)
			enable(t, sets[i].host);
	}
	if (from < VMSYNC_PORT_EVENTS_ALL && to >= VMSYNC_PORT_EVENTS_ALL)
		syscalls(t, "enable-event");
}

static void fewer(struct vmsync_tracing *t, int from, int to)
{
	int i;

	for (i = to + 1; i <= from && i < (int)N_SETS; i++) {
		disable(t, sets[i].both);
		if (t->host)
			disable(t, sets[i].host);
	}
	if (from >= VMSYNC_PORT_EVENTS_ALL && to < VMSYNC_PORT_EVENTS_ALL)
		syscalls(t, "disable-event");
}

static void kernel(struct vmsync_tracing *t)
{
	char said[200];

	t->kernel = !LTTNG(t, said, "enable-channel", "-k", "-s", t->name,
			   t->host ? "--subbuf-size=4M" : "--subbuf-size=1M",
			   "--num-subbuf=8", CHANNEL);
	if (!t->kernel) {
		/* Without its modules lttng ends without a word. */
		lacks(t, "the kernel",
		      *said ? said : "no LTTng modules, or not allowed");
		return;
	}
	more(t, -1, t->events);
	/* LTTng adds none to a session that was started, and a ring may want them later. */
	if ((t->ring || t->events >= VMSYNC_PORT_EVENTS_SCHED) &&
	    LTTNG(t, said, "add-context", "-k", "-s", t->name, "-c", CHANNEL,
		  "-t", "pid", "-t", "tid", "-t", "procname"))
		lacks(t, "contexts", "");
}

static void ust(struct vmsync_tracing *t)
{
	char said[200];

	/* Of a ring each second is a part: the more, the longer it reaches back. */
	t->ust = !LTTNG(t, said, "enable-channel", "-u", "-s", t->name,
			t->ring ? "--subbuf-size=32k" : "--subbuf-size=256k",
			t->ring ? "--num-subbuf=64" : "--num-subbuf=8",
			"--switch-timer=1000000", CHANNEL "-port") &&
		 !LTTNG(t, said, "enable-event", "-u", "-s", t->name, "-c",
			CHANNEL "-port", "vmsync_port:*");
	if (!t->ust)
		lacks(t, "beacons over the port", said);
}

int vmsync_tracing_start(struct vmsync_tracing *t)
{
	char output[4096], said[200];

	t->said[0] = 0;
	snprintf(output, sizeof(output), "--output=%s", t->output);
	if (LTTNG(t, t->said, "create", t->name, output,
		  t->ring ? "--snapshot" : NULL))
		return -1;
	t->said[0] = 0;
	kernel(t);
	ust(t);
	if ((t->kernel || t->ust) && !LTTNG(t, said, "start", t->name))
		return 0;
	if (t->kernel || t->ust)
		snprintf(t->said, sizeof(t->said), "%s", said);
	LTTNG(t, said, "destroy", t->name);
	return -1;
}

/* Who the threads are that run is told as it begins. */
int vmsync_tracing_change(struct vmsync_tracing *t, uint8_t events)
{
	char said[200];

	t->said[0] = 0;
	more(t, t->events, events);
	fewer(t, t->events, events);
	if (t->events < VMSYNC_PORT_EVENTS_SCHED &&
	    events >= VMSYNC_PORT_EVENTS_SCHED && !t->said[0] &&
	    LTTNG(t, said, "regenerate", "statedump", "-s", t->name))
		lacks(t, "names of threads", said);
	return t->said[0] ? -1 : 0;
}

void vmsync_tracing_look(struct vmsync_tracing *t)
{
	struct statvfs disk;

	if (!statvfs(t->output, &disk) &&
	    (uint64_t)disk.f_bavail * disk.f_frsize < LEAST_BYTES)
		t->full = true;
}

/* LTTng says nothing of a full disk, or only that something failed. */
static int written(struct vmsync_tracing *t, int ret)
{
	vmsync_tracing_look(t);
	if (!t->full)
		return ret ? -1 : 0;
	snprintf(t->said, sizeof(t->said), "%.150s: its disk was full", t->output);
	return -1;
}

int vmsync_tracing_take(struct vmsync_tracing *t)
{
	char most[64];

	snprintf(most, sizeof(most), "--max-size=%" PRIu64, t->most);
	if (!LTTNG(t, t->said, "snapshot", "record", "-s", t->name,
		   t->most ? most : NULL))
		return 0;
	return written(t, -1);
}

/* To destroy is to stop, and waits until the trace is whole. */
int vmsync_tracing_stop(struct vmsync_tracing *t)
{
	return written(t, LTTNG(t, t->said, "destroy", t->name));
}
