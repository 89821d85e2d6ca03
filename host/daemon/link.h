/* SPDX-License-Identifier: MIT */
/*
 * A link: the socket of one guest's port, and the answers to the guest's beacons.
 *
 * What a guest sends costs a bounded amount of work in each round, so much per
 * second, and no memory: a guest that floods, or sends rubbish, delays its own
 * beacons and nobody else's.
 */
#ifndef VMSYNC_DAEMON_LINK_H
#define VMSYNC_DAEMON_LINK_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/limit.h"
#include "port/frame.h"
#include "port/output.h"

/**
 * struct vmsyncd_link - one guest
 * @path:	of QEMU's socket; "": it has none
 * @id:		number of the socket, made of its path: the same after a restart
 * @fd:		-1: not connected; tried again at @retry_ns
 * @said:	why it could not be, errno, as it was last told
 * @qemu_pid:	QEMU's process, where it is known; 0: it is not
 * @peer_pid:	the same, or the process that listens at the socket, as the kernel says
 * @bytes:	what may be read
 * @beacons:	what may be answered
 * @answered, @dropped, @unsent: beacons: over the limit, and where the socket took
 *		no answer
 * @untold:	of @dropped, no event has told of them
 * @told_ns:	when one last did
 * @last_ns:	when the last beacon came, 0: none did
 * @second_ns, @in_second, @in_last: answered in the second that began at @second_ns,
 *		and in the one before it
 * @reader:	who takes the frames of a recording, a descriptor; -1: nobody
 * @session:	the last one that was asked for, 0: none
 * @granted:	bytes that were asked for and may come besides the usual ones
 */
struct vmsyncd_link {
	const char *path;
	uint32_t id;
	int fd;
	int said;
	int32_t qemu_pid;
	int32_t peer_pid;
	uint64_t retry_ns;
	struct vmsyncd_limit bytes;
	struct vmsyncd_limit beacons;
	struct vmsync_port_decoder in;
	struct vmsync_port_output out;
	uint64_t answered;
	uint64_t dropped;
	uint64_t unsent;
	uint64_t untold;
	uint64_t told_ns;
	uint64_t last_ns;
	uint64_t second_ns;
	uint64_t in_second;
	uint64_t in_last;
	int reader;
	uint32_t session;
	uint64_t granted;
};

/** vmsyncd_link_init() - for the socket at @path; 0, or -ENAMETOOLONG */
int vmsyncd_link_init(struct vmsyncd_link *l, const char *path);

/**
 * vmsyncd_link_wait() - what the link waits for
 * @pfd:	filled in
 * @until_ns:	made earlier where the link has to do something by itself
 */
void vmsyncd_link_wait(struct vmsyncd_link *l, struct pollfd *pfd,
		      uint64_t now_ns, uint64_t *until_ns);

/** vmsyncd_link_work() - one round's work, after @revents */
void vmsyncd_link_work(struct vmsyncd_link *l, short revents);

/** vmsyncd_link_rate() - beacons answered in the last whole second */
uint64_t vmsyncd_link_rate(const struct vmsyncd_link *l, uint64_t now_ns);

/** vmsyncd_link_ask() - pass on a frame of the link's reader, where it is a request */
void vmsyncd_link_ask(struct vmsyncd_link *l,
		      const struct vmsync_port_frame *frame);

/** vmsyncd_link_left() - the reader is gone, and with it the recording */
void vmsyncd_link_left(struct vmsyncd_link *l);

/** vmsyncd_link_end() - close it and say what it has done */
void vmsyncd_link_end(struct vmsyncd_link *l);

#endif /* VMSYNC_DAEMON_LINK_H */
