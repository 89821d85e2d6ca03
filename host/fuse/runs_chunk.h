/* SPDX-License-Identifier: MIT */
/*
 * How runs are kept. An end is a word: the time since the end before it, and
 * what it is (2 bits); a time that does not fit follows in two words. Words
 * are kept in chunks, each of which begins anew, so that one can be read by
 * itself.
 */
#ifndef VMSYNC_FUSE_RUNS_CHUNK_H
#define VMSYNC_FUSE_RUNS_CHUNK_H

#include "fuse/runs.h"
#include "sync/base/array.h"

#define RUNS_CHUNK 4096 /* words */
#define RUNS_LATE  (UINT32_MAX >> 2)

/**
 * struct runs_chunk - words of one part
 * @first_ns:	time of its first end
 * @n:		words
 * @place:	of a full one, for runs_chunk_words()
 */
struct runs_chunk {
	int64_t first_ns;
	uint32_t n;
	uint32_t place;
};

/**
 * struct runs_part - a thread in a lane
 * @cpu:	of the host, that these runs are on
 * @named:	its vcpu_id is of its name
 * @untold:	its lane's: that it stayed is not to be believed
 * @last_ns:	time of its last end
 * @chunks:	full ones
 * @open:	behind them, in @word
 */
struct runs_part {
	struct vmsync_runs_part pub;
	uint32_t cpu;
	bool named;
	bool untold;
	int64_t last_ns;
	VMSYNC_ARRAY(struct runs_chunk) chunks;
	struct runs_chunk open;
	uint32_t *word;
	uint32_t room;
};

/* The part with this number; settled. */
const struct runs_part *runs_part(const struct vmsync_runs *r, uint32_t part);

/*
 * The words of a full chunk. @own (heap, NULL at first) is for one that has to
 * be read from the file. NULL after an error.
 */
const uint32_t *runs_chunk_words(const struct vmsync_runs *r,
				 const struct runs_chunk *c, uint32_t **own,
				 struct ctf_error *e);

#endif /* VMSYNC_FUSE_RUNS_CHUNK_H */
