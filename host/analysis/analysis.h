/* SPDX-License-Identifier: MIT */
/*
 * The analysis of a session: what every virtual CPU was really doing. Runs the
 * model (model.h) over the merged traces (feed.h), and sums up (totals.h).
 */
#ifndef VMSYNC_ANALYSIS_ANALYSIS_H
#define VMSYNC_ANALYSIS_ANALYSIS_H

#include <stdio.h>

#include "analysis/totals.h"
#include "analysis/why.h"
#include "analysis/windows.h"
#include "fuse/session.h"

struct analysis;

/**
 * struct analysis_taker - somebody else who takes what the model finds
 * @begin:	the model is made, the time in question is known: fill in @sink.
 *		Return: 0 or a negative errno.
 * @failed:	there is no use in going on: @e says why. Asked now and then.
 */
struct analysis_taker {
	int (*begin)(void *ctx, const struct analysis *a,
		     struct analysis_sink *sink, struct ctf_error *e);
	bool (*failed)(void *ctx, struct ctf_error *e);
	void *ctx;
};

/**
 * struct analysis_options - all 0 is the default
 * @since_ns:	of the recording's beginning: what is before does not count
 * @until_ns:	of it: what is after does not count; 0: all does
 * @vm:		name or process of the only VM to report on, NULL: all
 * @vcpu:	of the only virtual CPU to report on, plus 1; 0: all
 * @window_ns:	tell what each did in every such part of the time; 0: do not
 * @all:	list everything, not only the most
 * @why_vm:	name or process of the VM whose thread @why_tid is explained, and
 *		nothing else; NULL: none is
 * @why_tid:	by the guest's kernel
 * @taker:	NULL: nobody else
 */
struct analysis_options {
	int64_t since_ns;
	int64_t until_ns;
	const char *vm;
	uint32_t vcpu;
	int64_t window_ns;
	bool all;
	const char *why_vm;
	int32_t why_tid;
	const struct analysis_taker *taker;
};

/**
 * struct analysis - what was found
 * @begin_ns, @end_ns: of the host's recording
 * @why:	if it is asked for
 * @why_guest:	number of the guest that it is about, in @session
 */
struct analysis {
	const struct vmsync_session *session;
	const struct analysis_options *options;
	struct analysis_model *model;
	struct analysis_totals totals;
	int64_t begin_ns;
	int64_t end_ns;
	struct analysis_windows windows;
	struct analysis_why_node why;
	size_t why_guest;
};

/**
 * analysis_run() - analyse a session
 * @s:		its maps are made; must outlive @a
 * @options:	must outlive @a
 * @a:		to be freed with analysis_free(), after an error too
 * @progress:	may be NULL
 * Return: 0 or a negative errno.
 */
int analysis_run(const struct vmsync_session *s,
		 const struct analysis_options *options, struct analysis *a,
		 const struct vmsync_progress *progress, struct ctf_error *e);

/** analysis_time() - of a recording of so long: the time that @a->options ask for */
void analysis_time(struct analysis *a, int64_t begin_ns, int64_t end_ns);

/** analysis_free() - free what it owns */
void analysis_free(struct analysis *a);

/** analysis_vm_name() - of a virtual CPU's VM: its guest's name, or "process
 * 12" */
const char *analysis_vm_name(const struct analysis *a, uint32_t vcpu, char *buf,
			     size_t size);

/** analysis_reported() - was the virtual CPU asked for? */
bool analysis_reported(const struct analysis *a, uint32_t vcpu);

/** analysis_text() - tables, of at most 100 columns, the answer first */
void analysis_text(FILE *f, const struct analysis *a);

/** analysis_answer() - its first sentences, in lines of at most 100 columns */
void analysis_answer(FILE *f, const struct analysis *a);

/** analysis_thread_text() - "nginx 12"; "?" for ANALYSIS_NONE. Any bytes. */
void analysis_thread_text(const struct analysis *a, uint32_t thread, char *buf,
			  size_t size);

/** analysis_vcpu_text() - "vCPU 0 of web1" */
void analysis_vcpu_text(const struct analysis *a, uint32_t vcpu, char *buf,
			size_t size);

/** analysis_who_text() - who had a CPU, in words. Any bytes. */
void analysis_who_text(const struct analysis *a, const struct analysis_who *w,
		       char *buf, size_t size);

/** analysis_why_text() - the tree of causes */
void analysis_why_text(FILE *f, const struct analysis *a);

/** analysis_why_json() - the same */
void analysis_why_json(FILE *f, const struct analysis *a);

/* Of the JSON; goes up where a key is taken away or changes its meaning. */
#define ANALYSIS_SCHEMA 1

struct analysis_check;

/** analysis_json() - everything; @check: NULL: nothing was compared */
void analysis_json(FILE *f, const struct analysis *a,
		   const struct analysis_check *check);

#endif /* VMSYNC_ANALYSIS_ANALYSIS_H */
