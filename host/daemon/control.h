/* SPDX-License-Identifier: MIT */
/*
 * The control socket of vmsyncd, for "vmsync status" and "vmsync record", and the
 * socket at which libvirt's hook says that something changed.
 *
 * The control socket keeps messages apart (SOCK_SEQPACKET). The first one says what
 * is wanted:
 *
 *	status		an object of JSON about vmsyncd comes, then one for each guest,
 *			each in a message of its own; then the end
 *	attach SERIAL	"ok", or "error: ..."; from then on each message is a frame of
 *			include/uapi/vmsync_port.h, requests to the agent of that guest
 *			and its answers
 *	recorder	"ok", or "error: ..."; who sends it is the flight recorder that
 *			all others ask (daemon/ask.h)
 *	ask TEXT	what the recorder answers to TEXT, until it hangs up
 *
 * Only root and members of the group vmsync are heard, as the kernel says who they are.
 */
#ifndef VMSYNC_DAEMON_CONTROL_H
#define VMSYNC_DAEMON_CONTROL_H

#include <poll.h>

#include "daemon/ask.h"
#include "daemon/guest.h"

#define VMSYNC_CONTROL_GROUP "vmsync"

/* Bytes of a message: the recorder's answer for many guests is the longest. */
#define VMSYNC_CONTROL_BYTES 65536

/** struct vmsync_control - both sockets, each -1 where there is none; @asks so far */
struct vmsync_control {
	int fd;
	int hook;
	struct vmsync_client client[VMSYNC_CONTROL_CLIENTS];
	uint32_t asks;
};

/** vmsync_control_init() - no socket yet */
void vmsync_control_init(struct vmsync_control *c);

/**
 * vmsync_control_bind() - make a socket at @path, in place of one that nobody has
 * @type:	SOCK_SEQPACKET: the control socket; SOCK_DGRAM: the hook's
 * Return: 0 or a negative errno; -EADDRINUSE where another vmsyncd has it.
 */
int vmsync_control_bind(struct vmsync_control *c, const char *path, int type);

/** vmsync_control_inherit() - take the sockets that systemd gave; 0 or an errno */
int vmsync_control_inherit(struct vmsync_control *c);

/** vmsync_control_ready() - tell systemd, where it waits, that vmsyncd works */
void vmsync_control_ready(void);

#define VMSYNC_CONTROL_FDS (VMSYNC_CONTROL_CLIENTS + 2)

/** vmsync_control_wait() - fill in what is waited for */
void vmsync_control_wait(const struct vmsync_control *c,
			 struct pollfd pfd[VMSYNC_CONTROL_FDS]);

/**
 * vmsync_control_work() - do what is asked
 * Return: the hook said something.
 */
bool vmsync_control_work(struct vmsync_control *c, struct vmsync_guests *g,
			 const struct pollfd pfd[VMSYNC_CONTROL_FDS]);

/** vmsync_control_check() - hang up on those whose guest is gone */
void vmsync_control_check(struct vmsync_control *c, struct vmsync_guests *g);

#endif /* VMSYNC_DAEMON_CONTROL_H */
