// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_traces.h"
#include "export/text.h"
#include "fuse/fail.h"
#include "fuse/names.h"

static const char help[] =
"usage: vmsync cat [OPTION]... TRACE...\n"
"\n"
"Prints the events of all traces as one text, in the order of time and in the\n"
"form of babeltrace2's text output. TRACE is a CTF trace, or a folder that\n"
"holds some. The stamps are those of the traces: put guests on the host's clock\n"
"with vmsync fuse first.\n"
"\n"
"      --since=TIME    from this time on\n"
"      --until=TIME    up to this time, included\n"
"      --event=GLOB    only events whose name matches; may be repeated\n"
"      --vm=HOSTNAME   only this machine's traces; may be repeated\n"
"  -j, --jobs=N        use N threads; default: one per processor\n"
"  -h, --help          this text\n"
"\n"
"TIME is as printed, HH:MM:SS.nnnnnnnnn (of the day on which the traces begin,\n"
"local time), or SECONDS.nnnnnnnnn since the epoch, or +SECONDS.nnnnnnnnn since\n"
"the first event.\n"
"\n"
"  vmsync cat --event='sched_*' --vm=web1 --since=+2.5 --until=+2.6 fused\n";

#define MAX_NAMES 64

struct names {
	const char *name[MAX_NAMES];
	size_t n;
};

struct arguments {
	const char *since;
	const char *until;
	struct names events;
	struct names vms;
	unsigned int jobs;
};

static bool matches(const struct names *names, const char *s)
{
	size_t i;

	for (i = 0; i < names->n; i++) {
		if (!fnmatch(names->name[i], s, 0))
			return true;
	}
	return !names->n;
}

/* ".5" -> 500 000 000; moves *s behind it. */
static int64_t parse_fraction(const char **s)
{
	int64_t ns = 0, unit = 100000000;

	if (**s != '.')
		return 0;
	for (++*s; **s >= '0' && **s <= '9'; ++*s) {
		ns += (**s - '0') * unit;
		unit /= 10;
	}
	return ns;
}

static int64_t parse_seconds(const char **s)
{
	char *end;
	long long seconds;

	errno = 0;
	seconds = strtoll(*s, &end, 10);
	if (end == *s || errno || seconds < 0 || seconds > 9000000000)
		return -1;
	*s = end;
	return seconds * 1000000000 + parse_fraction(s);
}

/* The time of day on the day of @first_ns. */
static int64_t parse_clock(const char *s, int64_t first_ns)
{
	time_t first = (time_t)(first_ns / 1000000000);
	int h, m, sec, n = 0;
	int64_t ns;
	struct tm tm;

	if (sscanf(s, "%2d:%2d:%2d%n", &h, &m, &sec, &n) != 3 || !n)
		return -1;
	s += n;
	ns = parse_fraction(&s);
	if (*s || h < 0 || m < 0 || sec < 0 || !localtime_r(&first, &tm))
		return -1;
	tm.tm_hour = h;
	tm.tm_min = m;
	tm.tm_sec = sec;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * 1000000000 + ns;
}

static int64_t parse_time(const char *s, int64_t first_ns)
{
	bool relative = *s == '+';
	int64_t ns;

	if (strchr(s, ':'))
		return parse_clock(s, first_ns);
	s += relative;
	ns = parse_seconds(&s);
	if (ns < 0 || *s)
		return -1;
	return relative ? first_ns + ns : ns;
}

struct cat {
	const struct arguments *args;
	struct cmd_traces traces;
	struct vmsync_text *text;
};

static int wants(void *ctx, const struct ctf_trace *t, uint8_t *want,
		 struct ctf_error *e)
{
	const struct arguments *args = ctx;
	const char *hostname = vmsync_hostname(t);
	size_t i;

	(void)e;
	for (i = 0; i < ctf_trace_classes(t); i++)
		want[i] = matches(&args->events, ctf_trace_class(t, i)->name);
	return matches(&args->vms, hostname ? hostname : "");
}

static int open_all(struct cat *cat, char *const *paths, size_t n,
		    struct ctf_error *e)
{
	int ret = cmd_traces_open(&cat->traces, paths, n, wants,
				  (void *)cat->args, e);

	if (ret)
		return ret;
	/*
	 * It has threads, and foreign traces are converted in a process that is
	 * forked: another thread's locks would stay locked in that.
	 */
	cat->text = vmsync_text_new(STDOUT_FILENO, cat->args->jobs);
	return cat->text ? 0 : vmsync_fail_memory(e);
}

/* When the traces begin, by their packets: for --since and --until. */
static int64_t first_ns(const struct cat *cat)
{
	int64_t first = INT64_MAX;
	size_t i, j;

	for (i = 0; i < cat->traces.n; i++) {
		const struct ctf_trace *t = cat->traces.traces[i];

		for (j = 0; j < ctf_trace_streams(t); j++) {
			const struct ctf_stream *s = ctf_trace_stream(t, j);
			struct ctf_packet p;
			struct ctf_error e;
			int64_t ns;

			if (ctf_stream_packet(s, NULL, &p, &e) <= 0)
				continue;
			ns = (int64_t)ctf_clock_ns(ctf_stream_clock(s),
						   p.begin);
			if (ns < first)
				first = ns;
		}
	}
	return first;
}

static int limits(const struct cat *cat, int64_t *since, int64_t *until,
		  struct ctf_error *e)
{
	const char *form = "write it as HH:MM:SS.n, SECONDS.n or +SECONDS.n";

	*since = INT64_MIN;
	*until = INT64_MAX;
	if (cat->args->since) {
		*since = parse_time(cat->args->since, first_ns(cat));
		if (*since < 0)
			return vmsync_fail(e, -EINVAL, form,
					   "%.400s: not a time",
					   cat->args->since);
	}
	if (cat->args->until) {
		*until = parse_time(cat->args->until, first_ns(cat));
		if (*until < 0)
			return vmsync_fail(e, -EINVAL, form,
					   "%.400s: not a time",
					   cat->args->until);
	}
	if (*until < *since)
		return vmsync_fail(e, -EINVAL, "give a later one",
				   "--until=%.200s is before --since",
				   cat->args->until);
	return 0;
}

static int print_all(struct cat *cat, struct ctf_error *e)
{
	const struct ctf_event *ev;
	int64_t since, until;
	int ret = limits(cat, &since, &until, e);

	if (ret)
		return ret;
	while ((ret = ctf_merge_next(cat->traces.merge, &ev, e)) > 0) {
		if ((int64_t)ev->time < since)
			continue;
		if ((int64_t)ev->time > until)
			return 0;
		ret = vmsync_text_event(cat->text, ev);
		if (ret)
			return vmsync_fail_file(e, ret, "stdout");
	}
	return ret;
}

static int cat_traces(char *const *paths, size_t n,
		      const struct arguments *args)
{
	struct cat cat = { .args = args };
	struct ctf_error e;
	int ret = open_all(&cat, paths, n, &e), flushed;

	if (!ret)
		ret = print_all(&cat, &e);
	/* What could be read is printed, whatever came after it. */
	flushed = cat.text ? vmsync_text_flush(cat.text) : 0;
	if (flushed && !ret)
		ret = vmsync_fail_file(&e, flushed, "stdout");
	vmsync_text_free(cat.text);
	cmd_traces_close(&cat.traces);
	return ret ? cmd_error("cat", &e) : 0;
}

static int names_add(struct names *names, const char *name)
{
	if (names->n == MAX_NAMES)
		return cmd_usage_error("cat", "more than %d names", MAX_NAMES);
	names->name[names->n++] = name;
	return 0;
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	switch (option) {
	case 's':
		args->since = value;
		break;
	case 'u':
		args->until = value;
		break;
	case 'e':
		return names_add(&args->events, value);
	case 'v':
		return names_add(&args->vms, value);
	case 'j':
		return cmd_jobs("cat", value, &args->jobs);
	}
	return 0;
}

int cmd_cat(int argc, char **argv)
{
	static const struct option table[] = {
		{ "since", required_argument, NULL, 's' },
		{ "until", required_argument, NULL, 'u' },
		{ "event", required_argument, NULL, CMD_AGAIN | 'e' },
		{ "vm", required_argument, NULL, CMD_AGAIN | 'v' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"cat", help, ":j:h", table, take,
	};
	struct arguments args = { 0 };
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	if (optind == argc)
		return cmd_usage_error("cat", "no trace named");
	return cat_traces(argv + optind, (size_t)(argc - optind), &args);
}
