/* SPDX-License-Identifier: MIT */
/*
 * The objects whose states are told: by track and key, and each track's in the
 * order in which something was told of them last. So who is silent for too
 * long, and who has to go where there are too many, is always the first one.
 */
#ifndef VMSYNC_LAYERS_OBJECTS_H
#define VMSYNC_LAYERS_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync/base/array.h"

#define LAYERS_MAX_OPEN	   256u /* states of an object at a time */
#define LAYERS_MAX_LINKS   8u
#define LAYERS_MAX_OBJECTS (1u << 18) /* of a track, at a time */

/* Of struct layers_span. */
#define LAYERS_NESTED	  1u /* by begin and end, or took */
#define LAYERS_UNFINISHED 2u /* its end was not told */
#define LAYERS_FAILED	  4u

/**
 * struct layers_span - an object was in a state
 * @track:	of the engine's
 * @name, @place: numbers of names
 * @self_ns:	of that, no state within it was open
 * @depth:	in how many others it is
 */
struct layers_span {
	uint32_t track;
	uint32_t name;
	uint32_t place;
	uint8_t depth;
	uint8_t flags;
	int64_t from_ns;
	int64_t until_ns;
	int64_t self_ns;
};

/**
 * struct layers_open - a state that goes on, by begin
 * @id, @parent: hashes, 0: none
 * @children:	that are open within it, since @wait_ns
 * @waited_ns:	for earlier ones
 */
struct layers_open {
	uint64_t id;
	uint64_t parent;
	uint32_t name;
	uint32_t place;
	uint32_t children;
	uint8_t depth;
	int64_t from_ns;
	int64_t wait_ns;
	int64_t waited_ns;
};

/** struct layers_link - to another object; @key is owned */
struct layers_link {
	uint32_t track;
	char *key;
};

/**
 * struct layers_object - something that has states
 * @name:	owned; NULL: has none
 * @as:		the key that it is known by: @key, which it had at first and
 * by which reports call it, or a later one, owned
 * @older, @newer: in the row of its track, where it was put at @queued_ns
 * @number:	a sink's own, 0 at first
 * @has_state:	@state at @place since @since_ns; of sightings, the last one at
 * @seen_ns
 * @cause:	of the first failure, owned, NULL: none; at @cause_ns,
 * @cause_place
 * @spans:	those that are kept, and how many are not
 */
struct layers_object {
	uint32_t track;
	uint32_t failures;
	uint64_t hash;
	char *name;
	struct layers_object *older;
	struct layers_object *newer;
	int64_t first_ns;
	int64_t last_ns;
	int64_t queued_ns;
	bool has_state;
	uint32_t state;
	uint32_t place;
	int64_t since_ns;
	int64_t seen_ns;
	VMSYNC_ARRAY(struct layers_open) open;
	VMSYNC_ARRAY(struct layers_link) links;
	char *cause;
	int64_t cause_ns;
	uint32_t cause_place;
	VMSYNC_ARRAY(struct layers_span) spans;
	uint64_t omitted;
	uint32_t number;
	uint32_t as_len;
	char *as;
	char key[];
};

/** layers_add_few() - vmsync_array_add() where there is one, mostly: no room
 * for eight */
#define layers_add_few(a)                                         \
	({                                                        \
		if (!(a)->capacity &&                             \
		    ((a)->at = malloc(sizeof(*(a)->at))) != NULL) \
			(a)->capacity = 1;                        \
		vmsync_array_add(a);                              \
	})

/** struct layers_row - the objects of a track, from the one that is silent
 * longest */
struct layers_row {
	struct layers_object *oldest;
	struct layers_object *newest;
	uint32_t n;
};

/** struct layers_slot - @hash is looked at before the object is: memory is far
 * away */
struct layers_slot {
	uint64_t hash;
	struct layers_object *obj;
};

/** struct layers_objects - [@n_rows] rows; @slots are [@n_slots], a power of
 * two */
struct layers_objects {
	struct layers_row *rows;
	uint32_t n_rows;
	struct layers_slot *slots;
	uint32_t n_slots;
	uint32_t n;
};

/** layers_objects_init() - 0 or -ENOMEM; layers_objects_free() either way */
int layers_objects_init(struct layers_objects *o, uint32_t tracks);
void layers_objects_free(struct layers_objects *o);

/** struct layers_key - which object; @hash by layers_key_of() */
struct layers_key {
	uint64_t hash;
	uint32_t track;
	uint32_t len;
	const char *s;
};

struct layers_key layers_key_of(uint32_t track, const char *s, uint32_t len);

/** layers_object_find() - or NULL */
struct layers_object *layers_object_find(const struct layers_objects *o,
					 const struct layers_key *key);

/** layers_object_add() - one that is not there; NULL if out of memory */
struct layers_object *layers_object_add(struct layers_objects *o,
					const struct layers_key *key,
					int64_t ns);

/** layers_object_rekey() - to a key that no other has; 0 or -ENOMEM */
int layers_object_rekey(struct layers_objects *o, struct layers_object *obj,
			const struct layers_key *key);

/**
 * layers_object_silent() - one of which nothing was told since @ns or earlier
 * @now_ns:	where others are put meanwhile
 * Return: NULL where there is none; it may be some that is not the first one.
 */
struct layers_object *layers_object_silent(struct layers_objects *o,
					   uint32_t track, int64_t ns,
					   int64_t now_ns);

/** layers_object_take() - it is not theirs any more: to be freed by the caller
 */
void layers_object_take(struct layers_objects *o, struct layers_object *obj);

/** layers_object_free() - NULL is fine */
void layers_object_free(struct layers_object *obj);

#endif /* VMSYNC_LAYERS_OBJECTS_H */
