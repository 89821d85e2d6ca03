/* SPDX-License-Identifier: MIT */
/*
 * What the subcommands share. Exit status: 0 all is well; 1 it ran, and what
 * it found is not well (witnesses that disagree); 2 it could not be done.
 */
#ifndef VMSYNC_CMD_H
#define VMSYNC_CMD_H

#include <getopt.h>

#include "ctf/ctf.h"
#include "fuse/session.h"

#define EXIT_FOUND 1
#define EXIT_TROUBLE 2

/** struct vmsync_command - a row of the subcommand table */
struct vmsync_command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
};

int cmd_sync(int argc, char **argv);
int cmd_fuse(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_cat(int argc, char **argv);
int cmd_analyze(int argc, char **argv);
int cmd_hints(int argc, char **argv);
int cmd_layers(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_migration(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_freeze(int argc, char **argv);
int cmd_live(int argc, char **argv);
int cmd_memory(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_setup(int argc, char **argv);

/** cmd_error() - print "vmsync NAME: message; remedy", return EXIT_TROUBLE */
int cmd_error(const char *name, const struct ctf_error *e);

/** cmd_usage_error() - the same for a wrong command line */
int cmd_usage_error(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * struct cmd_options - the options of a command
 * @name:	of the command
 * @help:	printed for -h, which every command has
 * @letters:	as for getopt_long(), with ":" first
 * @table:	the same; CMD_AGAIN beside a letter where the option's value may be
 *		given more than once
 * @take:	takes one option into @arguments: 0, or EXIT_TROUBLE with the
 *		error said
 */
struct cmd_options {
	const char *name;
	const char *help;
	const char *letters;
	const struct option *table;
	int (*take)(void *arguments, int option, const char *value);
};

#define CMD_GO_ON (-1)
#define CMD_AGAIN 0x100

/**
 * cmd_options() - read a command's options; optind is behind them
 * Return: CMD_GO_ON, or the exit status of a command that is done.
 */
int cmd_options(const struct cmd_options *o, int argc, char **argv,
		void *arguments);

/**
 * cmd_progress() - progress on stderr, where that is a terminal
 * Return: what vmsync_session_sync() and the others take. cmd_progress_end()
 * removes the line again.
 */
const struct vmsync_progress *cmd_progress(void);
void cmd_progress_end(void);

/**
 * struct cmd_session - the options about evidence that commands share
 * @options:	what they make; points to @exchange
 */
struct cmd_session {
	struct vmsync_session_options options;
	struct vmsync_exchange exchange;
};

/* For the commands' tables and help texts. */
#define CMD_SESSION_OPTIONS \
	{ "jobs", required_argument, NULL, 'j' }, \
	{ "method", required_argument, NULL, 'M' }, \
	{ "match", required_argument, NULL, 'x' }
#define CMD_SESSION_HELP \
"  -j, --jobs=N        use N threads; default: one per processor\n" \
"      --method=NAME   use one method only: exact, pair, beacon, port, tsync,\n" \
"                      window\n" \
"      --match=MATCH   the only evidence is messages between two machines, the\n" \
"                      reference named first; MATCH says which events they are:\n" \
"                      cause=EVENT,effect=EVENT,key=FIELD[,FIELD...];\n" \
"                      or of two hosts, named with guests that went from one\n" \
"                      to the other: messages between these hosts\n"

/**
 * cmd_session_option() - take one of these options
 * @option:	'j', 'M' or 'x'
 * Return: 0, or EXIT_TROUBLE with the error said.
 */
int cmd_session_option(const char *name, int option, const char *value,
		       struct cmd_session *s);

/**
 * cmd_session_run() - open traces, make the maps, and have @act do the rest
 * @argv:	the traces, up to NULL; an error where there is none
 * @s:		of the command line, or NULL
 * @act:	what the command is for: 0, EXIT_FOUND, or a negative errno
 * @arguments:	its second argument
 * Return: the exit status, with errors said.
 */
int cmd_session_run(const char *name, char *const *argv,
		    const struct cmd_session *s,
		    int (*act)(struct vmsync_session *s, void *arguments,
			       struct ctf_error *e),
		    void *arguments);

struct vmsync_hosts;

/**
 * cmd_hosts_run() - the same, where with --match two hosts and guests are named
 * @s:		has --match
 * Return: CMD_GO_ON where others are named, and nothing is done.
 */
int cmd_hosts_run(const char *name, char *const *argv, const struct cmd_session *s,
		  int (*act)(struct vmsync_hosts *h, void *arguments,
			     struct ctf_error *e),
		  void *arguments);

/** cmd_say_left_out() - a guest has no map, and why; on stderr */
void cmd_say_left_out(const char *name, const struct ctf_error *why);

/** cmd_say_recorded() - what is missing in a session's recordings, or twice there */
void cmd_say_recorded(const char *name, const struct vmsync_session *s);

/** cmd_jobs() - a number of threads, 1 .. 1024; 0, or EXIT_TROUBLE, and said */
int cmd_jobs(const char *name, const char *text, unsigned int *jobs);

/**
 * cmd_seconds() - seconds with a fraction, at most 100 days, as ns
 * Return: 0, or EXIT_TROUBLE with the error said.
 */
int cmd_seconds(const char *name, const char *text, int64_t *ns);

/** cmd_span_check() - is the end, 0 for none, behind the begin? As cmd_seconds() */
int cmd_span_check(const char *name, int64_t since_ns, int64_t until_ns);

/** cmd_until() - cmd_seconds() of an end, which is never 0: that is for none */
int cmd_until(const char *name, const char *text, int64_t *ns);

/** cmd_flush() - have stdout written; false, with an error said, if not */
bool cmd_flush(const char *name);

#endif /* VMSYNC_CMD_H */
