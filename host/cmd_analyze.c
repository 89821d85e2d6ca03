// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/check.h"
#include "cmd.h"
#include "volume/volumes.h"

static const char help[] =
"usage: vmsync analyze [OPTION]... TRACE...\n"
"\n"
"Says what every virtual CPU was really doing: how much CPU it wanted and got,\n"
"who had its host CPU while it waited, what its exits cost, and how long the\n"
"guest's threads waited to run. TRACE is a CTF trace, or a folder that holds\n"
"some: the host's and its guests', as they were recorded, or what vmsync fuse\n"
"wrote.\n"
"\n"
"      --vm=NAME       only this VM: its guest's name, or its process\n"
"      --vcpu=N        only this virtual CPU, by KVM's number\n"
"      --since=S       leave out the first S seconds of the host's recording\n"
"      --until=S       and what is later than S seconds after its begin\n"
"      --window=NS     and tell what each virtual CPU had in every NS of that\n"
"      --why=VM:TID    explain one thread of a guest, and nothing else: a tree of\n"
"                      causes through both kernels, to the ns\n"
"      --volumes       tell of guests' requests to their block devices, and\n"
"                      nothing else: how long they took, and where, down to the\n"
"                      host's disks\n"
"      --from=S        the same as --since=S\n"
"      --to=S          the same as --until=S\n"
"      --check=FILE    compare with the kernel's counters, which vmsync-counters\n"
"                      took before and after the recording\n"
"      --all           list everything, not only the most\n"
"      --json          print the report as JSON\n"
CMD_SESSION_HELP
"  -h, --help          this text\n"
"\n"
"Exit status: 0 done, 1 a guest could not be mapped and was left out, or the\n"
"kernel counted less than the analysis, 2 it could not be done.\n"
"\n"
"  vmsync analyze ~/lttng-traces/host-20260101 guest-traces/\n";

struct arguments {
	struct cmd_session session;
	struct analysis_options options;
	const char *counters;
	bool json;
	bool volumes;
};

static void print(const struct arguments *args, const struct analysis *a,
		  const struct analysis_check *check)
{
	if (args->options.why_vm) {
		if (args->json)
			analysis_why_json(stdout, a);
		else
			analysis_why_text(stdout, a);
	} else if (args->json) {
		analysis_json(stdout, a, check);
	} else {
		analysis_text(stdout, a);
		if (check)
			analysis_check_text(stdout, a, check);
	}
}

static int report(struct vmsync_session *s, void *arguments,
		  struct ctf_error *e)
{
	const struct arguments *args = arguments;
	struct analysis_check check = { 0 };
	struct analysis a;
	int ret = analysis_run(s, &args->options, &a, cmd_progress(), e);

	cmd_progress_end();
	if (!ret && args->counters)
		ret = analysis_check_file(&a, args->counters, &check, e);
	if (!ret)
		print(args, &a, args->counters ? &check : NULL);
	if (!ret && !analysis_check_agrees(&check))
		ret = EXIT_FOUND;
	vmsync_array_free(&check.rows);
	analysis_free(&a);
	return ret;
}

static int volumes_report(struct vmsync_session *s, void *arguments,
			  struct ctf_error *e)
{
	const struct arguments *args = arguments;
	const struct volumes_options options = {
		.since_ns = args->options.since_ns,
		.until_ns = args->options.until_ns,
		.vm = args->options.vm,
		.all = args->options.all,
	};
	struct volumes v;
	int ret = volumes_run(s, &options, &v, cmd_progress(), e);

	cmd_progress_end();
	if (!ret && args->json)
		volumes_json(stdout, &v);
	else if (!ret)
		volumes_text(stdout, &v);
	volumes_free(&v);
	return ret;
}

static int nanoseconds(const char *value, int64_t *ns)
{
	char *end;
	long long v = strtoll(value, &end, 10);

	if (*end || end == value || v <= 0)
		return cmd_usage_error("analyze", "not a number of ns: %s",
				       value);
	*ns = v;
	return 0;
}

static int number(const char *value, uint32_t *n)
{
	char *end;
	unsigned long v = strtoul(value, &end, 10);

	if (*end || end == value || v > 65535)
		return cmd_usage_error("analyze", "not a virtual CPU: %s",
				       value);
	*n = (uint32_t)v + 1;
	return 0;
}

/* VM:TID; the name of a VM may have colons too. */
static int why(char *value, struct analysis_options *options)
{
	char *colon = strrchr(value, ':'), *end;
	long tid = colon ? strtol(colon + 1, &end, 10) : 0;

	if (!colon || colon == value || *end || end == colon + 1 || tid < 0 ||
	    tid > INT32_MAX)
		return cmd_usage_error("analyze", "not VM:TID: %s", value);
	if (!tid)
		return cmd_usage_error("analyze",
				       "%s: the idle thread cannot be "
				       "explained", value);
	*colon = '\0';
	options->why_vm = value;
	options->why_tid = (int32_t)tid;
	return 0;
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	switch (option) {
	case 'v':
		args->options.vm = value;
		return 0;
	case 'c':
		return number(value, &args->options.vcpu);
	case 's':
		return cmd_seconds("analyze", value, &args->options.since_ns);
	case 'u':
		return cmd_until("analyze", value, &args->options.until_ns);
	case 'k':
		args->counters = value;
		return 0;
	case 'W':
		return nanoseconds(value, &args->options.window_ns);
	case 'w':
		return why(optarg, &args->options);
	case 'V':
		args->volumes = true;
		return 0;
	case 'a':
		args->options.all = true;
		return 0;
	case 'J':
		args->json = true;
		return 0;
	default:
		return cmd_session_option("analyze", option, value,
					  &args->session);
	}
}

/* What makes no sense together is said before anything is read. */
static int options_check(const struct arguments *args)
{
	const struct analysis_options *o = &args->options;

	if (o->why_vm &&
	    (o->vm || o->vcpu || o->window_ns || args->counters))
		return cmd_usage_error("analyze",
				       "--why explains one thread, and "
				       "nothing else: not with --vm, --vcpu, "
				       "--window or --check");
	if (args->volumes &&
	    (o->why_vm || o->vcpu || o->window_ns || args->counters))
		return cmd_usage_error("analyze",
				       "--volumes tells of requests, and "
				       "nothing else: not with --why, --vcpu, "
				       "--window or --check");
	return cmd_span_check("analyze", o->since_ns, o->until_ns);
}

int cmd_analyze(int argc, char **argv)
{
	static const struct option table[] = {
		{ "vm", required_argument, NULL, 'v' },
		{ "vcpu", required_argument, NULL, 'c' },
		{ "since", required_argument, NULL, 's' },
		{ "until", required_argument, NULL, 'u' },
		{ "from", required_argument, NULL, 's' },
		{ "to", required_argument, NULL, 'u' },
		{ "check", required_argument, NULL, 'k' },
		{ "window", required_argument, NULL, 'W' },
		{ "why", required_argument, NULL, 'w' },
		{ "volumes", no_argument, NULL, 'V' },
		{ "all", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'J' },
		CMD_SESSION_OPTIONS,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"analyze", help, ":j:h", table, take,
	};
	struct arguments args = { .session.options = { .alone = true,
						       .fused = true } };
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	ret = options_check(&args);
	if (ret)
		return ret;
	ret = cmd_session_run("analyze", argv + optind, &args.session,
			      args.volumes ? volumes_report : report, &args);
	vmsync_exchange_free(&args.session.exchange);
	return ret;
}
