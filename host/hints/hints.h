/* SPDX-License-Identifier: MIT */
/*
 * Hints for who places virtual machines: what to move, what to pin, what there is room
 * for. They come from a recording alone, each with what it is worth, and nothing here
 * does any of it. Documentation/hints.rst defines every figure.
 */
#ifndef VMSYNC_HINTS_HINTS_H
#define VMSYNC_HINTS_HINTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/analysis.h"

/* Parts of a recording, of which each is a small one. */
#define HINTS_PARTS 20

/* Of the time of virtual CPUs, that may be unknown, percent. */
#define HINTS_MOST_UNKNOWN 10

/* Windows of which 99 of 100 mean something. */
#define HINTS_LEAST_WINDOWS 100
#define HINTS_MOST_WINDOWS  10000

/* A hint that is less sure is none, percent. */
#define HINTS_LEAST_SURE 95

/**
 * enum hints_kind - what is to be done
 * @HINTS_SEPARATE:	two VMs should not share CPUs
 * @HINTS_EMULATOR:	threads of QEMU should not run on CPUs of virtual CPUs
 * @HINTS_TASK:		a process of the host should not
 * @HINTS_PIN:		virtual CPUs should stay on a CPU each
 * @HINTS_ROOM:		there is room for more
 */
enum hints_kind {
	HINTS_SEPARATE,
	HINTS_EMULATOR,
	HINTS_TASK,
	HINTS_PIN,
	HINTS_ROOM,
	HINTS_KINDS,
};

/** hints_kind_name() - "separate", ... */
const char *hints_kind_name(enum hints_kind kind);

/**
 * enum hints_silence - why something is not said although there is something
 * @HINTS_UNSURE:	it may be less than what is worth saying
 * @HINTS_NO_CPU:	no CPU is free for it
 * @HINTS_BOUND:	it is a thread of the kernel that cannot run elsewhere
 * @HINTS_FEW:		too few windows
 * @HINTS_FIRST:	something else is to be done first
 */
enum hints_silence {
	HINTS_SAID,
	HINTS_UNSURE,
	HINTS_NO_CPU,
	HINTS_BOUND,
	HINTS_FEW,
	HINTS_FIRST,
};

/** enum hints_party_kind - what the threads of a party are */
enum hints_party_kind {
	HINTS_VM,	/* the virtual CPUs of one */
	HINTS_QEMU,	/* its process's other threads */
	HINTS_PROCESS,	/* of the host */
};

/**
 * struct hints_party - threads that are moved together
 * @pid:	of the process
 * @tid:	one of its threads
 * @threads:	of it that ran
 * @ran_ns:	all of them
 * @waited_ns:	virtual CPUs of a VM, for a CPU
 * @cpus:	[CPU] what they ran there, of a VM only, owned
 */
struct hints_party {
	enum hints_party_kind kind;
	int32_t pid;
	int32_t tid;
	uint32_t threads;
	int64_t ran_ns;
	int64_t waited_ns;
	VMSYNC_ARRAY(int64_t) cpus;
};

/**
 * struct hint - one of them
 * @silent:	it is not given
 * @vm:		party that would gain, ANALYSIS_NONE: several, or none
 * @by:		party that is to be moved, ANALYSIS_NONE: none
 * @rate:	[part] gain, s/h
 * @gain, @low, @high: mean of these, and between which that is, 9 of 10 times
 * @sure:	share of the times that it is worth saying, 0 .. 1
 * @back:	of HINTS_SEPARATE: what @by would wait less, s/h
 * @cpus:	that are meant, owned: shared, free for it, or those to be pinned to
 * @vcpus:	of HINTS_PIN: [@cpus.count] virtual CPU for each, owned
 * @moves:	of HINTS_PIN: changes of CPU, in the recording
 */
struct hint {
	enum hints_kind kind;
	enum hints_silence silent;
	uint32_t vm;
	uint32_t by;
	double rate[HINTS_PARTS];
	double gain;
	double low;
	double high;
	double sure;
	double back;
	VMSYNC_ARRAY(uint32_t) cpus;
	VMSYNC_ARRAY(uint32_t) vcpus;
	uint64_t moves;
};

/**
 * struct hints_options - see above
 * @least:	what is worth saying, s/h
 * @window_ns:	of summed demand
 * @shortest_ns: a recording that is shorter says nothing of an hour
 */
struct hints_options {
	struct analysis_options analysis;
	double least;
	int64_t window_ns;
	int64_t shortest_ns;
};

/**
 * struct hints_room - summed demand, by window
 * @n_cpus:	of the host, that events came from
 * @windows:	how many there are
 * @p99, @most:	of demand, CPUs
 */
struct hints_room {
	uint32_t n_cpus;
	uint32_t windows;
	double p99;
	double most;
};

struct hints_state;

/**
 * struct hints - what was found
 * @why_none:	not NULL: there is not enough evidence for any
 * @all:	those that are given first, the largest gain first
 * @n_given:	how many these are
 */
struct hints {
	struct analysis analysis;
	const struct hints_options *options;
	struct hints_state *state;
	const char *why_none;
	VMSYNC_ARRAY(struct hint) all;
	size_t n_given;
	struct hints_room room;
};

/**
 * hints_run() - find them in a session whose maps are made
 * @options:	must outlive @h
 * @h:		to be freed with hints_free(), after an error too
 * Return: 0 or a negative errno.
 */
int hints_run(const struct vmsync_session *s, struct hints_options *options,
	      struct hints *h, const struct vmsync_progress *progress,
	      struct ctf_error *e);

void hints_free(struct hints *h);

/** hints_party() - by its number, as a struct hint has it */
const struct hints_party *hints_party(const struct hints *h, uint32_t party);

/** hints_party_name() - "web1", "QEMU of web1", "backup 77". Any bytes. */
const char *hints_party_name(const struct hints *h, uint32_t party, char *buf,
			     size_t size);

/** hints_part_begin() - when a part begins, s from the recording's begin on */
double hints_part_begin(const struct hints *h, int part);

/**
 * hints_commands() - what could be typed for it, a line each
 * No name that a guest can choose is in them.
 */
void hints_commands(const struct hints *h, const struct hint *hint,
		    void (*line)(void *ctx, const char *text), void *ctx);

/** hints_text() - in at most 100 columns; @all: not only the most */
void hints_text(FILE *f, const struct hints *h, bool all);

/* Of the JSON; goes up where a key is taken away or changes its meaning. */
#define HINTS_SCHEMA 1

void hints_json(FILE *f, const struct hints *h);

/** hints_metrics_check() - may @path be written? 0 or a negative errno */
int hints_metrics_check(const char *path, struct ctf_error *e);

/** hints_metrics_write() - for Prometheus; whole or not at all. 0 or a negative errno */
int hints_metrics_write(const char *path, const struct hints *h,
			struct ctf_error *e);

#endif /* VMSYNC_HINTS_HINTS_H */
