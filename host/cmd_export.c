// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd_export.h"
#include "export/rows.h"

static const char help[] =
"usage: vmsync export FORMAT -o FILE [OPTION]... TRACE...\n"
"\n"
"Writes what vmsync analyze sums up, piece by piece, for other programs: what\n"
"every virtual CPU did from when to when, who had its host CPU while it waited,\n"
"each exit, each wake-up of a guest's thread. FORMAT is one of\n"
"\n"
"  jsonl               a line of JSON for each row of each table\n"
"  csv                 one table, see --table\n"
"  parquet             the same, for DuckDB, ClickHouse, Spark and others\n"
"  clickhouse          the tables of jsonl, into a server, which -o names:\n"
"                      http://HOST/DATABASE\n"
"  perfetto            for ui.perfetto.dev: scheduling of all machines and what\n"
"                      every virtual CPU did, as tracks\n"
"  sqlite              the tables of jsonl as a database, with indexes and views\n"
"\n"
"  -o, --output=FILE   the file to make; it appears when all is right; \"-\" is\n"
"                      stdout, for jsonl, csv and parquet\n"
"      --table=NAME    only this one: states (csv, parquet: if none is named),\n"
"                      charges, exits, wakes, events, machines, vcpus, threads,\n"
"                      requests, of guests to their block devices, or changes:\n"
"                      states without their ends, in half the room\n"
"      --max-size=MIB  at most so large: the events that do not fit, then the\n"
"                      shortest rows are left out; says what\n"
"      --raw           the events, too (not csv, parquet, perfetto): all of all\n"
"                      machines, on the host's clock; says first how large they\n"
"                      will be\n"
"      --vm=NAME       only this VM: its guest's name, or its process\n"
"      --since=S       leave out the first S seconds of the host's recording\n"
"      --until=S       and what is later than S seconds after its begin\n"
CMD_SESSION_HELP
"  -h, --help          this text\n"
"\n"
"Exit status: 0 written, 1 written, but a guest could not be mapped and was left\n"
"out, 2 it could not be done.\n"
"\n"
"  vmsync export csv --table=exits -o exits.csv host/ guest/\n";

static const struct export_format *const formats[] = {
	&export_jsonl,
	&export_csv,
	&export_parquet,
	&export_clickhouse,
	&export_perfetto,
	&export_sqlite,
};

static int write_it(struct vmsync_session *s, void *arguments,
		    struct ctf_error *e)
{
	const struct cmd_export *args = arguments;
	int ret =
		export_run(s, args->format, &args->options, cmd_progress(), e);

	cmd_progress_end();
	return ret;
}

int cmd_export_option(const char *command, int option, const char *value,
		      struct cmd_export *args)
{
	switch (option) {
	case 'o':
		args->options.output = value;
		return 0;
	case 'v':
		args->options.analysis.vm = value;
		return 0;
	case 's':
		return cmd_seconds(command, value,
				   &args->options.analysis.since_ns);
	case 'u':
		return cmd_until(command, value,
				 &args->options.analysis.until_ns);
	default:
		return cmd_session_option(command, option, value,
					  &args->session);
	}
}

int cmd_export_check(const char *command, const struct cmd_export *args)
{
	const char *output = args->options.output;
	struct stat st;

	if (!output)
		return cmd_usage_error(command, "no output: -o FILE is needed");
	if (cmd_span_check(command, args->options.analysis.since_ns,
			   args->options.analysis.until_ns))
		return EXIT_TROUBLE;
	if (strcmp(output, "-") && !lstat(output, &st))
		return cmd_usage_error(command,
				       "%s exists already: remove it, or give "
				       "another name with -o",
				       output);
	return 0;
}

int cmd_export_run(const char *command, char **argv, struct cmd_export *args)
{
	int ret = cmd_session_run(command, argv, &args->session, write_it, args);

	vmsync_exchange_free(&args->session.exchange);
	return ret;
}

static void tell(const char *text)
{
	cmd_progress_end();
	fprintf(stderr, "vmsync export: %s\n", text);
}

static int max_size(const char *value, int64_t *bytes)
{
	char *end;
	double mib = strtod(value, &end);

	if (end == value || *end || !(mib > 0 && mib <= 1e9))
		return cmd_usage_error("export",
				       "--max-size=%s: name a number of MiB",
				       value);
	*bytes = (int64_t)(mib * (1 << 20));
	if (!*bytes)
		return cmd_usage_error("export",
				       "--max-size=%s: less than one byte",
				       value);
	return 0;
}

static int take(void *arguments, int option, const char *value)
{
	struct cmd_export *args = arguments;

	switch (option) {
	case 't':
		args->options.table = value;
		return 0;
	case 'r':
		args->options.raw = true;
		return 0;
	case 'm':
		return max_size(value, &args->options.most_bytes);
	default:
		return cmd_export_option("export", option, value, args);
	}
}

static int format_find(const char *name, const struct export_format **format)
{
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (!strcmp(formats[i]->name, name)) {
			*format = formats[i];
			return 0;
		}
	}
	return cmd_usage_error("export", "no format %s", name);
}

/* What makes no sense is said before anything is read. */
static int options_check(const struct cmd_export *args)
{
	const struct export_options *o = &args->options;
	const struct export_format *f = args->format;
	int ret = cmd_export_check("export", args);
	const char *wrong;

	if (ret)
		return ret;
	wrong = f->output_check ? f->output_check(o->output) : NULL;
	if (wrong)
		return cmd_usage_error("export", "-o %s: %s", o->output, wrong);
	if (o->table && !f->has_tables)
		return cmd_usage_error("export", "%s has no tables", f->name);
	if (o->table && export_table_find(o->table) == EXPORT_TABLES)
		return cmd_usage_error("export", "no table %s", o->table);
	if (o->raw && (!f->event_bytes || o->table))
		return cmd_usage_error("export",
				       "--raw is for jsonl, sqlite and "
				       "clickhouse, all tables of them; for "
				       "one: --table=events");
	if (o->most_bytes && (f->output_check || !strcmp(o->output, "-")))
		return cmd_usage_error("export", "--max-size needs a file");
	if (o->table && export_table_find(o->table) == EXPORT_CHANGES &&
	    (o->most_bytes || f->output_check))
		return cmd_usage_error("export", "--table=changes is for jsonl, csv "
				       "and parquet, and has no --max-size: each "
				       "row ends the one before it");
	if (!f->output_check && !strcmp(o->output, "-") && !f->stdout_too)
		return cmd_usage_error("export", "%s needs a file", f->name);
	return 0;
}

int cmd_export(int argc, char **argv)
{
	static const struct option table[] = {
		{ "table", required_argument, NULL, 't' },
		{ "raw", no_argument, NULL, 'r' },
		{ "max-size", required_argument, NULL, 'm' },
		CMD_EXPORT_OPTIONS,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"export", help, ":o:j:h", table, take,
	};
	struct cmd_export args = { .session.options = { .alone = true,
							.fused = true },
				   .options.tell = tell };
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	if (optind == argc)
		return cmd_usage_error("export", "no format named");
	ret = format_find(argv[optind], &args.format);
	if (!ret)
		ret = options_check(&args);
	return ret ? ret : cmd_export_run("export", argv + optind + 1, &args);
}
