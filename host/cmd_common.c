// SPDX-License-Identifier: MIT
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "fuse/print.h"
#include "fuse/twice.h"

int cmd_error(const char *name, const struct ctf_error *e)
{
	cmd_progress_end();
	fprintf(stderr, "vmsync %s: ", name);
	print_clean(stderr, e->msg[0] ? e->msg : strerror(-e->code));
	if (e->remedy[0]) {
		fputs("; ", stderr);
		print_clean(stderr, e->remedy);
	}
	fputc('\n', stderr);
	return EXIT_TROUBLE;
}

/* Whatever is made of a recording, this may be missing in it. */
static void say_absent(const char *name, const struct vmsync_machine *host)
{
	char text[512];

	if (!host || !host->coverage.absent.count)
		return;
	vmsync_absent_note(&host->coverage.absent, text, sizeof(text));
	fprintf(stderr, "vmsync %s: %s: %s\n", name, host->name, text);
}

static void say_twice(const char *name, const struct vmsync_machine *m)
{
	char text[1024];

	if (!m)
		return;
	vmsync_twice_note(m, text, sizeof(text));
	if (!text[0])
		return;
	fprintf(stderr, "vmsync %s: %s: ", name, m->name);
	print_clean(stderr, text);
	fputc('\n', stderr);
}

void cmd_say_left_out(const char *name, const struct ctf_error *why)
{
	fprintf(stderr, "vmsync %s: LEFT OUT: ", name);
	print_clean(stderr, why->msg);
	if (why->remedy[0])
		fputs("; ", stderr);
	print_clean(stderr, why->remedy);
	fputc('\n', stderr);
}

void cmd_say_recorded(const char *name, const struct vmsync_session *s)
{
	size_t i;

	say_absent(name, s->host);
	say_twice(name, s->host);
	for (i = 0; i < s->n_guests; i++)
		say_twice(name, s->guests[i].machine);
}

/* What there is no answer for: a line for each, whatever else is printed. */
static int say_missing(const char *name, const struct vmsync_session *s)
{
	size_t i;

	cmd_progress_end();
	fflush(stdout);
	for (i = 0; i < s->machines.n_skipped; i++) {
		fprintf(stderr, "vmsync %s: skipped: ", name);
		print_clean(stderr, s->machines.skipped[i].path);
		fprintf(stderr, ": %s\n", s->machines.skipped[i].why);
	}
	for (i = 0; i < s->n_left_out; i++)
		cmd_say_left_out(name, &s->left_out[i].why);
	cmd_say_recorded(name, s);
	return s->n_left_out ? EXIT_FOUND : 0;
}

int cmd_usage_error(const char *name, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "vmsync %s: ", name);
	print_clean(stderr, text);
	fprintf(stderr, "; see vmsync %s --help\n", name);
	return EXIT_TROUBLE;
}

/* Whether @arg is the option of @entry with a value, "--json=3". */
static bool is_valued(const char *arg, const struct option *entry)
{
	size_t n = strcspn(arg, "=");

	return n > 2 && arg[n] && !strncmp(arg, "--", 2) &&
	       !strncmp(arg + 2, entry->name, n - 2);
}

/*
 * getopt_long() has met what it does not know. Of a row of letters, "-xyz", it
 * tells the letter only, and does not yet count the row as taken.
 */
static int unknown_option(const struct cmd_options *o, const char *arg)
{
	const struct option *entry;

	for (entry = o->table; optopt && entry->name; entry++) {
		if (entry->val == optopt && is_valued(arg, entry))
			return cmd_usage_error(o->name, "--%s takes no value",
					       entry->name);
	}
	return optopt ? cmd_usage_error(o->name, "no option -%c", optopt) :
			cmd_usage_error(o->name, "no option %s", arg);
}

/* A value that another one takes the place of was meant for something, too. */
static int take_once(const struct cmd_options *o, void *arguments, int letter,
		     bool *was_given)
{
	const struct option *entry = o->table;

	while (entry->name && (entry->val & ~CMD_AGAIN) != letter)
		entry++;
	if (*was_given && optarg && entry->name && !(entry->val & CMD_AGAIN))
		return cmd_usage_error(o->name, "--%s is given twice", entry->name);
	*was_given = true;
	return o->take(arguments, letter, optarg);
}

int cmd_options(const struct cmd_options *o, int argc, char **argv,
		void *arguments)
{
	bool was_given[UCHAR_MAX + 1] = { false };
	int c, ret = 0;

	opterr = 0;
	while (!ret && (c = getopt_long(argc, argv, o->letters, o->table,
					NULL)) != -1) {
		switch (c) {
		case 'h':
			fputs(o->help, stdout);
			return cmd_flush(o->name) ? 0 : EXIT_TROUBLE;
		case ':':
			return cmd_usage_error(o->name, "%s needs a value",
					       argv[optind - 1]);
		case '?':
			return unknown_option(o, argv[optind - 1]);
		default:
			c &= ~CMD_AGAIN;
			ret = take_once(o, arguments, c,
					&was_given[(unsigned char)c]);
		}
	}
	return ret ? ret : CMD_GO_ON;
}

static bool progress_shown;

static void show(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	static struct timespec last;
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - last.tv_sec) * 1000 +
		    (now.tv_nsec - last.tv_nsec) / 1000000 <
	    200)
		return;
	last = now;
	if (total)
		fprintf(stderr, "\r%s: %d %%\033[K", what,
			(int)(done * 100.0 / total));
	else
		fprintf(stderr, "\r%s: %llu\033[K", what,
			(unsigned long long)done);
	progress_shown = true;
}

const struct vmsync_progress *cmd_progress(void)
{
	static struct vmsync_progress progress;

	progress.show = isatty(STDERR_FILENO) ? show : NULL;
	return &progress;
}

void cmd_progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

static uint32_t method_bit(const char *name)
{
	int m;

	for (m = 0; m < VMSYNC_METHOD_COUNT; m++) {
		if (!strcmp(vmsync_method_name((enum vmsync_method)m), name))
			return 1u << m;
	}
	return 0;
}

int cmd_jobs(const char *name, const char *text, unsigned int *jobs)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*jobs = *end || end == text || n > 1024 ? 0 : (unsigned int)n;
	return *jobs ? 0 :
		       cmd_usage_error(name, "not a number of threads: %s",
				       text);
}

int cmd_seconds(const char *name, const char *text, int64_t *ns)
{
	char *end;
	double s = strtod(text, &end);

	if (*end || end == text || !(s >= 0 && s <= 8640000))
		return cmd_usage_error(name, "not a number of seconds: %s",
				       text);
	*ns = (int64_t)(s * 1e9);
	return 0;
}

int cmd_span_check(const char *name, int64_t since_ns, int64_t until_ns)
{
	return !until_ns || until_ns > since_ns ?
		       0 :
		       cmd_usage_error(name, "--until is not after --since");
}

int cmd_until(const char *name, const char *text, int64_t *ns)
{
	int ret = cmd_seconds(name, text, ns);

	if (ret || *ns)
		return ret;
	return cmd_usage_error(name, "--until=%s: nothing was before that", text);
}

int cmd_session_option(const char *name, int option, const char *value,
		       struct cmd_session *s)
{
	struct ctf_error e;

	if (option == 'j')
		return cmd_jobs(name, value, &s->options.jobs);
	if (option == 'M') {
		s->options.sync.methods = method_bit(value);
		return s->options.sync.methods ?
			       0 :
			       cmd_usage_error(name, "no method '%s'", value);
	}
	if (vmsync_exchange_parse(value, &s->exchange, &e))
		return cmd_error(name, &e);
	s->options.exchange = &s->exchange;
	s->options.sync.wide = s->options.sync.machines = true;
	return 0;
}

int cmd_session_run(const char *name, char *const *argv,
		    const struct cmd_session *s,
		    int (*act)(struct vmsync_session *s, void *arguments,
			       struct ctf_error *e),
		    void *arguments)
{
	const struct vmsync_session_options *options = s ? &s->options : NULL;
	struct vmsync_session session;
	struct ctf_error e;
	size_t n = 0;
	int ret;

	while (argv[n])
		n++;
	if (!n)
		return cmd_usage_error(name, "no trace named");
	ret = vmsync_session_open(argv, n, options, &session, &e);
	if (!ret)
		ret = vmsync_session_sync(&session, options, cmd_progress(), &e);
	if (!ret)
		ret = act(&session, arguments, &e);
	if (ret < 0)
		ret = cmd_error(name, &e);
	else
		ret |= say_missing(name, &session);
	vmsync_session_close(&session);
	return cmd_flush(name) ? ret : EXIT_TROUBLE;
}

bool cmd_flush(const char *name)
{
	if (!fflush(stdout) && !ferror(stdout))
		return true;
	fprintf(stderr, "vmsync %s: stdout: %s\n", name, strerror(errno));
	return false;
}
