/* SPDX-License-Identifier: MIT */
/*
 * A layer: states of things that no kernel knows, as a file describes them.
 * Which events open, close and name a state, of which object, and what belongs
 * to what. Documentation/layers.rst is the manual of the format.
 *
 * What the file says is kept as it is written there: a *text* is a row of
 * *parts*, a part a row of *alternatives*, each of which is a literal or a
 * *field*; a field is a *source* (what events have), with what is to be cut out
 * of it.
 */
#ifndef VMSYNC_LAYERS_LAYER_H
#define VMSYNC_LAYERS_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "ctf/ctf.h"
#include "sync/base/array.h"

#define LAYER_MAX_BYTES	 (1u << 20) /* of a file */
#define LAYER_MOST_NS	 INT64_C(1000000000000000000) /* 30 years: of any time that is told */
#define LAYER_MAX_TRACKS 64u
#define LAYER_MAX_FIELDS 1024u

/** struct layer_slice - bytes of the file; no NUL is among them, or behind */
struct layer_slice {
	const char *s;
	uint32_t len;
};

/** struct layer_range - some of one of the arrays of a layer, one after the
 * other */
struct layer_range {
	uint32_t first;
	uint32_t n;
};

/**
 * enum layer_source_kind - what a source is
 * @LAYER_FIELD:	a field of the event, or a context
 * @LAYER_HOSTNAME:	of the machine that the trace is of
 * @LAYER_EVENT:	the event's own name
 * @LAYER_CPU:		that recorded it
 * @LAYER_ENV:		of the trace's environment, what is called as the name
 * goes on
 */
enum layer_source_kind {
	LAYER_FIELD,
	LAYER_HOSTNAME,
	LAYER_EVENT,
	LAYER_CPU,
	LAYER_ENV,
};

#define LAYER_ENV_PREFIX "$env."

/** struct layer_source - the same name is one source */
struct layer_source {
	enum layer_source_kind kind;
	struct layer_slice name;
};

/** struct layer_cut - leave what is before the first @at, or what is behind it
 */
struct layer_cut {
	bool behind;
	struct layer_slice at;
};

/**
 * struct layer_field - a value that events have
 * @source:	in struct layer
 * @path:	of @keys: the source is a text of JSON, and this its value
 * @cuts:	of @cuts, one after the other
 */
struct layer_field {
	uint32_t source;
	struct layer_range path;
	struct layer_range cuts;
};

/** struct layer_alternative - @field of @fields, or @literal where it has none
 */
struct layer_alternative {
	bool is_literal;
	struct layer_slice literal;
	uint32_t field;
};

/**
 * struct layer_part - a part of a text
 * @alternatives: the first of them that has a value
 * @group:	it is in the n-th [...] of the text, from 1; 0: in none. A group
 *		without one of its values is left out, the text itself has none
 *then
 */
struct layer_part {
	struct layer_range alternatives;
	uint32_t group;
};

enum layer_operator {
	LAYER_EQUAL,
	LAYER_BEGINS,
	LAYER_ENDS,
	LAYER_CONTAINS,
	LAYER_LESS,
	LAYER_AT_MOST,
	LAYER_MORE,
	LAYER_AT_LEAST,
};

/** struct layer_condition - @number is what @literal says, if @is_number */
struct layer_condition {
	uint32_t field;
	enum layer_operator op;
	bool negate;
	bool is_number;
	struct layer_slice literal;
	int64_t number;
};

enum layer_verb {
	LAYER_STATE,
	LAYER_SEEN,
	LAYER_BEGIN,
	LAYER_END,
	LAYER_TOOK,
	LAYER_GONE,
	LAYER_FAIL,
	LAYER_NAME,
	LAYER_LINK,
	LAYER_REKEY,
	LAYER_VERBS,
};

/** enum layer_text_of - the texts of an action; @n is 0 where it is not said */
enum layer_text_of {
	LAYER_KEY,
	LAYER_VALUE, /* behind the "=" */
	LAYER_ID,
	LAYER_PARENT,
	LAYER_PLACE,
	LAYER_CAUSE,  /* why what ends has failed */
	LAYER_FOR,    /* one field: how long it took */
	LAYER_TO_KEY, /* of the track that is linked to, or the new one */
	LAYER_TEXTS,
};

/**
 * struct layer_action - what an event does
 * @track, @to:	of the layer's
 * @text:	ranges of @parts
 * @unit_ns:	of LAYER_FOR
 * @quiet:	nothing to end is not worth a word
 * @known:	an object that is not there is not made
 */
struct layer_action {
	enum layer_verb verb;
	uint32_t track;
	uint32_t to;
	struct layer_range text[LAYER_TEXTS];
	int64_t unit_ns;
	bool quiet;
	bool known;
};

/** struct layer_block - an "event" statement, with what is below it */
struct layer_block {
	struct layer_slice event;
	struct layer_range conditions;
	struct layer_range actions;
};

/**
 * struct layer_track - objects of a kind
 * @timeout_ns:	an object of which nothing is told for so long is let go, 0:
 * never
 * @most:	objects at a time; 0: as many as are kept of any kind
 * @states, @sightings: what its actions make of it; not both
 */
struct layer_track {
	struct layer_slice name;
	struct layer_slice about;
	int64_t timeout_ns;
	uint32_t most;
	bool states;
	bool sightings;
};

/**
 * struct layer - a file
 * @path:	of it
 * @file:	its text, which all slices are of
 * @needs:	events that a trace has to have, or the layer means nothing in
 * it
 */
struct layer {
	char *path;
	char *file;
	struct layer_slice name;
	struct layer_slice about;
	VMSYNC_ARRAY(struct layer_slice) needs;
	VMSYNC_ARRAY(struct layer_track) tracks;
	VMSYNC_ARRAY(struct layer_source) sources;
	VMSYNC_ARRAY(struct layer_slice) keys;
	VMSYNC_ARRAY(struct layer_cut) cuts;
	VMSYNC_ARRAY(struct layer_field) fields;
	VMSYNC_ARRAY(struct layer_alternative) alternatives;
	VMSYNC_ARRAY(struct layer_part) parts;
	VMSYNC_ARRAY(struct layer_condition) conditions;
	VMSYNC_ARRAY(struct layer_action) actions;
	VMSYNC_ARRAY(struct layer_block) blocks;
};

/**
 * layer_read() - read a file
 * @e:		the first thing that is wrong with it: FILE:LINE:COLUMN and what
 * Return: to be freed with layer_free(), or NULL.
 */
struct layer *layer_read(const char *path, struct ctf_error *e);

/** layer_free() - NULL is fine */
void layer_free(struct layer *l);

/** layer_slice_is() - is it this text? */
bool layer_slice_is(struct layer_slice a, const char *s);

#endif /* VMSYNC_LAYERS_LAYER_H */
