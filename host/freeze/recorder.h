/* SPDX-License-Identifier: MIT */
/*
 * The flight recorder of a host and its guests. It keeps all their rings going; asked to
 * (host/daemon/ask.h), it has all of them written at once, and goes on:
 *
 *	OUT/freeze-N		a freeze (facts.h), and what is proven of it, proof.json
 *	OUT/audit.log		who asked for what
 *	OUT/host		the host's snapshot, while it is taken
 *
 * What it is asked, and what it answers:
 *
 *	freeze AT BEFORE WHY	"begun N FOLDER", and once it is over "whole BYTES" or
 *				"not_whole BYTES", then so many bytes of what is proven, a
 *				line of JSON and lines for people, in as many parts as it
 *				takes; times are ns of CLOCK_MONOTONIC, AT 0: now
 *	detail NS EVENTS	"ok", or "ok; " and what is not recorded of them: that set of
 *				events is, for so long
 *	quiet NS		"ok": none for so long, 0: any again
 *	status			how it is, as JSON, a key a line
 *
 * or "refused: ..." instead.
 */
#ifndef VMSYNC_FREEZE_RECORDER_H
#define VMSYNC_FREEZE_RECORDER_H

#include "freeze/audit.h"
#include "freeze/budget.h"
#include "freeze/detail.h"
#include "freeze/job.h"
#include "record/guest.h"
#include "record/host.h"

/* Bytes of who asks, and why. */
#define FREEZE_TEXT 512

/* Bytes of one message of an answer at most. */
#define FREEZE_ANSWER_BYTES 65536

/**
 * struct freeze_guest - a guest, and its part in the freeze that is under way
 * @asked:	it takes part
 * @why:	why it cannot
 */
struct freeze_guest {
	struct record_guest g;
	bool asked;
	char why[256];
};

/** enum freeze_phase - how far a freeze is; each ends at its time at the latest */
enum freeze_phase {
	FREEZE_IDLE,
	FREEZE_TAKE,  /* all write what they hold */
	FREEZE_FETCH, /* guests' snapshots come */
	FREEZE_PROVE,
	FREEZE_TELL,  /* who asked is told what is proven */
};

/**
 * struct freeze_now - the freeze that is under way
 * @since_ns:	when @phase began
 * @ask:	number of who asked and is answered
 * @told:	bytes of the proof that were sent to that one
 * @result:	what audit.log says of it
 * @folder:	its own
 * @host_taken, @host_said: once the host's is there or not, and why not
 */
struct freeze_now {
	enum freeze_phase phase;
	uint64_t since_ns;
	uint64_t number;
	uint64_t at_ns;
	uint64_t before_ns;
	uint64_t begun_ns;
	uint32_t ask;
	size_t told;
	const char *result;
	char who[FREEZE_TEXT];
	char reason[FREEZE_TEXT];
	char folder[4096];
	bool host_taken;
	char host_said[256];
};

/**
 * struct freeze_recorder - see above
 * @output:	OUT, made where it is not there
 * @control:	vmsyncd's socket
 * @vm, @n_vm:	guests that take part; none: all that vmsyncd knows
 * @events:	VMSYNC_PORT_EVENTS_*, but for times of @detail
 * @budget:	what is allowed is filled in
 * @guest:	[@n]
 * @looked_ns:	when vmsyncd was last asked which there are
 * @fd:		on which it is asked, -1: vmsyncd is not there
 * @is_only:	vmsyncd took it: no other one runs
 * @frozen:	freezes that it made
 * @counted_ns:	when what they have of the disk was last counted for who asked
 */
struct freeze_recorder {
	const char *output;
	const char *control;
	const char *const *vm;
	size_t n_vm;
	uint8_t events;
	struct freeze_budget budget;
	struct freeze_detail detail;
	struct freeze_audit audit;
	struct record_host host;
	struct freeze_guest **guest;
	size_t n;
	uint64_t looked_ns;
	int fd;
	bool is_only;
	int signals;
	uint64_t last_number;
	uint64_t frozen;
	uint64_t counted_ns;
	struct freeze_now now;
	struct freeze_job job;
};

/** freeze_recorder_run() - until a signal comes; 0, or a negative errno and @e */
int freeze_recorder_run(struct freeze_recorder *r, struct ctf_error *e);

/** freeze_answer() - to who asked; @more messages follow or not */
void freeze_answer(const struct freeze_recorder *r, uint32_t ask, bool more,
		   const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** freeze_answer_part() - of what is proven, the next part; true: it was the last one */
bool freeze_answer_part(struct freeze_recorder *r);

#endif /* VMSYNC_FREEZE_RECORDER_H */
