// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "cmd.h"
#include "fuse/covered.h"
#include "fuse/fuse.h"
#include "fuse/plot.h"
#include "fuse/replace.h"
#include "fuse/report.h"
#include "fuse/witness.h"
#include "hosts/hosts.h"

static const char help[] =
"usage: vmsync sync [OPTION]... TRACE...\n"
"\n"
"Finds which of the traces is the host's and which are its guests', computes\n"
"the map of each guest's clock to the host's, checks it against the witnesses\n"
"(causality of every beacon, containment of every guest event), and prints\n"
"what it found. TRACE is a CTF trace, or a folder that holds some.\n"
"\n"
"  -o, --output=FILE   save the map, as JSON; FILE is new, or an earlier map\n"
"      --plot=FILE     draw offset, bound and beacons over time, as SVG; FILE is\n"
"                      new, or an earlier plot\n"
"      --json          print the report as JSON, with all segments\n"
"      --segments      list all segments, not only the first ones\n"
CMD_SESSION_HELP
"  -h, --help          this text\n"
"\n"
"Exit status: 0 map and witnesses agree and the map has evidence for all events;\n"
"1 not so, or a guest could not be mapped and was left out; 2 no map.\n"
"\n"
"  vmsync sync ~/lttng-traces/host-20260101 guest-traces/\n";

struct arguments {
	struct cmd_session session;
	const char *output;
	const char *plot;
	bool json;
	bool segments;
};

static int report(struct vmsync_session *s, void *arguments,
		  struct ctf_error *e)
{
	const struct arguments *args = arguments;
	int ret = vmsync_session_contain(s, cmd_progress(), e);

	if (!ret && args->output)
		ret = vmsync_maps_save(s, args->output, e);
	if (!ret && args->plot)
		ret = vmsync_plot(s, args->plot, e);
	if (ret)
		return ret;
	cmd_progress_end();
	if (args->json)
		vmsync_report_json(stdout, s, NULL, 0);
	else
		vmsync_report_text(stdout, s, args->segments);
	return vmsync_session_agrees(s) && vmsync_session_covered(s) ?
		       0 :
		       EXIT_FOUND;
}

static int report_hosts(struct vmsync_hosts *h, void *arguments, struct ctf_error *e)
{
	const struct arguments *args = arguments;
	int ret = 0;

	if (args->plot)
		return cmd_usage_error("sync", "--plot draws the guests of one host");
	if (args->output)
		ret = vmsync_maps_save(&h->joined, args->output, e);
	if (ret)
		return ret;
	cmd_progress_end();
	if (args->json)
		vmsync_hosts_json(stdout, h);
	else
		vmsync_hosts_text(stdout, h, args->segments);
	return vmsync_hosts_agree(h) && vmsync_session_covered(&h->joined) ?
		       0 :
		       EXIT_FOUND;
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

/* Said at once, not after minutes of reading, and before either is written. */
static int check_names(const struct arguments *args)
{
	struct ctf_error e;

	if (args->output &&
	    vmsync_replace_check(args->output, &vmsync_kind_map, &e))
		return cmd_error("sync", &e);
	if (args->plot &&
	    vmsync_replace_check(args->plot, &vmsync_kind_plot, &e))
		return cmd_error("sync", &e);
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
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	ret = check_names(&args);
	if (ret)
		return ret;
	ret = cmd_hosts_run("sync", argv + optind, &args.session, report_hosts, &args);
	if (ret == CMD_GO_ON)
		ret = cmd_session_run("sync", argv + optind, &args.session,
				      report, &args);
	vmsync_exchange_free(&args.session.exchange);
	return ret;
}
