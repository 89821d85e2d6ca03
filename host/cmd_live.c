// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_live.h"
#include "cmd_live_meanwhile.h"
#include "fuse/fail.h"
#include "fuse/print.h"
#include "live/metrics.h"

static const char help[] =
"usage: vmsync live --record=DIR [OPTION]... SOURCE...\n"
"       vmsync live URL\n"
"\n"
"Takes sessions of LTTng of several machines at once, while they are recorded,\n"
"and keeps what comes as traces for all other commands, DIR/HOSTNAME/SESSION. It\n"
"goes on until Ctrl-C, or after --seconds; where a relay daemon, a network or a\n"
"session goes away it waits for it to come back, and says so.\n"
"\n"
"SOURCE, one a machine, is a live session that a relay daemon receives, as\n"
"tcp://HOST[:PORT]/[HOSTNAME/]SESSION or vsock://CID..., or a folder here:\n"
"\n"
"      --follow=DIR   a session's folder, whose traces grow\n"
"      --rotate=DIR   the folder of a session that is rotated: each chunk when it\n"
"                     is there\n"
"\n"
"Of a URL without a SESSION, and without --record, the sessions are listed.\n"
"\n"
"      --record=DIR   where to keep traces; made if it is not there\n"
"      --seconds=N    end after so long\n"
"      --once         end when each session has ended, do not wait for the next\n"
"      --settle=N     an event is in the folder after so many seconds (2)\n"
"      --limit=MIB    take at most so much from each source\n"
"      --metrics=FILE write how it goes into FILE, for Prometheus\n"
"      --analyze      and what the virtual CPUs do; the first source is the\n"
"                     host's, the others are its guests'\n"
"      --vcpus        of each virtual CPU, and not only of each VM\n"
"      --states=DIR   with --analyze: what each virtual CPU did, when, as tables\n"
"                     of Parquet, a folder DIR/chunk=TIME for every minute\n"
"      --chunk=N      so many seconds are one of these (60)\n"
"      --json         lines of JSON to stdout, the summary to stderr\n"
"      --interval=N   so many seconds apart (1)\n"
"      --patience=N   wait for a guest without a map, or behind, until so many\n"
"                     seconds of the host's recording are there (10)\n"
"  -h, --help         this text\n"
"\n"
"Exit status: 0 all is well; 1 events or packets were lost, or nothing could be\n"
"taken from some source; 2 it could not be done.\n"
"\n"
"  lttng create web --live -U net://127.0.0.1\n"
"  vmsync live --record=out tcp://127.0.0.1/host tcp://web1:5344/web\n"
"  vmsync analyze out\n";

#define MOST_MIB (1ull << 24)
#define LEAST_INTERVAL_NS 100000000

/* @source: [@n] in the order in which they are given */
struct arguments {
	struct live_url *source;
	size_t n;
	const char *dir;
	struct meanwhile_how how;
	int64_t interval_ns;
	int64_t seconds_ns;
	int64_t settle_ns;
	uint64_t limit;
	bool once;
	bool interval;
	bool patience;
	bool chunk;
};

/* Is something to be done while it goes on? */
static bool is_told(const struct arguments *args)
{
	return args->how.metrics || args->how.json || args->how.states;
}

static int take_limit(struct arguments *args, const char *value)
{
	char *end;
	unsigned long long mib = strtoull(value, &end, 10);

	if (*end || end == value || *value == '-' || !mib || mib > MOST_MIB)
		return cmd_usage_error("live", "--limit=%s: give 1 to %llu", value,
				       MOST_MIB);
	args->limit = mib << 20;
	return 0;
}

static int take_interval(struct arguments *args, const char *value)
{
	int ret = cmd_seconds("live", value, &args->interval_ns);

	if (ret || args->interval_ns >= LEAST_INTERVAL_NS)
		return ret;
	return cmd_usage_error("live", "--interval=%s: give 0.1 or more", value);
}

/* There is room for as many as there are arguments. */
static int take_source(struct arguments *args, enum live_kind kind,
		       const char *text)
{
	args->source[args->n++] = (struct live_url){ .kind = kind, .text = text };
	return *text ? 0 : cmd_usage_error("live", "a source without a name");
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	switch (option) {
	case 1: /* no option */
		return take_source(args, LIVE_RELAYD, value);
	case 'F':
		return take_source(args, LIVE_FOLLOW, value);
	case 'R':
		return take_source(args, LIVE_ROTATE, value);
	case 'S':
		return cmd_seconds("live", value, &args->settle_ns);
	case 'r':
		args->dir = value;
		return 0;
	case 's':
		return cmd_until("live", value, &args->seconds_ns);
	case 'l':
		return take_limit(args, value);
	case 'm':
		args->how.metrics = value;
		return 0;
	case 't':
		args->how.states = value;
		return 0;
	case 'c':
		args->chunk = true;
		return cmd_seconds("live", value, &args->how.chunk_ns);
	case 'i':
		args->interval = true;
		return take_interval(args, value);
	case 'p':
		args->patience = true;
		return cmd_seconds("live", value, &args->how.patience_ns);
	}
	args->once |= option == 'o';
	args->how.analyze |= option == 'a';
	args->how.vcpus |= option == 'v';
	args->how.json |= option == 'j';
	return 0;
}

/* From the thread of that source, or of none. */
static void say(void *ctx, const char *text)
{
	const struct live_url *url = ctx;

	flockfile(stderr);
	fputs("vmsync live: ", stderr);
	if (url) {
		print_clean(stderr, url->text);
		fputs(": ", stderr);
	}
	print_clean(stderr, text);
	fputc('\n', stderr);
	funlockfile(stderr);
}

/* What came of one URL. Return: 0, or EXIT_FOUND for what must not be overlooked. */
static int sum_up(FILE *f, const struct live_member *m)
{
	struct live_sums sums = live_store_sums(m->source.store);
	uint64_t lost = m->source.state.lost;

	print_clean(f, m->source.url.text);
	fprintf(f, ": %" PRIu64 " sessions, %" PRIu64 " packets, %" PRIu64 " bytes; "
	       "%" PRIu64 " packets lost, %" PRIu64 " events discarded\n",
	       sums.sessions, sums.packets, sums.bytes, lost, sums.discarded);
	return !sums.sessions || lost || sums.discarded ? EXIT_FOUND : 0;
}

static int run(const struct arguments *args, struct meanwhile *w,
	       struct live_member *m, size_t n)
{
	const struct live_tick how = { args->interval_ns, meanwhile_tick, w };
	struct ctf_error e;
	size_t i;
	int ret = 0;

	if (live_group_run(m, n, args->seconds_ns, is_told(args) ? &how : NULL, &e))
		return cmd_error("live", &e);
	if (!meanwhile_end(w))
		ret = EXIT_TROUBLE;
	for (i = 0; i < n; i++) {
		ret |= sum_up(args->how.json ? stderr : stdout, &m[i]);
		if (m[i].ret)
			ret |= EXIT_TROUBLE;
	}
	if (!cmd_flush("live"))
		return EXIT_TROUBLE;
	return ret & EXIT_TROUBLE ? EXIT_TROUBLE : ret;
}

/* Made where it is not there: 0, or a negative errno. */
static int folder_make(const char *path)
{
	struct stat st;

	if (mkdir(path, 0777) && errno != EEXIST)
		return -errno;
	if (stat(path, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return access(path, W_OK | X_OK) ? -errno : 0;
}

static int record(const struct arguments *args, struct live_member *m, size_t n)
{
	struct meanwhile *w;
	struct ctf_error e;
	size_t i;
	int ret;

	if (args->how.metrics && live_metrics_check(args->how.metrics, &e))
		return cmd_error("live", &e);
	ret = folder_make(args->dir);
	if (ret) {
		vmsync_fail(&e, ret, "name a folder that can be written to, or a "
			    "new one in such a folder", "%.400s: %s", args->dir,
			    strerror(-ret));
		return cmd_error("live", &e);
	}
	for (i = 0; i < n; i++) {
		m[i].source.once = args->once;
		m[i].source.settle_ns = args->settle_ns;
		m[i].source.say = say;
		m[i].source.say_ctx = &m[i].source.url;
		m[i].source.store = live_store_new(args->dir, args->limit);
		if (!m[i].source.store) {
			vmsync_fail_memory(&e);
			return cmd_error("live", &e);
		}
	}
	w = meanwhile_new(&args->how, m, n, &e);
	ret = w ? run(args, w, m, n) : cmd_error("live", &e);
	meanwhile_free(w);
	return ret;
}

/* What does not go together is said before anything is done. */
static int check(const struct arguments *args, const struct live_member *m,
		 size_t n)
{
	size_t i;

	if (!args->dir && (n > 1 || m[0].source.url.session[0] ||
			   m[0].source.url.kind != LIVE_RELAYD))
		return cmd_usage_error("live", "--record says where to keep it");
	if ((args->how.analyze && !is_told(args)) ||
	    (args->how.vcpus && !args->how.analyze))
		return cmd_usage_error("live", "--analyze is told in --metrics, --json "
				       "or --states, and --vcpus is of --analyze");
	if ((args->patience || args->how.states) && !args->how.analyze)
		return cmd_usage_error("live", "--patience and --states are of "
				       "--analyze");
	if (args->chunk && !args->how.states)
		return cmd_usage_error("live", "--chunk is of --states");
	if (args->interval && !is_told(args))
		return cmd_usage_error("live", "--interval is of --metrics, --json or "
				       "--states");
	if (!args->dir && (is_told(args) || args->once || args->limit ||
			   args->seconds_ns))
		return cmd_usage_error("live", "--json, --limit, --metrics, --once, "
				       "--seconds and --states are of --record");
	for (i = 0; args->dir && i < n; i++)
		if (m[i].source.url.kind == LIVE_RELAYD &&
		    !m[i].source.url.session[0])
			return cmd_usage_error("live", "%s names no session",
					       m[i].source.url.text);
	return 0;
}

static int with_sources(const struct arguments *args)
{
	struct live_member *m = calloc(args->n + 1, sizeof(*m));
	struct ctf_error e;
	int ret = 0;
	size_t i;

	if (!m) {
		vmsync_fail_memory(&e);
		return cmd_error("live", &e);
	}
	for (i = 0; !ret && i < args->n; i++) {
		m[i].source.url = args->source[i];
		if (args->source[i].kind == LIVE_RELAYD &&
		    live_url_parse(args->source[i].text, &m[i].source.url, &e))
			ret = cmd_error("live", &e);
	}
	if (!ret)
		ret = check(args, m, args->n);
	if (!ret)
		ret = args->dir ? record(args, m, args->n) : cmd_live_list(&m->source.url);
	for (i = 0; i < args->n; i++)
		live_store_free(m[i].source.store);
	free(m);
	return ret;
}

int cmd_live(int argc, char **argv)
{
	static const struct option table[] = {
		{ "record", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },
		{ "limit", required_argument, NULL, 'l' },
		{ "follow", required_argument, NULL, CMD_AGAIN | 'F' },
		{ "rotate", required_argument, NULL, CMD_AGAIN | 'R' },
		{ "settle", required_argument, NULL, 'S' },
		{ "once", no_argument, NULL, 'o' },
		{ "metrics", required_argument, NULL, 'm' },
		{ "interval", required_argument, NULL, 'i' },
		{ "analyze", no_argument, NULL, 'a' },
		{ "patience", required_argument, NULL, 'p' },
		{ "vcpus", no_argument, NULL, 'v' },
		{ "states", required_argument, NULL, 't' },
		{ "chunk", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = { "live", help, "-:h", table,
						    take };
	struct arguments args = { .interval_ns = 1000000000,
				  .settle_ns = 2000000000,
				  .how = { .patience_ns = 10000000000,
					   .chunk_ns = 60000000000,
					   .say = say } };
	struct ctf_error e;
	int ret;

	args.source = calloc((size_t)argc + 1, sizeof(*args.source));
	if (!args.source)
		return cmd_error("live", (vmsync_fail_memory(&e), &e));
	ret = cmd_options(&options, argc, argv, &args);
	for (; ret == CMD_GO_ON && optind < argc; optind++)
		take_source(&args, LIVE_RELAYD, argv[optind]);
	if (ret == CMD_GO_ON)
		ret = args.n ? with_sources(&args) :
			       cmd_usage_error("live", "no URL of a relay daemon, "
					       "no folder");
	free(args.source);
	return ret;
}
