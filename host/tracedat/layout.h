/* SPDX-License-Identifier: MIT */
/*
 * How the events of one format are copied into CTF. In a record fields are where
 * the format says, with gaps between them, and text and arrays of any length are
 * behind them all; in CTF one field follows the other.
 */
#ifndef VMSYNC_TRACEDAT_LAYOUT_H
#define VMSYNC_TRACEDAT_LAYOUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct tep_event;

enum dat_op_kind {
	DAT_COPY,	/* @size bytes at @at */
	DAT_TEXT,	/* what the word at @at tells: length and place */
	DAT_ARRAY,	/* the same, elements of @size bytes */
	DAT_TEXT_END,	/* from @at up to the end of the record */
	DAT_ARRAY_END,
};

/** struct dat_op - one step of a copy; @relative: to the word's own end */
struct dat_op {
	uint8_t kind;
	uint8_t relative;
	uint16_t at;
	uint16_t size;
};

/**
 * struct dat_layout - one format
 * @id:		the kernel's number of it
 * @event:	NULL: the file has no format for that number
 * @fixed:	bytes that all events have in CTF
 * @any:	fields of any length among them
 */
struct dat_layout {
	int id;
	const struct tep_event *event;
	struct dat_op *ops;
	uint32_t n_ops;
	uint32_t fixed;
	uint32_t any;
};

/** dat_layout_make() - of an event's format, or NULL: 0 or -ENOMEM */
int dat_layout_make(struct dat_layout *l, int id, const struct tep_event *event);

/** dat_layout_most() - bytes that dat_layout_copy() writes at most */
size_t dat_layout_most(const struct dat_layout *l, size_t record);

/**
 * dat_layout_copy() - the fields of one event
 * @record:	[@n] of libtracecmd
 * @out:	dat_layout_most() bytes of room
 * Return: where it ends.
 */
uint8_t *dat_layout_copy(const struct dat_layout *l, const uint8_t *record, size_t n,
		     uint8_t *out);

/** dat_layout_print() - the same in the language of CTF's metadata */
void dat_layout_print(const struct dat_layout *l, FILE *f);

#endif /* VMSYNC_TRACEDAT_LAYOUT_H */
