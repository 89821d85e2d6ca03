/* SPDX-License-Identifier: MIT */
/* What one event of QEMU's says of a migration, whichever version printed it. */
#ifndef VMSYNC_MIGRATION_TOLD_H
#define VMSYNC_MIGRATION_TOLD_H

#include "ctf/ctf.h"

/**
 * enum migration_kind - what is said
 * @MIGRATION_STATE:	@text is the migration's state from now on
 * @MIGRATION_RUNSTATE:	@text is the virtual machine's; @before was it
 * @MIGRATION_NOTIFY:	devices are told that it runs, by @number[0], or is stopped
 * @MIGRATION_STOPPED:	it is stopped, and what its disks had to be given is
 * @MIGRATION_IN:	this is a destination
 * @MIGRATION_OUT:	this is a source
 * @MIGRATION_SYNC_BEGIN: KVM, or who else knows, is asked which pages are dirty
 * @MIGRATION_SYNC_END:	@number[0] are, that were not before, see rounds.c
 * @MIGRATION_PENDING:	@number[0] bytes are left
 * @MIGRATION_SENT:	@number[0] bytes in @number[1] ms; @number[2] may be left
 * @MIGRATION_WAIT:	the limit of bandwidth is reached, and waited for
 * @MIGRATION_GO_ON:	no more
 * @MIGRATION_THROTTLE:	the guest is slowed down
 * @MIGRATION_ERROR:	@text, or the event's name
 * @MIGRATION_POSTCOPY:	the virtual machine goes over before its memory
 * @MIGRATION_FAULT:	it wants a page that has not come
 * @MIGRATION_QMP_STATE: as MIGRATION_STATE, by QMP
 * @MIGRATION_QMP_PASS:	@number[0] rounds have begun, by QMP
 * @MIGRATION_QMP_STOP:	it is stopped, by QMP
 * @MIGRATION_QMP_RESUME: it runs, by QMP
 * @MIGRATION_ANSWER:	query-migrate: @text state, @number as enum migration_figure
 */
enum migration_kind {
	MIGRATION_STATE,
	MIGRATION_RUNSTATE,
	MIGRATION_NOTIFY,
	MIGRATION_STOPPED,
	MIGRATION_IN,
	MIGRATION_OUT,
	MIGRATION_SYNC_BEGIN,
	MIGRATION_SYNC_END,
	MIGRATION_PENDING,
	MIGRATION_SENT,
	MIGRATION_WAIT,
	MIGRATION_GO_ON,
	MIGRATION_THROTTLE,
	MIGRATION_ERROR,
	MIGRATION_POSTCOPY,
	MIGRATION_FAULT,
	MIGRATION_QMP_STATE,
	MIGRATION_QMP_PASS,
	MIGRATION_QMP_STOP,
	MIGRATION_QMP_RESUME,
	MIGRATION_ANSWER,
	MIGRATION_KINDS,
};

/** enum migration_figure - numbers of query-migrate */
enum migration_figure {
	MIGRATION_TOTAL_MS,
	MIGRATION_SETUP_MS,
	MIGRATION_DOWNTIME_MS,
	MIGRATION_SYNCS,
	MIGRATION_PAGE_SIZE,
	MIGRATION_TOTAL_BYTES,
	MIGRATION_NORMAL_PAGES,
	MIGRATION_DUPLICATE_PAGES,
	MIGRATION_TRANSFERRED_BYTES,
	MIGRATION_FIGURES,
};

#define MIGRATION_TEXT 64

/**
 * struct migration_told - one event
 * @has:	bit i: @number[i] is said
 * @text:	cut off where it is longer; any bytes
 */
struct migration_told {
	enum migration_kind kind;
	int64_t ns;
	uint64_t number[MIGRATION_FIGURES];
	uint32_t has;
	char text[MIGRATION_TEXT];
	char before[MIGRATION_TEXT];
};

struct migration_decoder;

/**
 * migration_decoder_new() - for the events of a trace
 * Return: to be freed with migration_decoder_free(), or NULL: no memory.
 */
struct migration_decoder *migration_decoder_new(const struct ctf_trace *t);

/** migration_decoder_free() - NULL is fine */
void migration_decoder_free(struct migration_decoder *d);

/** migration_decoder_want() - the classes that say something, as for ctf_merge_add_want() */
const uint8_t *migration_decoder_want(const struct migration_decoder *d);

/** migration_decoder_tells() - does the trace have events of this kind? */
bool migration_decoder_tells(const struct migration_decoder *d,
			     enum migration_kind kind);

/** migration_decoder_read() - what an event of a wanted class says; not its time */
void migration_decoder_read(const struct migration_decoder *d,
			    const struct ctf_event *ev,
			    struct migration_told *out);

/** migration_is_qemu() - whether vmsync import wrote the trace */
bool migration_is_qemu(const struct ctf_trace *t);

#endif /* VMSYNC_MIGRATION_TOLD_H */
