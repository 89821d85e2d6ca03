/* SPDX-License-Identifier: MIT */
/*
 * Requests of a guest to its block devices that are on their way, from the guest's driver
 * to the end that it is told.
 */
#ifndef VMSYNC_VOLUME_REQUEST_H
#define VMSYNC_VOLUME_REQUEST_H

#include "sync/base/array.h"
#include "volume/event.h"

/* More at a time of one guest are not followed: 128 queues of 32 are as many. */
#define VOLUME_MOST_REQUESTS 4096
#define VOLUME_MOST_BIOS 1024

/* No kernel has longer ones, or larger devices; a trace may say so. */
#define VOLUME_MOST_SECTORS (INT64_C(1) << 32)
#define VOLUME_LAST_SECTOR (INT64_C(1) << 60)

#define VOLUME_NEVER INT64_MIN

/** enum volume_cut - moments on a request's way, in their order */
enum volume_cut {
	VOLUME_ISSUED,	   /* the guest's driver has it: its time begins */
	VOLUME_LEFT,	   /* the guest's virtual CPU left, to tell QEMU */
	VOLUME_TAKEN,	   /* the thread of QEMU's that it woke runs */
	VOLUME_CALLED,	   /* a thread of QEMU's enters a system call for it */
	VOLUME_QUEUED,	   /* the host's block layer has it */
	VOLUME_DISK,	   /* the driver of the host's device has it */
	VOLUME_DISK_DONE,  /* the device has done it */
	VOLUME_RETURNED,   /* QEMU's thread runs again */
	VOLUME_INTERRUPTED, /* QEMU gives the guest an interrupt */
	VOLUME_DONE,	   /* the guest is told: its time ends */
	VOLUME_CUTS,
};

/* Part i of a request's time is from cut i to the next one. */
#define VOLUME_PARTS (VOLUME_CUTS - 1)

/** enum volume_followed - how far a request was followed */
enum volume_followed {
	VOLUME_TO_DISK,	   /* to a block device of the host, and back */
	VOLUME_TO_CALL,	   /* to a system call of QEMU's: what is below told nothing */
	VOLUME_NOT,	   /* nothing of the host's is known to be of it */
	VOLUME_UNSURE,	   /* more than one may be */
	VOLUME_EVENTS_LOST, /* events are missing in its time */
	VOLUME_FOLLOWED,
};

/**
 * struct volume_request - one
 * @number:	from 1, in the order in which the guest issued them
 * @volume:	of the guest, number
 * @cpu:	of the guest, that issued it
 * @sector, @sectors: on the guest's device; of a flush 0
 * @left:	sectors that the guest was not told of yet
 * @bio_ns:	the guest handed the first of its blocks to its block layer, or NEVER
 * @cut_ns:	by enum volume_cut, NEVER: not seen
 * @woken_tid:	thread of QEMU's that was woken when the guest left
 * @call_end_ns: the system call has ended that was seen to be for it, or NEVER
 * @on_disk:	sectors of the host's device that were issued for it
 * @disk_left:	of these, not done yet
 * @requeued:	the guest's driver gave it back
 * @unsure:	which events are of it is not sure
 * @error:	as the guest was told
 */
struct volume_request {
	uint64_t number;
	uint32_t volume;
	uint32_t cpu;
	enum volume_op op;
	int64_t sector;
	int64_t sectors;
	int64_t left;
	int64_t bio_ns;
	int64_t cut_ns[VOLUME_CUTS];
	int32_t woken_tid;
	int64_t call_end_ns;
	int64_t on_disk;
	int64_t disk_left;
	bool requeued;
	bool unsure;
	int32_t error;
};

/** struct volume_bio - blocks that the guest's driver does not have yet */
struct volume_bio {
	int64_t ns;
	int64_t sector;
	enum volume_op op;
	uint32_t dev;
};

/**
 * struct volume_requests - of a guest, all 0 at first
 * @on_way:	those that are
 * @bios:	what may become some
 * @issued:	how many there were
 * @crowded:	of these, not followed: too many at a time
 * @unfinished:	of these, of which no end was seen
 */
struct volume_requests {
	VMSYNC_ARRAY(struct volume_request) on_way;
	VMSYNC_ARRAY(struct volume_bio) bios;
	uint64_t issued;
	uint64_t crowded;
	uint64_t unfinished;
};

void volume_requests_free(struct volume_requests *rs);

/** volume_event_sane() - are place and length such as a device may have? */
bool volume_event_sane(const struct volume_event *ev);

/** volume_requests_bio() - VOLUME_EV_BIO of the guest; 0 or -ENOMEM */
int volume_requests_bio(struct volume_requests *rs, const struct volume_event *ev);

/** volume_requests_issue() - VOLUME_EV_ISSUE to its device @volume; 0 or -ENOMEM */
int volume_requests_issue(struct volume_requests *rs, uint32_t volume,
			  const struct volume_event *ev);

/** volume_requests_requeue() - VOLUME_EV_REQUEUE */
void volume_requests_requeue(struct volume_requests *rs, uint32_t volume,
			     const struct volume_event *ev);

/**
 * volume_requests_complete() - VOLUME_EV_COMPLETE
 * @done:	filled in with the request if that was its end; it is on its way no more
 * Return: whether it was.
 */
bool volume_requests_complete(struct volume_requests *rs, uint32_t volume,
			      const struct volume_event *ev,
			      struct volume_request *done);

/** volume_request_followed() - how far; but for losses, of which others know */
enum volume_followed volume_request_followed(const struct volume_request *r);

/**
 * volume_request_parts() - where its time went, by the cut with which a part begins
 *
 * They add up to VOLUME_DONE - VOLUME_ISSUED. Where a cut was not seen, what is on both
 * its sides is one part: QEMU's, if QEMU's is among them, else the first.
 */
void volume_request_parts(const struct volume_request *r,
			  enum volume_followed followed,
			  int64_t ns[VOLUME_PARTS]);

#endif /* VMSYNC_VOLUME_REQUEST_H */
