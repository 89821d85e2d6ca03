// SPDX-License-Identifier: MIT
#include "cmd_export.h"
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

static int take(void *arguments, int option, const char *value)
{
	return cmd_export_option("report", option, value, arguments);
}

int cmd_report(int argc, char **argv)
{
	static const struct option table[] = {
		CMD_EXPORT_OPTIONS,
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	static const struct cmd_options options = {
		"report", help, ":o:j:h", table, take,
	};
	struct cmd_export args = {
		.session.options = {.alone = true, .fused = true},
		.format = &export_page,
	};
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	ret = cmd_export_check("report", &args);
	return ret ? ret : cmd_export_run("report", argv + optind, &args);
}
