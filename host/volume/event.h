/* SPDX-License-Identifier: MIT */
/* An event of a host or a guest that tells something of a request to a block device. */
#ifndef VMSYNC_VOLUME_EVENT_H
#define VMSYNC_VOLUME_EVENT_H

#include <stdint.h>

#include "ctf/ctf.h"

#define VOLUME_HOST 0

/** enum volume_kind - what an event tells; the last four are of hosts only */
enum volume_kind {
	VOLUME_EV_NONE,
	VOLUME_EV_BIO,	      /* a thread hands blocks to the block layer */
	VOLUME_EV_INSERT,     /* a request waits for its device */
	VOLUME_EV_ISSUE,      /* the device's driver has it */
	VOLUME_EV_REQUEUE,    /* the driver gave it back, and will have it again */
	VOLUME_EV_COMPLETE,   /* all of it, or a part, is done */
	VOLUME_EV_DISK_NAME,  /* what a block device is called */
	VOLUME_EV_EXIT,	      /* a virtual CPU has left its guest */
	VOLUME_EV_WAKING,     /* a thread begins to wake another one */
	VOLUME_EV_SWITCH,     /* a thread gets a CPU */
	VOLUME_EV_CALL,	      /* a system call on a file begins */
	VOLUME_EV_CALL_END,   /* any of these has ended */
	VOLUME_EV_INTERRUPT,  /* a guest is given an interrupt */
};

/** enum volume_op - what a request is to do */
enum volume_op {
	VOLUME_READ,
	VOLUME_WRITE,
	VOLUME_FLUSH,
	VOLUME_DISCARD,
	VOLUME_OTHER,
	VOLUME_OPS,
};

/**
 * struct volume_event - as told; what an event does not tell is 0
 * @ns:		host time
 * @machine:	VOLUME_HOST, or a guest's number from 1
 * @cpu:	that it was recorded on
 * @tid, @pid:	the thread that made it, as contexts say
 * @other:	the thread that is woken, or gets the CPU; of a call its file
 * @dev:	the block device, as the kernel numbers it
 * @sector:	of 512 bytes; of a call on a file where in that, in bytes; -1: not told
 * @sectors:	how many; of a call bytes, and of its end what it returned
 * @name:	[@name_len] of a device; valid as long as the CTF event
 */
struct volume_event {
	int64_t ns;
	uint32_t machine;
	uint32_t cpu;
	int32_t tid;
	int32_t pid;
	int32_t other;
	uint32_t dev;
	int64_t sector;
	int64_t sectors;
	enum volume_kind kind;
	enum volume_op op;
	int32_t error;
	const char *name;
	size_t name_len;
};

struct volume_kinds;

/**
 * volume_kinds_new() - what the classes of a trace tell
 * @host:	of a host
 * @want:	[ctf_trace_classes() of it] which are read, for ctf_merge_add_stream();
 *		lives as long
 * Return: to be freed with volume_kinds_free(), or NULL: out of memory.
 */
struct volume_kinds *volume_kinds_new(const struct ctf_trace *t, bool host,
				      const uint8_t **want);

void volume_kinds_free(struct volume_kinds *k);

/** volume_kinds_event() - fill in @out but for time and machine */
void volume_kinds_event(const struct volume_kinds *k, const struct ctf_event *ev,
			struct volume_event *out);

#endif /* VMSYNC_VOLUME_EVENT_H */
