// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "hints/hints.h"

static const char help[] =
"usage: vmsync hints [OPTION]... TRACE...\n"
"\n"
"Says what could be placed better on a host, and what it would gain: which two\n"
"VMs to separate, what to keep off the CPUs of virtual CPUs, what to pin, and\n"
"whether there is room for more. Each hint has its evidence, a confidence, and\n"
"what to type; nothing is done. TRACE is as for vmsync analyze, of minutes at\n"
"least, better hours.\n"
"\n"
"      --least=S       say nothing of what gains less than S seconds an hour (60)\n"
"      --shortest=S    say nothing of a recording of less than S seconds (60)\n"
"      --window=S      windows of summed demand are S seconds long (1)\n"
"      --since=S       leave out the first S seconds of the host's recording\n"
"      --until=S       and what is later than S seconds after its begin\n"
"      --metrics=FILE  write them into FILE as well, for Prometheus\n"
"      --all           list everything, not only the most\n"
"      --json          print them as JSON\n"
CMD_SESSION_HELP
"  -h, --help          this text\n"
"\n"
"Exit status: 0 done, with hints or without; 1 a guest could not be mapped and\n"
"was left out; 2 it could not be done.\n"
"\n"
"  vmsync hints ~/lttng-traces/host-20260101\n";

#define LEAST_WINDOW_NS 10000000
#define MOST_LEAST	1e6

struct arguments {
	struct cmd_session session;
	struct hints_options options;
	const char *metrics;
	bool all;
	bool json;
};

static int report(struct vmsync_session *s, void *arguments, struct ctf_error *e)
{
	struct arguments *args = arguments;
	struct hints h;
	int ret = hints_run(s, &args->options, &h, cmd_progress(), e);

	cmd_progress_end();
	if (!ret && args->json)
		hints_json(stdout, &h);
	else if (!ret)
		hints_text(stdout, &h, args->all);
	if (!ret && args->metrics)
		ret = hints_metrics_write(args->metrics, &h, e);
	hints_free(&h);
	return ret;
}

static int take_least(struct arguments *args, const char *value)
{
	char *end;

	args->options.least = strtod(value, &end);
	if (*end || end == value ||
	    !(args->options.least > 0 && args->options.least <= MOST_LEAST))
		return cmd_usage_error("hints", "not a number of seconds an hour: %s",
				       value);
	return 0;
}

static int take_window(struct arguments *args, const char *value)
{
	int ret = cmd_seconds("hints", value, &args->options.window_ns);

	if (ret || args->options.window_ns >= LEAST_WINDOW_NS)
		return ret;
	return cmd_usage_error("hints", "--window=%s: give 0.01 or more", value);
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	switch (option) {
	case 'l':
		return take_least(args, value);
	case 'W':
		return take_window(args, value);
	case 'S':
		return cmd_seconds("hints", value, &args->options.shortest_ns);
	case 's':
		return cmd_seconds("hints", value, &args->options.analysis.since_ns);
	case 'u':
		return cmd_until("hints", value, &args->options.analysis.until_ns);
	case 'm':
		args->metrics = value;
		return 0;
	case 'a':
		args->all = true;
		return 0;
	case 'J':
		args->json = true;
		return 0;
	default:
		return cmd_session_option("hints", option, value, &args->session);
	}
}

/* What makes no sense is said before anything is read. */
static int check(const struct arguments *args)
{
	const struct analysis_options *o = &args->options.analysis;
	struct ctf_error e;
	int ret = cmd_span_check("hints", o->since_ns, o->until_ns);

	if (!ret && args->metrics && hints_metrics_check(args->metrics, &e))
		ret = cmd_error("hints", &e);
	return ret;
}

int cmd_hints(int argc, char **argv)
{
	static const struct option table[] = {
		{ "least", required_argument, NULL, 'l' },
		{ "shortest", required_argument, NULL, 'S' },
		{ "window", required_argument, NULL, 'W' },
		{ "since", required_argument, NULL, 's' },
		{ "until", required_argument, NULL, 'u' },
		{ "metrics", required_argument, NULL, 'm' },
		{ "all", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'J' },
		CMD_SESSION_OPTIONS,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"hints", help, ":j:h", table, take,
	};
	struct arguments args = { .session.options = { .alone = true,
						       .fused = true },
				  .options = { .least = 60,
					       .window_ns = 1000000000,
					       .shortest_ns = 60000000000 } };
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	ret = check(&args);
	if (!ret)
		ret = cmd_session_run("hints", argv + optind, &args.session, report,
				      &args);
	vmsync_exchange_free(&args.session.exchange);
	return ret;
}
