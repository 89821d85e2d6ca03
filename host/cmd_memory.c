// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "cmd_memory.h"
#include "memory/memory.h"
#include "memory/metrics.h"
#include "record/client.h"

static const char help[] =
"usage: vmsync memory [OPTION]... [GUEST...]\n"
"       vmsync memory --events [OPTION]... TRACE...\n"
"\n"
"Counts the memory that this host holds for a guest and that the guest does not\n"
"need: pages that are free in the guest, as its vmsync-agent tells, and that its\n"
"QEMU has. Without GUEST, of all that vmsyncd knows.\n"
"With --events, what guests' traces tell of pages: who allocated and freed them,\n"
"and how many were in use and are free again. Their host's trace may be among\n"
"them: then times are its.\n"
"\n"
"      --events        count what traces tell, instead\n"
"      --qmp=PATH      the monitor of its QEMU, where libvirt has none; one guest\n"
"      --pages=FILE    do not ask an agent: FILE is of vmsync-agent --pages in\n"
"                      the guest; twice, of before and after, to know what\n"
"                      changed\n"
"      --metrics=FILE  write them into FILE as well, for Prometheus\n"
"      --ranges        list all reclaimable pages as well\n"
"      --window=S      with --events: sums of every S seconds, too\n"
"      --all           with --events: every process, not only the most\n"
"      --json          for programs\n"
"      --control=PATH  the control socket of vmsyncd, instead of\n"
"                      " VMSYNC_CLIENT_PATH "\n"
"  -h, --help          this text\n"
"\n"
"Exit status: 0; 1 some guest could not be looked at; 2 none could. Nothing is\n"
"changed, in the guest or on the host. To look at guests is for root.\n"
"\n"
"  vmsync memory web1\n"
"  vmsync memory --events --window=1 guest/\n";

#define LEAST_WINDOW_NS 1000000

/**
 * struct arguments - of the command line
 * @done, @failed: guests
 */
struct arguments {
	const char *control;
	const char *monitor;
	const char *file[2];
	const char *metrics;
	struct memory_metrics rows;
	int64_t window_ns;
	bool events;
	bool all;
	bool ranges;
	bool json;
	size_t done;
	size_t failed;
};

/* One guest of many: which one is said. */
static void say(const struct memory_source *source, const struct ctf_error *e)
{
	struct ctf_error named = *e;

	if (source->name[0])
		snprintf(named.msg, sizeof(named.msg), "%.100s: %.300s", source->name,
			 e->msg);
	cmd_error("memory", &named);
}

static void look(struct arguments *args, const struct memory_source *source)
{
	static struct memory_result r;
	struct ctf_error e;

	if (memory_run(source, &r, &e)) {
		say(source, &e);
		args->failed++;
	} else if (args->metrics && memory_metrics_add(&args->rows, &r)) {
		cmd_error("memory", &(struct ctf_error){ .code = -ENOMEM });
		args->failed++;
	} else {
		if (args->json)
			fputs(args->done ? ",\n" : "[\n", stdout);
		else if (args->done)
			putchar('\n');
		(args->json ? memory_json : memory_text)(stdout, &r, args->ranges);
		args->done++;
	}
	memory_free(&r);
}

static void source_fill(const struct arguments *args, const char *object,
			struct memory_source *s)
{
	char text[64];

	vmsync_client_field(object, "name", s->name, sizeof(s->name));
	vmsync_client_field(object, "uuid", s->uuid, sizeof(s->uuid));
	if (vmsync_client_field(object, "pid", text, sizeof(text)))
		s->pid = atoi(text);
	if (vmsync_client_field(object, "serial", text, sizeof(text)))
		s->serial = strtoull(text, NULL, 10);
	s->control = args->control;
}

/* Both its port and its monitor are sockets at which its QEMU listens. */
static bool listens(const char *object, int32_t pid)
{
	char text[16];

	return vmsync_client_field(object, "peer_pid", text, sizeof(text)) &&
	       pid && atoi(text) == pid;
}

static bool is_named(const struct memory_source *s, char *const *names)
{
	size_t i;

	for (i = 0; names[i]; i++) {
		if (vmsync_client_called(s->name, s->uuid, names[i]))
			return true;
	}
	return !i;
}

/* Those of vmsyncd's guests that are meant. */
static int look_all(struct arguments *args, char *const *names, int32_t pid)
{
	struct vmsync_client_list list;
	struct ctf_error e;
	size_t i, n = 0;

	if (vmsync_client_list(args->control, &list, &e))
		return cmd_error("memory", &e);
	for (i = 0; i < list.n; i++) {
		static struct memory_source s;

		s = (struct memory_source){ .monitor = args->monitor,
					    .file = { args->file[0], args->file[1] } };
		source_fill(args, list.guest[i], &s);
		if (!(args->monitor ? listens(list.guest[i], pid) :
				      is_named(&s, names)))
			continue;
		n++;
		look(args, &s);
	}
	vmsync_client_free(&list);
	if (n)
		return 0;
	return cmd_usage_error("memory", args->monitor ?
			       "vmsyncd is connected to no port of that QEMU's" :
			       names && names[0] ? "vmsyncd knows no such guest" :
						   "vmsyncd knows no guest");
}

/* One guest by its monitor, whose process tells which of vmsyncd's it is. */
static int look_monitor(struct arguments *args)
{
	struct memory_source s = { .monitor = args->monitor,
				   .file = { args->file[0], args->file[1] } };
	struct memory_monitor m;
	struct ctf_error e;

	if (args->file[0]) {
		look(args, &s);
		return 0;
	}
	if (memory_monitor_open(&m, args->monitor, &e))
		return cmd_error("memory", &e);
	memory_monitor_close(&m);
	return look_all(args, NULL, m.pid);
}

static int take_window(struct arguments *args, const char *value)
{
	int ret = cmd_seconds("memory", value, &args->window_ns);

	if (ret || args->window_ns >= LEAST_WINDOW_NS)
		return ret;
	return cmd_usage_error("memory", "--window=%s: give 0.001 or more", value);
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	switch (option) {
	case 'q':
		args->monitor = value;
		return 0;
	case 'p':
		if (args->file[1])
			return cmd_usage_error("memory", "--pages given three times");
		args->file[args->file[0] ? 1 : 0] = value;
		return 0;
	case 'm':
		args->metrics = value;
		return 0;
	case 'r':
		args->ranges = true;
		return 0;
	case 'e':
		args->events = true;
		return 0;
	case 'a':
		args->all = true;
		return 0;
	case 'w':
		return take_window(args, value);
	case 'J':
		args->json = true;
		return 0;
	default:
		args->control = value;
		return 0;
	}
}

static int run_events(const struct arguments *args, char *const *traces)
{
	const struct cmd_memory_events events = {
		.file = { args->file[0], args->file[1] },
		.window_ns = args->window_ns,
		.all = args->all,
		.json = args->json,
	};

	if (args->monitor || args->ranges || args->metrics)
		return cmd_usage_error("memory", "--qmp, --ranges and --metrics are not "
				       "of traces");
	return cmd_memory_events(&events, traces);
}

static int run(struct arguments *args, char *const *names)
{
	struct ctf_error e;
	int ret;

	if (args->events)
		return run_events(args, names);
	if (args->window_ns || args->all)
		return cmd_usage_error("memory", "--window and --all are of --events");
	if (args->monitor && names[0])
		return cmd_usage_error("memory", "'%s': --qmp says which guest it is",
				       names[0]);
	if (args->file[0] && !args->monitor && (!names[0] || names[1]))
		return cmd_usage_error("memory", "--pages is of one guest: name it, or "
				       "its monitor with --qmp");
	if (args->metrics && memory_metrics_check(args->metrics, &e))
		return cmd_error("memory", &e);
	ret = args->monitor ? look_monitor(args) : look_all(args, names, 0);
	if (args->json && args->done)
		fputs("\n]\n", stdout);
	if (args->metrics && args->done &&
	    memory_metrics_write(args->metrics, &args->rows, &e))
		return cmd_error("memory", &e);
	if (ret || !args->failed)
		return ret;
	return args->done ? EXIT_FOUND : EXIT_TROUBLE;
}

int cmd_memory(int argc, char **argv)
{
	static const struct option table[] = {
		{ "qmp", required_argument, NULL, 'q' },
		{ "pages", required_argument, NULL, CMD_AGAIN | 'p' },
		{ "metrics", required_argument, NULL, 'm' },
		{ "ranges", no_argument, NULL, 'r' },
		{ "events", no_argument, NULL, 'e' },
		{ "window", required_argument, NULL, 'w' },
		{ "all", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'J' },
		{ "control", required_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"memory", help, ":h", table, take,
	};
	struct arguments args = { .control = VMSYNC_CLIENT_PATH };
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	ret = run(&args, argv + optind);
	memory_metrics_free(&args.rows);
	return cmd_flush("memory") ? ret : EXIT_TROUBLE;
}
