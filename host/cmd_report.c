// SPDX-License-Identifier: MIT
#include <string.h>
#include <sys/stat.h>

#include "cmd.h"
#include "export/page.h"

static const char help[] =
	"usage: vmsync report -o FILE.html [OPTION]... TRACE...\n"
	"\n"
	"Writes what vmsync analyze finds as a page to look at, or to send: "
	"the "
	"answer, a\n"
	"timeline of every virtual CPU, CPU of the host and thread of a guest, "
	"and tables\n"
	"that lead to it. One file, which needs no network.\n"
	"\n"
	"  -o, --output=FILE   the file to make; it appears when all is right\n"
	"      --vm=NAME       only this VM: its guest's name, or its process\n"
	"      --since=S       leave out the first S seconds of the host's "
	"recording\n"
	"      --until=S       and what is later than S seconds after its "
	"begin\n" CMD_SESSION_HELP "  -h, --help          this text\n"
	"\n"
	"Exit status: 0 written, 1 written, but a guest could not be mapped "
	"and was left\n"
	"out, 2 it could not be done.\n"
	"\n"
	"  vmsync report -o report.html host/ guest/\n";

struct arguments {
	struct cmd_session session;
	struct export_options options;
};

static int write_it(struct vmsync_session *s, void *arguments,
		    struct ctf_error *e)
{
	const struct arguments *args = arguments;
	int ret =
		export_run(s, &export_page, &args->options, cmd_progress(), e);

	cmd_progress_end();
	return ret;
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	switch (option) {
	case 'o':
		args->options.output = value;
		return 0;
	case 'v':
		args->options.analysis.vm = value;
		return 0;
	case 's':
		return cmd_seconds("report", value,
				   &args->options.analysis.since_ns);
	case 'u':
		return cmd_seconds("report", value,
				   &args->options.analysis.until_ns);
	default:
		return cmd_session_option("report", option, value,
					  &args->session);
	}
}

int cmd_report(int argc, char **argv)
{
	static const struct option table[] = {
		{"output", required_argument, NULL, 'o'},
		{"vm", required_argument, NULL, 'v'},
		{"since", required_argument, NULL, 's'},
		{"until", required_argument, NULL, 'u'},
		CMD_SESSION_OPTIONS,
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	static const struct cmd_options options = {
		"report", help, ":o:j:h", table, take,
	};
	struct arguments args = {.session.options.alone = true};
	int ret = cmd_options(&options, argc, argv, &args);
	struct stat st;

	if (ret != CMD_GO_ON)
		return ret;
	if (!args.options.output)
		return cmd_usage_error("report",
				       "no output: -o FILE is needed");
	if (!lstat(args.options.output, &st))
		return cmd_usage_error("report",
				       "%s exists already: remove it, or give "
				       "another name with -o",
				       args.options.output);
	ret = cmd_session_run("report", argv + optind, &args.session, write_it,
			      &args);
	vmsync_exchange_free(&args.session.exchange);
	return ret;
}
