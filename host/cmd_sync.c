// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "cmd.h"
#include "fuse/fuse.h"
#include "fuse/plot.h"
#include "fuse/report.h"
#include "fuse/witness.h"

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
CMD_SESSION_HELP
"  -h, --help          this text\n"
"\n"
"Exit status: 0 map and witnesses agree, 1 they do not, 2 no map.\n"
"\n"
"  vmsync sync ~/lttng-traces/host-20260101 guest-traces/\n";

struct arguments {
	struct cmd_session session;
	const char *output;
	const char *plot;
	bool json;
	bool segments;
};

static int run(char *const *paths, size_t n, const struct arguments *args,
	       struct vmsync_session *s, struct ctf_error *e)
{
	int ret = vmsync_session_open(paths, n, &args->session.options, s, e);

	if (!ret)
		ret = vmsync_session_sync(s, &args->session.options, cmd_progress(), e);
	if (!ret)
		ret = vmsync_session_contain(s, cmd_progress(), e);
	if (!ret && args->output)
		ret = vmsync_maps_save(s, args->output, e);
	if (!ret && args->plot)
		ret = vmsync_plot(s, args->plot, e);
	return ret;
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	switch (option) {
	case 'o':
		args->output = value;
		break;
	case 'p':
		args->plot = value;
		break;
	case 'J':
		args->json = true;
		break;
	case 's':
		args->segments = true;
		break;
	default:
		return cmd_session_option("sync", option, value,
					  &args->session);
	}
	return 0;
}

int cmd_sync(int argc, char **argv)
{
	static const struct option table[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "plot", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'J' },
		{ "segments", no_argument, NULL, 's' },
		CMD_SESSION_OPTIONS,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"sync", help, ":o:j:h", table, take,
	};
	struct arguments args = { 0 };
	struct vmsync_session s;
	struct ctf_error e;
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
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
	vmsync_exchange_free(&args.session.exchange);
	return ret;
}
