// SPDX-License-Identifier: MIT
#include <getopt.h>
#include <stdio.h>

#include "cmd.h"
#include "fuse/fuse.h"
#include "fuse/plot.h"
#include "fuse/report.h"

static const char help[] =
"usage: vmsync sync [OPTION]... TRACE...\n"
"\n"
"Finds which of the traces is the host's and which are its guests', computes\n"
"the map of each guest's clock to the host's, checks it against the witnesses\n"
"(causality of every beacon, containment of every guest event), and prints\n"
"what it found. TRACE is a CTF trace, or a folder that holds some.\n"
"\n"
"  -o, --output=FILE   save the map, as JSON\n"
"      --plot=FILE     draw offset, bound and beacons over time, as SVG\n"
"      --json          print the report as JSON, with all segments\n"
"      --segments      list all segments, not only the first ones\n"
"      --method=NAME   use one method only: exact, pair, beacon, port, window\n"
"      --match=MATCH   the only evidence is messages between two machines, the\n"
"                      reference named first; MATCH says which events they are:\n"
"                      cause=EVENT,effect=EVENT,key=FIELD[,FIELD...]\n"
"  -h, --help          this text\n"
"\n"
"Exit status: 0 map and witnesses agree, 1 they do not, 2 no map.\n"
"\n"
"  vmsync sync ~/lttng-traces/host-20260101 guest-traces/\n";

struct arguments {
	struct vmsync_session_options session;
	struct vmsync_exchange exchange;
	const char *output;
	const char *plot;
	bool json;
	bool segments;
};

static int run(char *const *paths, size_t n, const struct arguments *args,
	       struct vmsync_session *s, struct ctf_error *e)
{
	int ret = vmsync_session_open(paths, n, &args->session, s, e);

	if (!ret)
		ret = vmsync_session_sync(s, &args->session, cmd_progress(), e);
	if (!ret)
		ret = vmsync_session_contain(s, cmd_progress(), e);
	if (!ret && args->output)
		ret = vmsync_maps_save(s, args->output, e);
	if (!ret && args->plot)
		ret = vmsync_plot(s, args->plot, e);
	return ret;
}

int cmd_sync(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "plot", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "segments", no_argument, NULL, 's' },
		{ "method", required_argument, NULL, 'M' },
		{ "match", required_argument, NULL, 'x' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct arguments args = { 0 };
	struct vmsync_session s;
	struct ctf_error e;
	int c, ret;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":o:h", options, NULL)) != -1) {
		switch (c) {
		case 'o':
			args.output = optarg;
			break;
		case 'p':
			args.plot = optarg;
			break;
		case 'j':
			args.json = true;
			break;
		case 's':
			args.segments = true;
			break;
		case 'x':
			if (vmsync_exchange_parse(optarg, &args.exchange, &e))
				return cmd_error("sync", &e);
			args.session.exchange = &args.exchange;
			args.session.sync.wide = true;
			break;
		case 'M':
			args.session.sync.methods = cmd_method(optarg);
			if (!args.session.sync.methods)
				return cmd_usage_error("sync", "no method '%s'",
						       optarg);
			break;
		case 'h':
			fputs(help, stdout);
			return cmd_flush("sync") ? 0 : EXIT_TROUBLE;
		case ':':
			return cmd_usage_error("sync", "%s needs a value",
					       argv[optind - 1]);
		default:
			return cmd_usage_error("sync", "no option %s",
					       argv[optind - 1]);
		}
	}
	if (optind == argc)
		return cmd_usage_error("sync", "no trace named");

	ret = run(argv + optind, (size_t)(argc - optind), &args, &s, &e);
	if (ret) {
		ret = cmd_error("sync", &e);
	} else {
		cmd_progress_end();
		if (args.json)
			vmsync_report_json(stdout, &s);
		else
			vmsync_report_text(stdout, &s, args.segments);
		ret = vmsync_session_agrees(&s) ? 0 : EXIT_FOUND;
		if (!cmd_flush("sync"))
			ret = EXIT_TROUBLE;
	}
	vmsync_session_close(&s);
	vmsync_exchange_free(&args.exchange);
	return ret;
}
