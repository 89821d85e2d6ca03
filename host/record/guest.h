/* SPDX-License-Identifier: MIT */
/*
 * A guest that is recorded, by its agent, or only as the host sees it.
 */
#ifndef VMSYNC_RECORD_GUEST_H
#define VMSYNC_RECORD_GUEST_H

#include "record/client.h"
#include "record/fetch.h"

/*
 * What is asked for until it is so. Each of them ends in another one, or at its time:
 * nothing that a guest does keeps the others waiting.
 */
enum record_state {
	RECORD_ASK,	/* is there an agent? */
	RECORD_READY,	/* there is */
	RECORD_START,
	RECORD_ON,
	RECORD_TAKE,	/* a snapshot, and it goes on */
	RECORD_TAKEN,
	RECORD_STOP,
	RECORD_STOPPED,
	RECORD_FETCH,
	RECORD_DONE,
	RECORD_NONE,	/* there is no agent */
	RECORD_FAILED,
};

/**
 * struct record_guest - one
 * @name, @uuid, @pid: as vmsyncd says it, in JSON without quotes
 * @folder:	of its trace
 * @session:	number that it was given
 * @events:	VMSYNC_PORT_EVENTS_*; one that @freezes may be given others while it goes on
 * @named:	it was asked for by its name
 * @ring:	as of a struct vmsync_tracing
 * @freezes:	snapshots of its @ring are taken; after each it is RECORD_ON again
 * @snapshot:	number of the last one, 0: there is none, and @said may say why
 * @begun_ns:	when that was begun, as the agent says, on the guest's clock
 * @said:	what its agent said: what is not recorded, or why it failed
 * @asked_ns, @since_ns, @heard_ns: the last request, when @state began, the last answer
 * @moved_ns:	when the last byte of its trace came
 * @lost_ns:	since when it is not to be reached, 0: it is; @said says why
 * @cut:	its trace lacks something, which @said says
 * @silent:	its agent stopped answering in mid-recording; it may answer again
 */
struct record_guest {
	char name[4096];
	char uuid[64];
	char pid[16];
	char folder[4096];
	uint32_t session;
	uint8_t events;
	bool named;
	bool ring;
	bool freezes;
	uint32_t snapshot;
	uint64_t begun_ns;
	enum record_state state;
	char said[256];
	uint64_t asked_ns;
	uint64_t since_ns;
	uint64_t heard_ns;
	uint64_t moved_ns;
	uint64_t lost_ns;
	bool cut;
	bool silent;
	int fd;
	struct vmsync_fetch fetch;
};

/** record_guest_init() - from an object of vmsyncd's list; 0 or -EPROTO */
int record_guest_init(struct record_guest *g, const char *object);

/** record_guest_renew() - as it was at first, with another number; 0 or -errno */
int record_guest_renew(struct record_guest *g);

/** record_guest_is_wanted() - it is one of @vm [@n], names or uuids; 0: all are */
bool record_guest_is_wanted(const struct record_guest *g, const char *const *vm,
			    size_t n);

/** record_guest_take() - ask for a snapshot from now on; 0 or a negative errno */
int record_guest_take(struct record_guest *g, uint64_t now_ns);

/**
 * record_guest_fetch() - its trace into its folder, which is made
 * @most:	bytes that it may have
 * Return: 0, its state being RECORD_FETCH, or a negative errno and @e.
 */
int record_guest_fetch(struct record_guest *g, uint64_t most, uint64_t now_ns,
		       struct ctf_error *e);

/** record_guest_set() - ask for another state from now on */
void record_guest_set(struct record_guest *g, enum record_state state,
		      uint64_t now_ns);

/** record_guest_fail() - it cannot be recorded, because of @e */
void record_guest_fail(struct record_guest *g, const struct ctf_error *e,
		       uint64_t now_ns);

/** record_guest_tick() - ask, or give up; @path: of the control socket */
void record_guest_tick(struct record_guest *g, const char *path, uint64_t now_ns);

/** record_guest_hear() - all that has come */
void record_guest_hear(struct record_guest *g, uint64_t now_ns);

/** record_guest_end() - nothing of it is left in the guest */
void record_guest_end(struct record_guest *g);

#endif /* VMSYNC_RECORD_GUEST_H */
