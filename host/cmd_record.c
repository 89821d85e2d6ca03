// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "base/run.h"
#include "record/record.h"

static const char help[] =
"usage: vmsync record -o OUT [OPTION]... [-- COMMAND...]\n"
"\n"
"Records this host and its guests together, with LTTng, and puts all of it on one\n"
"clock: into the new folder OUT go the traces, host and guests/NAME; the fused\n"
"experiment, fused; and reports, report.txt and analysis.txt. It ends after so\n"
"many seconds, with COMMAND, or with Ctrl-C; a second Ctrl-C gives it up.\n"
"\n"
"Guests are those that vmsyncd knows (vmsync status). One in which vmsync-agent\n"
"answers records itself and sends its trace home over its port.\n"
"\n"
"  -o, --output=OUT    the folder to make\n"
"      --vm=NAME       record this guest, by name or uuid; may be repeated\n"
"                      (default: all)\n"
"      --events=SET    sync, sched, kvm, analysis (default) or all: each has the\n"
"                      events of those before it\n"
"      --seconds=N     so long\n"
"      --snapshot      keep a flight recorder: nothing is written before Ctrl-C, or\n"
"                      before COMMAND fails; then what the buffers hold, the latest\n"
"                      events. Nothing, and no OUT, where COMMAND ends well\n"
"      --json          print what was recorded as JSON\n"
"      --control=PATH  the control socket of vmsyncd, instead of\n"
"                      " VMSYNC_CLIENT_PATH "\n"
"  -h, --help          this text\n"
"\n"
"Exit status: 0 all is well; 1 it was recorded, but a guest's recording failed,\n"
"COMMAND did, or fusing found something; 2 it could not be done, or was given up.\n"
"\n"
"  vmsync record -o out --vm web1 --seconds 10\n"
"  vmsync record -o out -- ssh web1 make\n";

#define ANALYZED VMSYNC_PORT_EVENTS_ANALYSIS
#define MOST_SECONDS 86400

struct arguments {
	struct vmsync_record record;
	bool json;
};

static int add_vm(struct vmsync_record *r, const char *name)
{
	const char **p = realloc(r->vm, (r->n_vm + 1) * sizeof(*p));

	if (!p)
		return cmd_usage_error("record", "out of memory");
	r->vm = p;
	p[r->n_vm++] = name;
	return 0;
}

static int take_seconds(struct vmsync_record *r, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (*end || end == value || !n || n > MOST_SECONDS)
		return cmd_usage_error("record", "--seconds=%s: give 1 to %d",
				       value, MOST_SECONDS);
	r->seconds = (unsigned int)n;
	return 0;
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;
	struct vmsync_record *r = &args->record;
	int events;

	switch (option) {
	case 'o':
		r->output = value;
		return 0;
	case 'v':
		return add_vm(r, value);
	case 'e':
		events = vmsync_tracing_events(value);
		if (events < 0)
			return cmd_usage_error("record", "no events '%s'", value);
		r->events = (uint8_t)events;
		return 0;
	case 's':
		return take_seconds(r, value);
	case 'J':
		args->json = true;
		return 0;
	case 'r':
		r->ring = true;
		return 0;
	}
	r->control = value;
	return 0;
}

/* Run this program with other arguments; its output into @file, NULL: ours. */
static int again(const char *const argv[], const char *file)
{
	int fd, status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		fd = file ? open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				 0666) :
			    -1;
		if (file && fd < 0)
			_exit(EXIT_TROUBLE);
		if (file)
			dup2(fd, STDOUT_FILENO);
		vmsync_spawn_prepare();
		execv("/proc/self/exe", (char *const *)argv);
		_exit(EXIT_TROUBLE);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return EXIT_TROUBLE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_TROUBLE;
}

/*
 * Fuse, and say how it is. What cannot be fused is there as it was recorded, so that
 * one can look into it.
 */
static int fuse(const struct vmsync_record *r, bool json)
{
	char host[4200], fused[4200], report[4200], analysis[4200];
	const char **argv = calloc(r->n + 8, sizeof(*argv));
	size_t i, n = 5;
	int ret, more;

	if (!argv)
		return EXIT_TROUBLE;
	snprintf(host, sizeof(host), "%s/host", r->output);
	snprintf(fused, sizeof(fused), "%s/fused", r->output);
	snprintf(report, sizeof(report), "%s/report.txt", r->output);
	snprintf(analysis, sizeof(analysis), "%s/analysis.txt", r->output);
	argv[n++] = host;
	for (i = 0; i < r->n; i++) {
		if (vmsync_record_fetched(&r->guest[i]))
			argv[n++] = r->guest[i].folder;
	}
	argv[0] = "vmsync";
	memcpy(argv + 1, (const char *[]){ "fuse", "-l", "-o", fused },
	       4 * sizeof(*argv));
	ret = again(argv, json ? "/dev/null" : NULL);
	argv[4] = "sync";
	argv[3] = "vmsync";
	more = again(argv + 3, report);
	ret = more > ret ? more : ret;
	argv[4] = "analyze";
	if (r->events >= ANALYZED)
		again(argv + 3, analysis);
	free(argv);
	return ret ? EXIT_FOUND : 0;
}

static bool has_guest(const struct vmsync_record *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (vmsync_record_fetched(&r->guest[i]))
			return true;
	}
	return false;
}

static int save(const struct vmsync_record *r)
{
	char path[4200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/record.json", r->output);
	f = fopen(path, "wxe");
	if (f)
		vmsync_record_print(f, r, true);
	if (f && !ferror(f) && !fclose(f))
		return 0;
	fprintf(stderr, "vmsync record: %s: %s\n", path, strerror(errno));
	return EXIT_FOUND;
}

/* A flight recorder whose command ended well. */
static int nothing(const struct arguments *args)
{
	const struct vmsync_record *r = &args->record;

	if (args->json)
		vmsync_record_print(stdout, r, true);
	else
		printf("%s ended well: nothing is kept\n", r->command[0]);
	return cmd_flush("record") ? 0 : EXIT_TROUBLE;
}

static int finish(const struct arguments *args)
{
	const struct vmsync_record *r = &args->record;
	int ret = save(r);

	cmd_progress_end();
	vmsync_record_print(stdout, r, args->json);
	if (!vmsync_record_whole(r) || r->status > 0)
		ret |= EXIT_FOUND;
	if (r->status > 0)
		fprintf(stderr, "vmsync record: %s ended with status %d\n",
			r->command[0], r->status);
	if (has_guest(r))
		ret |= fuse(r, args->json);
	else if (!args->json)
		printf("nothing to fuse: the host's trace is in %s/host\n",
		       r->output);
	return cmd_flush("record") ? ret : EXIT_TROUBLE;
}

static int record(struct arguments *args)
{
	struct vmsync_record *r = &args->record;
	struct ctf_error e;
	int ret;

	r->progress = cmd_progress()->show;
	ret = vmsync_record_run(r, &e);
	if (ret < 0)
		return cmd_error("record", &e);
	cmd_progress_end();
	if (!ret)
		return vmsync_record_kept(r) ? finish(args) : nothing(args);
	fprintf(stderr, "vmsync record: given up; what there is of it is in %s\n",
		r->output);
	return EXIT_TROUBLE;
}

int cmd_record(int argc, char **argv)
{
	static const struct option table[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "vm", required_argument, NULL, 'v' },
		{ "events", required_argument, NULL, 'e' },
		{ "seconds", required_argument, NULL, 's' },
		{ "snapshot", no_argument, NULL, 'r' },
		{ "json", no_argument, NULL, 'J' },
		{ "control", required_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	/* "+": what is behind COMMAND is its own. */
	static const struct cmd_options options = {
		"record", help, "+:o:h", table, take,
	};
	struct arguments args = {
		.record = { .control = VMSYNC_CLIENT_PATH,
			    .events = VMSYNC_PORT_EVENTS_ANALYSIS },
	};
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret == CMD_GO_ON && !args.record.output)
		ret = cmd_usage_error("record", "-o names the folder to make");
	if (ret == CMD_GO_ON && argv[optind] && args.record.seconds)
		ret = cmd_usage_error("record", "it ends after --seconds or with "
						"%s, not both", argv[optind]);
	if (ret == CMD_GO_ON) {
		args.record.command = argv[optind] ? argv + optind : NULL;
		ret = record(&args);
	}
	vmsync_record_free(&args.record);
	return ret;
}
