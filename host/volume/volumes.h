/* SPDX-License-Identifier: MIT */
/*
 * Requests of guests to their block devices, followed through QEMU to the host's block
 * devices and back, and where the time of each went.
 *
 * The traces are read twice: first to find out where each volume lies on the host
 * (paths.h), then to follow the requests.
 */
#ifndef VMSYNC_VOLUME_VOLUMES_H
#define VMSYNC_VOLUME_VOLUMES_H

#include <stdio.h>

#include "analysis/hist.h"
#include "volume/paths.h"
#include "volume/request.h"
#include "volume/threads.h"

/* Block devices of all guests; others are counted only. */
#define VOLUMES_MOST 256

/* Names of block devices that are kept, and numbers that mean others. */
#define VOLUME_MOST_NAMES 4096
#define VOLUME_MOST_ALIASES 1024
#define VOLUME_NAME 32

/* Requests that are told one by one: of each volume, or with all of them, in total. */
#define VOLUME_SLOWEST 5
#define VOLUME_MOST_LISTED (1 << 20)

struct volumes;
struct volume_listed;

/**
 * struct volumes_taker - who is told of every request, as it ends, instead of its being listed
 * @begin:	before the first one; @v has the time that is asked for
 * @request:	it is valid until this returns; else than -ENOMEM, who fails knows why
 * Both return 0 or a negative errno.
 */
struct volumes_taker {
	int (*begin)(void *ctx, const struct volumes *v, struct ctf_error *e);
	int (*request)(void *ctx, const struct volumes *v,
		       const struct volume_listed *l);
	void *ctx;
};

/**
 * struct volumes_options - all 0 is the default
 * @since_ns:	of the host's recording's beginning: what ended before does not count
 * @until_ns:	of it: what ended after does not count; 0: all does
 * @vm:		name or process of the only VM to report on, NULL: all
 * @all:	tell of every request
 * @taker:	NULL: nobody
 */
struct volumes_options {
	int64_t since_ns;
	int64_t until_ns;
	const char *vm;
	bool all;
	const struct volumes_taker *taker;
};

/** struct volume_listed - a request that is told of by itself */
struct volume_listed {
	struct volume_request request;
	enum volume_followed followed;
};

/**
 * struct volume_sums - of requests that are alike
 * @bytes:	of all of them
 * @errors:	how many failed
 * @whole:	from the guest's driver to the end
 * @before:	from the block layer of the guest to its driver, where that was seen
 * @parts:	of @whole
 * @seen:	by cut, how many had it
 */
struct volume_sums {
	uint64_t bytes;
	uint64_t errors;
	struct analysis_hist whole;
	struct analysis_hist before;
	struct analysis_hist parts[VOLUME_PARTS];
	uint64_t seen[VOLUME_CUTS];
};

/**
 * struct volume - a block device of a guest
 * @guest:	whose, from 0
 * @dev:	as its kernel numbers it
 * @sums:	NULL: there was none of these
 * @listed:	the slowest, or with all all of them
 */
struct volume {
	uint32_t guest;
	uint32_t dev;
	struct volume_paths paths;
	struct volume_sums *sums[VOLUME_OPS][VOLUME_FOLLOWED];
	VMSYNC_ARRAY(struct volume_listed) listed;
};

/** struct volume_name - what a machine calls a block device */
struct volume_name {
	uint32_t machine;
	uint32_t dev;
	char name[VOLUME_NAME];
};

/**
 * struct volume_alias - blocks are handed on under a partition's number
 * @dev:	of the host's disk, to which they go, at the same place
 */
struct volume_alias {
	uint32_t partition;
	uint32_t dev;
};

/**
 * struct volumes - what was found
 * @begin_ns, @end_ns: of the host's recording
 * @from_ns, @until_ns: what ended in this time counts
 * @numbers:	of @volumes, by guest and device
 * @threads:	of QEMU's that were met
 * @requests:	[session's n_guests]
 * @on_more:	requests to more devices than VOLUMES_MOST
 * @omitted:	requests that there was no room to list
 */
struct volumes {
	const struct vmsync_session *session;
	const struct volumes_options *options;
	int64_t begin_ns;
	int64_t end_ns;
	int64_t from_ns;
	int64_t until_ns;
	struct analysis_index numbers;
	VMSYNC_ARRAY(struct volume) volumes;
	VMSYNC_ARRAY(struct volume_name) names;
	VMSYNC_ARRAY(struct volume_alias) aliases;
	struct volume_threads threads;
	struct volume_requests *requests;
	uint64_t on_more;
	uint64_t listed;
	uint64_t omitted;
};

/**
 * volumes_run() - read a session's traces, twice
 * @s:		its maps are made; must outlive @v
 * @options:	must outlive @v
 * @v:		to be freed with volumes_free(), after an error too
 * @progress:	may be NULL
 * Return: 0 or a negative errno.
 */
int volumes_run(const struct vmsync_session *s,
		const struct volumes_options *options, struct volumes *v,
		const struct vmsync_progress *progress, struct ctf_error *e);

void volumes_free(struct volumes *v);

/** volumes_name() - what a machine calls a device: "vdc", or "254:32" in @buf */
const char *volumes_name(const struct volumes *v, uint32_t machine, uint32_t dev,
			 char buf[VOLUME_NAME]);

/** volumes_reported() - was the volume's VM asked for? */
bool volumes_reported(const struct volumes *v, const struct volume *volume);

/** volumes_text() - tables of at most 100 columns */
void volumes_text(FILE *f, const struct volumes *v);

/* Of the JSON; goes up where a key is taken away or changes its meaning. */
#define VOLUMES_SCHEMA 1

/** volumes_json() - everything */
void volumes_json(FILE *f, const struct volumes *v);

/* --- what the two passes share; for host/volume/ only */

/** volumes_init() - @v for a session; 0 or -ENOMEM */
int volumes_init(struct volumes *v, const struct vmsync_session *s,
		 const struct volumes_options *options);

/** volumes_of() - number of a guest's device, made where it is new; ANALYSIS_NONE: no room */
uint32_t volumes_of(struct volumes *v, uint32_t guest, uint32_t dev);

/** volumes_name_set() - VOLUME_EV_DISK_NAME; 0 or -ENOMEM */
int volumes_name_set(struct volumes *v, const struct volume_event *ev);

/** volumes_alias_set() - of the host; 0 or -ENOMEM */
int volumes_alias_set(struct volumes *v, uint32_t partition, uint32_t dev);

/** volumes_is_alias() - does @partition mean @dev, or is it that? */
bool volumes_is_alias(const struct volumes *v, uint32_t partition, uint32_t dev);

/** volumes_requests_clear() - none is on its way, and none was: the second pass begins */
void volumes_requests_clear(struct volumes *v);

/**
 * volumes_done() - a request has ended
 * @lost:	events may be missing in its time
 * Return: 0 or -ENOMEM.
 */
int volumes_done(struct volumes *v, const struct volume_request *r, bool lost);

/**
 * volume_guest_event() - what a guest tells of its requests
 * @done:	filled in if one has ended
 * Return: 1 if one has, 0, or -ENOMEM.
 */
int volume_guest_event(struct volumes *v, const struct volume_event *ev,
		       struct volume_request *done);

struct volume_learn;

/** volume_learn_new() - for the first pass: to be freed; NULL: out of memory */
struct volume_learn *volume_learn_new(struct volumes *v);

void volume_learn_free(struct volume_learn *l);

/** volume_learn_event() - the next event of any machine; 0 or -ENOMEM */
int volume_learn_event(struct volume_learn *l, const struct volume_event *ev);

/** volume_learn_choose() - all events were read: fill in the paths; 0 or -ENOMEM */
int volume_learn_choose(struct volume_learn *l);

/**
 * volume_follow_event() - the second pass, all paths are chosen: the next event of any machine
 * @done:	as for volume_guest_event()
 */
int volume_follow_event(struct volumes *v, const struct volume_event *ev,
			struct volume_request *done);

#endif /* VMSYNC_VOLUME_VOLUMES_H */
