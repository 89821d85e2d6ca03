// SPDX-License-Identifier: MIT
#include <string.h>

#include "cmd_export.h"
#include "cmd_migration.h"
#include "cmd_report_told.h"
#include "export/page.h"
#include "fuse/fail.h"
#include "fuse/output.h"

static const char help[] =
"usage: vmsync report -o FILE.html [OPTION]... TRACE...\n"
"\n"
"Writes what vmsync analyze finds as a page to look at, or to send: the answer, a\n"
"timeline of every virtual CPU, CPU of the host and thread of a guest, and tables\n"
"that lead to it. One file, which needs no network. Of what services and QEMUs\n"
"told, if that is among the traces, it has the tables of vmsync layers, and each\n"
"live migration: application, QEMU and kernel on one axis of time.\n"
"\n"
"  -o, --output=FILE   the file to make; it appears when all is right\n"
"      --json          print migrations and services' operations as JSON instead,\n"
"                      each with its QEMUs and their virtual CPUs\n"
"      --agree=MS      times of day of several machines agree to MS milliseconds,\n"
"                      as for vmsync migration\n"
"      --vm=NAME       only this VM: its guest's name, or its process\n"
"      --since=S       leave out the first S seconds of the host's recording\n"
"      --until=S       and what is later than S seconds after its begin\n"
CMD_SESSION_HELP
"  -h, --help          this text\n"
"\n"
"Exit status: 0 written, 1 written, but a guest could not be mapped and was left\n"
"out, 2 it could not be done.\n"
"\n"
"  vmsync report -o report.html host/ guest/\n";

struct arguments {
	struct cmd_export export;
	uint64_t agree_ns;
	bool json;
};

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	if (option == 'g')
		return cmd_migration_agree("report", value, &args->agree_ns);
	if (option == 'J') {
		args->json = true;
		return 0;
	}
	return cmd_export_option("report", option, value, &args->export);
}

/* Of what was told alone: there is no host's trace to be analysed. */
static int told_write(const struct cmd_export *args,
		      const struct cmd_report_told *told)
{
	const char *output = args->options.output, *file = NULL;
	bool is_file = strcmp(output, "-") != 0;
	struct ctf_error e;
	int ret = 0;

	if (is_file && !(file = vmsync_output_file(output, &e)))
		return cmd_error("report", &e);
	ret = page_told_write(file, &told->page);
	if (ret)
		vmsync_fail_file(&e, ret, output);
	else if (is_file)
		ret = vmsync_output_commit(&e);
	if (is_file)
		vmsync_output_abort();
	return ret ? cmd_error("report", &e) : 0;
}

static int report(char **argv, struct cmd_export *args, uint64_t agree_ns)
{
	struct cmd_report_told told = { .agree_ns = agree_ns };
	struct ctf_error e;
	size_t n = 0;
	int ret;

	while (argv[n])
		n++;
	/* The analysis has its own words for what cannot be read. */
	if (!n || cmd_report_told_read(&told, argv, n, args->session.options.jobs,
				       &e) ||
	    !cmd_report_told_any(&told)) {
		ret = cmd_export_run("report", argv, args);
	} else if (told.has_host) {
		args->options.told = &told.page;
		ret = cmd_export_run("report", argv, args);
	} else {
		ret = told_write(args, &told);
		vmsync_exchange_free(&args->session.exchange);
	}
	cmd_report_told_free(&told);
	return ret;
}

/* The same of migrations, and of each operation, to stdout. */
static int json(char **argv, const struct arguments *args)
{
	struct cmd_report_told told = { .agree_ns = args->agree_ns,
					.all = true };
	const struct page_told *p = &told.page;
	struct joins all;
	struct ctf_error e;
	size_t n = 0;
	int ret;

	while (argv[n])
		n++;
	if (!n)
		return cmd_usage_error("report", "no trace named");
	if (args->export.options.output)
		return cmd_usage_error("report",
				       "--json prints: it has no file to make");
	ret = cmd_report_told_read(&told, argv, n,
				   args->export.session.options.jobs, &e);
	all = (struct joins){
		.migrations = &told.migrations,
		.joins = p->joins,
		.n = p->n,
		.operations = &told.operations,
		.layers = p->layers ? &told.told.engine : NULL,
		.notes = (const char (*)[400])p->notes,
		.n_notes = p->n_notes,
	};
	if (ret)
		ret = cmd_error("report", &e);
	else
		joins_json(stdout, &all);
	cmd_report_told_free(&told);
	return cmd_flush("report") ? ret : EXIT_TROUBLE;
}

int cmd_report(int argc, char **argv)
{
	static const struct option table[] = {
		CMD_EXPORT_OPTIONS,
		{ "agree", required_argument, NULL, 'g' },
		{ "json", no_argument, NULL, 'J' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"report", help, ":o:j:h", table, take,
	};
	struct arguments args = {
		.export = { .session.options = { .alone = true, .fused = true },
			    .format = &export_page },
	};
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	if (args.json)
		return json(argv + optind, &args);
	ret = cmd_export_check("report", &args.export);
	return ret ? ret : report(argv + optind, &args.export, args.agree_ns);
}
