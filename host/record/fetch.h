/* SPDX-License-Identifier: MIT */
/*
 * A guest's recording, pulled over its port into a folder of our own: which parts to
 * ask for next, and where they go. Names are made here, never by the guest, and it is
 * bounded how much a guest may send.
 */
#ifndef VMSYNC_RECORD_FETCH_H
#define VMSYNC_RECORD_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctf/ctf.h"
#include "port/frame.h"

/* What a guest may send at most, and as a rule. */
#define VMSYNC_FETCH_FILES 16384
#define VMSYNC_FETCH_BYTES (4ull << 30)

/**
 * struct vmsync_fetch - how far it is
 * @folder:	where it goes; made at the beginning
 * @list:	file 0 as it came, @listed bytes of @list_size
 * @n:		files in it
 * @file:	the one that is pulled, 0: the list
 * @offset:	bytes of it that are there
 * @until:	what was asked for ends there
 * @most:	bytes that there may be
 * @bytes, @total: of all files
 */
struct vmsync_fetch {
	const char *folder;
	uint8_t *list;
	uint64_t list_size;
	size_t n;
	uint32_t file;
	uint64_t offset;
	uint64_t until;
	uint64_t most;
	uint64_t bytes;
	uint64_t total;
	int fd;
	bool done;
};

/** vmsync_fetch_begin() - into @folder, at most @most bytes; 0, or -errno and @e */
int vmsync_fetch_begin(struct vmsync_fetch *f, const char *folder, uint64_t most,
		       struct ctf_error *e);

/** vmsync_fetch_next() - what to ask for, now or once more; not where it is done */
void vmsync_fetch_next(struct vmsync_fetch *f, struct vmsync_port_frame *pull);

/**
 * vmsync_fetch_take() - a DATA came
 * Return: 1: ask for the next part; 0: more of this one comes; a negative errno and @e.
 */
int vmsync_fetch_take(struct vmsync_fetch *f, const struct vmsync_port_frame *data,
		      struct ctf_error *e);

/** vmsync_fetch_is_trace() - the guest's list has a file of metadata, not empty */
bool vmsync_fetch_is_trace(const struct vmsync_fetch *f);

/** vmsync_fetch_end() - whether it is done or not */
void vmsync_fetch_end(struct vmsync_fetch *f);

#endif /* VMSYNC_RECORD_FETCH_H */
