/* SPDX-License-Identifier: MIT */
/*
 * From events to evidence records: the events of Documentation/protocol.rst,
 * and those of the old vmsync addons, which have cnt and vm_uid only.
 */
#ifndef VMSYNC_FUSE_DECODE_H
#define VMSYNC_FUSE_DECODE_H

#include <stdbool.h>

#include "ctf/ctf.h"
#include "sync/base/evidence.h"

struct vmsync_decoders;

/* How beacons went, bits. */
#define VMSYNC_BEACONS_CALL 1u /* hypercalls: the modules */
#define VMSYNC_BEACONS_PORT 2u /* messages over a port: vmsyncd, vmsync-agent */
#define VMSYNC_BEACONS_ALL  3u

/** vmsync_class_beacons() - one of these, 0: no beacon */
unsigned int vmsync_class_beacons(const struct ctf_class *cls);

/** vmsync_class_is_evidence() - an event that makes a record */
bool vmsync_class_is_evidence(const struct ctf_class *cls);

/**
 * vmsync_decoders_new() - find the evidence events of a trace, resolve fields
 * @beacons:	bits VMSYNC_BEACONS_*: others are passed over
 * Return: NULL if out of memory; a trace without any such event is no error.
 */
struct vmsync_decoders *vmsync_decoders_new(const struct ctf_trace *t,
					    unsigned int beacons);

/** vmsync_decoders_free() - NULL is fine */
void vmsync_decoders_free(struct vmsync_decoders *d);

/**
 * vmsync_decoders_want() - which classes are evidence, for ctf_cursor_new()
 * Return: one byte per class, as long as @d.
 */
const uint8_t *vmsync_decoders_want(const struct vmsync_decoders *d);

/** vmsync_decoders_old() - a host's answers that do not say which vCPU's */
bool vmsync_decoders_old(const struct vmsync_decoders *d);

/** vmsync_decode() - fill in @ev from an event of a class that is wanted */
void vmsync_decode(const struct vmsync_decoders *d, const struct ctf_event *src,
		   struct vmsync_evidence *ev);

/**
 * vmsync_decode_said() - the same, to know who said it
 *
 * What a beacon read of its kernel's clock is there, where the stamps are of another
 * one, too: it is no evidence of that, but nobody else read the same.
 */
void vmsync_decode_said(const struct vmsync_decoders *d,
			const struct ctf_event *src, struct vmsync_evidence *ev);

#endif /* VMSYNC_FUSE_DECODE_H */
