/* SPDX-License-Identifier: MIT */
/*
 * Where a guest's volume is on its host: on which block device, or in which of QEMU's files,
 * from which place on. No event tells it. A request of QEMU's threads that has the
 * direction and the length of one of the guest's, and begins and ends within its time, votes
 * for the distance between both places. Of requests that belong together it is the same each
 * time, as long as the volume lies there in one piece; of others it is not.
 */
#ifndef VMSYNC_VOLUME_PATHS_H
#define VMSYNC_VOLUME_PATHS_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/base/array.h"

/* A volume may be on a few devices, each with a partition or a mirror. */
#define VOLUME_MOST_PATHS 16

/* Distances that are counted at a time, for each device. */
#define VOLUME_CANDIDATES 64

/*
 * So many votes it takes, and so many more than any other distance has; a third of those
 * that might have been for it, and one for each fourth request of the volume.
 */
#define VOLUME_LEAST_VOTES 3
#define VOLUME_LEAST_OF_TRIES 3
#define VOLUME_LEAST_OF_REQUESTS 4

/** enum volume_place_kind - what a place on the host is */
enum volume_place_kind {
	VOLUME_ON_DISK,	   /* a block device */
	VOLUME_IN_FILE,	   /* a file, or a device, that QEMU has open */
	VOLUME_FLUSHED_BY, /* the same, where flushes are known of */
};

/**
 * struct volume_place - on the host
 * @id:		the device, or the file's descriptor
 */
struct volume_place {
	enum volume_place_kind kind;
	uint32_t id;
};

/** struct volume_candidate - a distance, host's place minus guest's */
struct volume_candidate {
	int64_t distance;
	uint64_t votes;
};

/**
 * struct volume_votes - for the distances to one place
 * @tries:	requests of QEMU's that voted, each once or for several
 * @turn:	of the last one that did, by its number
 * @n:		distances of which the votes are counted
 */
struct volume_votes {
	struct volume_place place;
	uint64_t tries;
	uint64_t turn;
	uint32_t n;
	struct volume_candidate candidates[VOLUME_CANDIDATES];
};

/**
 * struct volume_path - what they came to
 * @distance:	in sectors, host's place minus guest's
 * @votes:	for it, of @tries
 * @next_votes:	for the distance that had most but for this one
 */
struct volume_path {
	struct volume_place place;
	int64_t distance;
	uint64_t votes;
	uint64_t next_votes;
	uint64_t tries;
};

/**
 * struct volume_paths - of one volume, all 0 at first
 * @requests:	that it had, without flushes
 * @flushes:	and these
 */
struct volume_paths {
	uint64_t requests;
	uint64_t flushes;
	VMSYNC_ARRAY(struct volume_votes *) votes;
	VMSYNC_ARRAY(struct volume_path) paths;
};

void volume_paths_free(struct volume_paths *p);

/**
 * volume_paths_votes() - those for a place, made where it is new
 * NULL if there are too many places, or memory is out: no vote then.
 */
struct volume_votes *volume_paths_votes(struct volume_paths *p,
					struct volume_place place);

/** volume_vote() - for a distance */
void volume_vote(struct volume_votes *v, int64_t distance);

/**
 * volume_paths_best() - what the votes for a place come to
 * Return: whether it can be: false where they are too few, or for several distances.
 */
bool volume_paths_best(const struct volume_paths *p, struct volume_place place,
		       struct volume_path *best);

/** volume_paths_add() - the volume lies there; 0 or -ENOMEM */
int volume_paths_add(struct volume_paths *p, const struct volume_path *path);

/** volume_place_same() - are both the same? */
bool volume_place_same(struct volume_place a, struct volume_place b);

/** volume_path_find() - the path to a place, or NULL */
const struct volume_path *volume_path_find(const struct volume_paths *p,
					   struct volume_place place);

#endif /* VMSYNC_VOLUME_PATHS_H */
