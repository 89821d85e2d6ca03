// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "cmd_memory.h"
#include "record/client.h"

static const char help[] =
"usage: vmsync memory [OPTION]... [GUEST...]\n"
"       vmsync memory --working-set=S [OPTION]... [GUEST...]\n"
"       vmsync memory --events [OPTION]... TRACE...\n"
"\n"
"Counts the memory that this host holds for a guest and that the guest does not\n"
"need: pages that are free in the guest, as its vmsync-agent tells, and that its\n"
"QEMU has. Without GUEST, of all that vmsyncd knows.\n"
"With --working-set, how much each guest touches in S seconds, by the kernel's\n"
"DAMON (Linux 6.12); no agent is asked.\n"
"With --events, what guests' traces tell of pages: who allocated and freed them,\n"
"and how many were in use and are free again. Their host's trace may be among\n"
"them: then times are its.\n"
"\n"
"      --events        count what traces tell, instead\n"
"      --working-set=S watch for S seconds what is touched, instead\n"
"      --qmp=PATH      the monitor of its QEMU, where libvirt has none; may be\n"
"                      given again, for another guest\n"
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
"  vmsync memory --working-set=60 web1 web2\n"
"  vmsync memory --events --window=1 guest/\n";

#define LEAST_WINDOW_NS 1000000
#define LEAST_WATCHED_NS 1000000000
#define MOST_WATCHED_NS	 3600000000000 /* the kernel's own limit is a little more */

/* struct arguments - of the command line */
struct arguments {
	struct cmd_memory_guests guests;
	const char *control;
	VMSYNC_ARRAY(const char *) monitor;
	const char *file[2];
	int64_t window_ns;
	int64_t watched_ns;
	bool events;
	bool all;
	bool ranges;
};

void cmd_memory_say(const struct memory_source *source, const struct ctf_error *e)
{
	struct ctf_error named = *e;

	if (source->name[0])
		snprintf(named.msg, sizeof(named.msg), "%.100s: %.300s", source->name,
			 e->msg);
	cmd_error("memory", &named);
}

void cmd_memory_next(struct cmd_memory_guests *g)
{
	if (g->json)
		fputs(g->done ? ",\n" : "[\n", stdout);
	else if (g->done)
		putchar('\n');
	g->done++;
}

static void look(struct cmd_memory_guests *g, const struct memory_source *source,
		 bool ranges)
{
	static struct memory_result r;
	struct ctf_error e;

	if (memory_run(source, &r, &e)) {
		cmd_memory_say(source, &e);
		g->failed++;
	} else if (g->metrics && memory_metrics_add(&g->rows, &r)) {
		cmd_error("memory", &(struct ctf_error){ .code = -ENOMEM });
		g->failed++;
	} else {
		cmd_memory_next(g);
		(g->json ? memory_json : memory_text)(stdout, &r, ranges);
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

static int source_add(struct arguments *args, const struct memory_source *s)
{
	struct memory_source *more = vmsync_array_add(&args->guests.source);

	if (!more)
		return cmd_error("memory", &(struct ctf_error){ .code = -ENOMEM });
	*more = *s;
	return 0;
}

/* Those of vmsyncd's guests that are meant: by name, or by the monitor of @pid. */
static int find_all(struct arguments *args, char *const *names, const char *monitor,
		    int32_t pid)
{
	size_t i, before = args->guests.source.count;
	struct vmsync_client_list list;
	struct ctf_error e;
	int ret = 0;

	if (vmsync_client_list(args->control, &list, &e))
		return cmd_error("memory", &e);
	for (i = 0; i < list.n && !ret; i++) {
		static struct memory_source s;

		s = (struct memory_source){ .monitor = monitor,
					    .file = { args->file[0], args->file[1] } };
		source_fill(args, list.guest[i], &s);
		if (monitor ? listens(list.guest[i], pid) : is_named(&s, names))
			ret = source_add(args, &s);
	}
	vmsync_client_free(&list);
	if (ret || args->guests.source.count > before)
		return ret;
	return cmd_usage_error("memory", monitor ?
			       "vmsyncd is connected to no port of that QEMU's" :
			       names && names[0] ? "vmsyncd knows no such guest" :
						   "vmsyncd knows no guest");
}

/* One guest by its monitor, whose process tells which of vmsyncd's it is. */
static int find_monitor(struct arguments *args, const char *monitor)
{
	const struct memory_source s = { .monitor = monitor,
					 .file = { args->file[0], args->file[1] } };
	struct memory_monitor m;
	struct ctf_error e;

	if (args->file[0] || args->watched_ns)
		return source_add(args, &s);
	if (memory_monitor_open(&m, monitor, &e))
		return cmd_error("memory", &e);
	memory_monitor_close(&m);
	return find_all(args, NULL, monitor, m.pid);
}

static int find(struct arguments *args, char *const *names)
{
	size_t i;
	int ret = 0;

	if (!args->monitor.count)
		return find_all(args, names, NULL, 0);
	for (i = 0; i < args->monitor.count && !ret; i++)
		ret = find_monitor(args, args->monitor.at[i]);
	return ret;
}

static int take_window(struct arguments *args, const char *value)
{
	int ret = cmd_seconds("memory", value, &args->window_ns);

	if (ret || args->window_ns >= LEAST_WINDOW_NS)
		return ret;
	return cmd_usage_error("memory", "--window=%s: give 0.001 or more", value);
}

static int take_monitor(struct arguments *args, const char *value)
{
	const char **more = vmsync_array_add(&args->monitor);

	if (!more)
		return cmd_error("memory", &(struct ctf_error){ .code = -ENOMEM });
	*more = value;
	return 0;
}

static int take_watched(struct arguments *args, const char *value)
{
	int ret = cmd_seconds("memory", value, &args->watched_ns);

	if (ret || (args->watched_ns >= LEAST_WATCHED_NS &&
		    args->watched_ns <= MOST_WATCHED_NS))
		return ret;
	return cmd_usage_error("memory", "--working-set=%s: give 1 to 3600 seconds", value);
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	switch (option) {
	case 'q':
		return take_monitor(args, value);
	case 'p':
		if (args->file[1])
			return cmd_usage_error("memory", "--pages given three times");
		args->file[args->file[0] ? 1 : 0] = value;
		return 0;
	case 'm':
		args->guests.metrics = value;
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
	case 's':
		return take_watched(args, value);
	case 'J':
		args->guests.json = true;
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
		.json = args->guests.json,
	};

	if (args->monitor.count || args->ranges || args->guests.metrics || args->watched_ns)
		return cmd_usage_error("memory", "--qmp, --ranges, --metrics and "
				       "--working-set are not of traces");
	return cmd_memory_events(&events, traces);
}

/* Options that contradict each other: 0, or EXIT_TROUBLE, and it is said. */
static int arguments_check(const struct arguments *args, char *const *names)
{
	if (args->window_ns || args->all)
		return cmd_usage_error("memory", "--window and --all are of --events");
	if (args->watched_ns && (args->ranges || args->file[0]))
		return cmd_usage_error("memory", "--ranges and --pages are not of "
				       "--working-set");
	if (args->monitor.count && names[0])
		return cmd_usage_error("memory", "'%s': --qmp says which guest it is",
				       names[0]);
	if (args->file[0] && (args->monitor.count ? args->monitor.count > 1 :
						    !names[0] || names[1]))
		return cmd_usage_error("memory", "--pages is of one guest: name it, or "
				       "its monitor with --qmp");
	return 0;
}

static int run(struct arguments *args, char *const *names)
{
	struct cmd_memory_guests *g = &args->guests;
	struct ctf_error e;
	int ret = arguments_check(args, names);
	size_t i;

	if (ret)
		return ret;
	if (g->metrics && memory_metrics_check(g->metrics, &e))
		return cmd_error("memory", &e);
	ret = find(args, names);
	if (!ret && args->watched_ns)
		ret = cmd_memory_working_sets(g, args->watched_ns);
	for (i = 0; i < g->source.count && !ret && !args->watched_ns; i++)
		look(g, &g->source.at[i], args->ranges);
	if (g->json && g->done)
		fputs("\n]\n", stdout);
	if (g->metrics && g->done && memory_metrics_write(g->metrics, &g->rows, &e))
		return cmd_error("memory", &e);
	if (ret || !g->failed)
		return ret;
	return g->done ? EXIT_FOUND : EXIT_TROUBLE;
}

int cmd_memory(int argc, char **argv)
{
	static const struct option table[] = {
		{ "qmp", required_argument, NULL, CMD_AGAIN | 'q' },
		{ "pages", required_argument, NULL, CMD_AGAIN | 'p' },
		{ "metrics", required_argument, NULL, 'm' },
		{ "ranges", no_argument, NULL, 'r' },
		{ "events", no_argument, NULL, 'e' },
		{ "window", required_argument, NULL, 'w' },
		{ "working-set", required_argument, NULL, 's' },
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
	ret = args.events ? run_events(&args, argv + optind) : run(&args, argv + optind);
	memory_metrics_free(&args.guests.rows);
	vmsync_array_free(&args.guests.source);
	vmsync_array_free(&args.monitor);
	return cmd_flush("memory") ? ret : EXIT_TROUBLE;
}
