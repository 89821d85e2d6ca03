// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/layers/find.h"
#include "analysis/layers/report.h"
#include "cmd.h"
#include "cmd_told.h"
#include "export/layers.h"
#include "fuse/fail.h"
#include "fuse/output.h"
#include "fuse/print.h"

static const char help[] =
"usage: vmsync layers [OPTION]... TRACE...\n"
"\n"
"Says what services and programs did, from traces of theirs: how long VMs and\n"
"volumes were in which state, which way requests took through which services,\n"
"how long each operation took and where, and what failed first. What the events\n"
"mean is described in files, layers: several come with vmsync, others can be\n"
"written (layers.rst). TRACE is a CTF trace, or a folder that holds some. The\n"
"stamps are those of the traces: put guests on the host's clock with vmsync fuse\n"
"first.\n"
"\n"
"  -l, --layer=NAME    use this layer, by its name or its file's path; may be\n"
"                      repeated; default: all that come with vmsync\n"
"      --object=NAME   list only objects whose key or name begins so, and what\n"
"                      is linked to one: a request, a VM, a volume\n"
"      --all           list everything, not only what took longest or failed\n"
"      --json          print the report as JSON\n"
"      --export=FORMAT write each state, as it ends, into a file instead: jsonl,\n"
"                      lines of JSON; perfetto, tracks for ui.perfetto.dev;\n"
"                      sqlite, tables of objects, states and links; parquet; or\n"
"                      clickhouse, into a server, which -o names:\n"
"                      http://HOST/DATABASE\n"
"  -o, --output=FILE   that file; it appears when all is right\n"
"      --list          print the layers that come with vmsync, and nothing else\n"
"      --check         only read the layers: say what is wrong with them\n"
"  -j, --jobs=N        use N threads; default: one per processor\n"
"  -h, --help          this text\n"
"\n"
"Exit status: 0 done, 1 events were lost when it was recorded, so that states\n"
"may be missing, 2 it could not be done.\n"
"\n"
"  vmsync layers --object=req-9b2a64b8 ~/lttng-traces/cloud-20260101\n";

struct arguments {
	VMSYNC_ARRAY(const char *) layers;
	const char *object;
	const struct layers_format *format;
	const char *output;
	bool all;
	bool json;
	bool list;
	bool check;
	unsigned int jobs;
};

struct job {
	const struct arguments *args;
	struct cmd_told told;
	struct layers_report report;
	struct layers_export export;
};

static int export_fail(const struct job *r, int error, struct ctf_error *e)
{
	if (r->export.why[0])
		return vmsync_fail(e, error, "", "%.200s: %s", r->args->output,
				   r->export.why);
	return vmsync_fail_file(e, error, r->args->output);
}

static int events_read(struct job *r, struct ctf_error *e)
{
	int ret = cmd_told_read(&r->told, r->args->jobs, e);

	if (ret == CMD_TOLD_SINK)
		return export_fail(r, r->told.engine.error, e);
	if (!ret && !r->told.engine.events)
		return vmsync_fail(e, -ENOENT,
				   "vmsync cat shows their names, layers.rst "
				   "how to describe them",
				   "%.400s%s: no layer knows an event there",
				   ctf_trace_path(r->told.traces.traces[0]),
				   r->told.traces.n > 1 ? " and others" : "");
	return ret;
}

/* Before any thread is started, and any trace is opened. */
static int sink_begin(struct job *r, struct ctf_error *e)
{
	const struct layers_format *format = r->args->format;
	const char *file = r->args->output;
	int ret;

	r->report.all = r->args->all;
	r->report.wanted = r->args->object;
	if (!format)
		return layers_report_init(&r->report, &r->told.engine) ?
			       vmsync_fail_memory(e) :
			       0;
	if (!format->output_check) {
		file = vmsync_output_file(file, e);
		if (!file)
			return e->code;
	}
	ret = layers_export_begin(&r->export, &r->told.engine, format, file);
	return ret ? export_fail(r, ret, e) : 0;
}

/* As it was stamped: what vmsync export writes of the machine is on that, too.
 */
static void clock_take(struct job *r)
{
	const struct ctf_trace *t =
		r->told.traces.n ? r->told.traces.traces[0] : NULL;
	const char *host = t ? ctf_trace_env(t, "hostname") : NULL;

	r->export.clock = t ? ctf_trace_clock(t, 0) : NULL;
	r->export.host = host ? host : "";
	r->export.offset_ns = (int64_t)ctf_clock_ns(r->export.clock, 0);
}

static int sink_end(struct job *r, struct ctf_error *e)
{
	const struct layers_format *format = r->args->format;
	int ret;

	if (format) {
		ret = layers_export_end(&r->export);
		if (ret)
			return export_fail(r, ret, e);
		if (*r->export.said)
			fprintf(stderr, "vmsync layers: %s\n", r->export.said);
		return format->output_check ? 0 : vmsync_output_commit(e);
	}
	layers_report_end(&r->report);
	if (r->args->json)
		layers_report_json(stdout, &r->report);
	else
		layers_report_text(stdout, &r->report);
	return 0;
}

static int run_all(struct job *r, char *const *paths, size_t n,
		   struct ctf_error *e)
{
	int ret = cmd_told_layers(&r->told, r->args->layers.at,
				  r->args->layers.count, e);

	if (ret || r->args->check)
		return ret;
	ret = sink_begin(r, e);
	if (!ret)
		ret = cmd_told_open(&r->told, paths, n, e);
	if (ret)
		return ret;
	clock_take(r);
	ret = events_read(r, e);
	return ret ? ret : sink_end(r, e);
}

static int layers_run(const struct arguments *args, char *const *paths,
		      size_t n)
{
	struct job *r = calloc(1, sizeof(*r));
	struct ctf_error e = { 0 };
	int ret;

	if (!r)
		return cmd_usage_error("layers", "out of memory");
	r->args = args;
	cmd_told_init(&r->told);
	ret = run_all(r, paths, n, &e);
	if (ret)
		ret = cmd_error("layers", &e);
	else if (!cmd_flush("layers"))
		ret = EXIT_TROUBLE;
	if (!ret && r->told.lost) {
		fprintf(stderr,
			"vmsync layers: %llu events or packets were lost "
			"when it was recorded: states may be missing\n",
			(unsigned long long)r->told.lost);
		ret = EXIT_FOUND;
	}
	if (args->format) {
		vmsync_output_abort();
		layers_export_free(&r->export);
	}
	layers_report_free(&r->report);
	cmd_told_free(&r->told);
	free(r);
	return ret;
}

static int list(void)
{
	struct ctf_error e = { 0 };
	size_t i, n;
	char **names = layer_names(&n);
	int ret = 0;

	if (!n)
		ret = cmd_usage_error("layers", "no layers are installed");
	for (i = 0; i < n; i++) {
		struct layer *l = layer_find(names[i], &e);
		char about[256];

		if (!l) {
			ret = cmd_error("layers", &e);
			continue;
		}
		snprintf(about, sizeof(about), "%.*s", (int)l->about.len,
			 l->about.s);
		printf("%-14s ", names[i]);
		print_clean(stdout, about);
		putchar('\n');
		layer_free(l);
	}
	for (i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return cmd_flush("layers") ? ret : EXIT_TROUBLE;
}

static int format_find(const char *name, const struct layers_format **format)
{
	static const struct layers_format *const formats[] = {
		&layers_jsonl,
		&layers_perfetto,
		&layers_sqlite,
		&layers_parquet,
		&layers_clickhouse,
	};
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (!strcmp(formats[i]->name, name)) {
			*format = formats[i];
			return 0;
		}
	}
	return cmd_usage_error("layers", "no format %s: jsonl, perfetto, sqlite, "
			       "parquet or clickhouse",
			       name);
}

/* What makes no sense together is said before anything is read. */
static int options_check(const struct arguments *args, bool any_trace)
{
	bool report = args->format || args->output || args->all || args->json ||
		      args->object || any_trace;
	const char *wrong;

	if ((args->list && (report || args->check || args->layers.count)) ||
	    (args->check && report))
		return cmd_usage_error("layers", "--list is by itself, and --check "
						 "but for --layer");
	if (!any_trace && !args->check && !args->list)
		return cmd_usage_error("layers", "no trace named");
	if (!args->format != !args->output)
		return cmd_usage_error("layers", "--export and --output go "
						 "together");
	wrong = args->format && args->format->output_check ?
			args->format->output_check(args->output) :
			NULL;
	if (wrong)
		return cmd_usage_error("layers", "-o %s: %s", args->output, wrong);
	if (args->format && (args->all || args->json || args->object))
		return cmd_usage_error("layers", "--export writes all, and no "
						 "report: not with --all, "
						 "--json or --object");
	return 0;
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;
	const char **layer;

	switch (option) {
	case 'l':
		layer = vmsync_array_add(&args->layers);
		if (!layer)
			return cmd_usage_error("layers", "out of memory");
		*layer = value;
		break;
	case 'b':
		args->object = value;
		break;
	case 'e':
		return format_find(value, &args->format);
	case 'o':
		args->output = value;
		break;
	case 'a':
		args->all = true;
		break;
	case 'J':
		args->json = true;
		break;
	case 'L':
		args->list = true;
		break;
	case 'C':
		args->check = true;
		break;
	case 'j':
		return cmd_jobs("layers", value, &args->jobs);
	}
	return 0;
}

int cmd_layers(int argc, char **argv)
{
	static const struct option table[] = {
		{ "layer", required_argument, NULL, CMD_AGAIN | 'l' },
		{ "object", required_argument, NULL, 'b' },
		{ "export", required_argument, NULL, 'e' },
		{ "output", required_argument, NULL, 'o' },
		{ "all", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'J' },
		{ "list", no_argument, NULL, 'L' },
		{ "check", no_argument, NULL, 'C' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"layers", help, ":l:o:j:h", table, take,
	};
	struct arguments args = { 0 };
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret == CMD_GO_ON) {
		ret = options_check(&args, optind < argc);
		if (!ret && args.list)
			ret = list();
		else if (!ret)
			ret = layers_run(&args, argv + optind,
					 (size_t)(argc - optind));
	}
	vmsync_array_free(&args.layers);
	return ret;
}
