/* SPDX-License-Identifier: MIT */
/*
 * How stamps become the host's time: the host's are it, those of a guest go through
 * its maps, unless vmsync fuse has put them there already.
 */
#ifndef VMSYNC_FUSE_STREAM_MAP_H
#define VMSYNC_FUSE_STREAM_MAP_H

#include "fuse/session.h"

/** vmsync_session_map() - have a rewrite of @g's traces apply its maps */
void vmsync_session_map(const struct vmsync_session_guest *g,
			struct ctf_rewrite *how);

/**
 * vmsync_stream_to_host() - the same for who reads a stream
 * @g:		whose it is; NULL: the host's own
 * @cpu:	that it was recorded on
 * @map:	filled in; @g must outlive it
 *
 * Return: false where there is no map: its events have no time that others have, too.
 */
bool vmsync_stream_to_host(const struct vmsync_session_guest *g, uint32_t cpu,
			   struct ctf_map *map);

/**
 * vmsync_stream_merge() - have a merge read a stream on the host's clock
 * @g:		whose it is; NULL: the host's own; must outlive @m
 * @want:	as for ctf_merge_add_stream()
 * @cpu:	filled in: that it was recorded on
 *
 * Return: 1; 0 where it is left out, because it is empty or there is no map; or a negative
 * errno.
 */
int vmsync_stream_merge(struct ctf_merge *m, const struct ctf_stream *stream,
			const struct vmsync_session_guest *g,
			const uint8_t *want, uint32_t *cpu, struct ctf_error *e);

/** vmsync_stamp_to_host() - the same of one stamp; without a map as it is */
int64_t vmsync_stamp_to_host(const struct vmsync_session_guest *g, uint32_t cpu,
			     int64_t ns);

#endif /* VMSYNC_FUSE_STREAM_MAP_H */
