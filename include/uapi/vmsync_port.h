/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * vmsync: the contract between vmsync-agent in a guest and vmsyncd on its host.
 *
 * Where the host has no vmsync module, or no KVM, beacons go over a virtio-serial
 * port. They are the same exchange as the hypercall's (vmsync.h):
 *
 *	agent: gh_guest, then it writes a request with the number k
 *	vmsyncd: reads the request, gh_host; hg_host, then it writes the answer k + 1
 *	agent: reads the answer, hg_guest
 *
 * Before a message the time is read before the write, after it behind the read, so
 *
 *	gh_guest <= gh_host <= hg_host <= hg_guest
 *
 * always holds in real time, however long a message lies in some buffer.
 *
 * A port is a stream of bytes without an end or a beginning: either side may open
 * it in the middle of a frame, and QEMU or the guest's kernel may throw away what
 * nobody read. So a frame can be found, and told from anything else, by itself:
 *
 *	offset	bytes	contents, little-endian
 *	0	4	VMSYNC_PORT_MAGIC
 *	4	1	VMSYNC_PORT_VERSION
 *	5	1	type, VMSYNC_PORT_*
 *	6	2	length of the whole frame, at most VMSYNC_PORT_MAX
 *	8	4	CRC-32C of the frame without these four bytes
 *	12		what the type says
 *
 * A request, 36 bytes, from the agent:
 *
 *	12	4	cnt: number k of the beacon, even
 *	16	4	0
 *	20	8	vm_uid: random, nonzero, below 2^63, new at each start
 *	28	8	CLOCK_MONOTONIC of the guest at gh_guest, ns
 *
 * An answer, 28 bytes, from vmsyncd:
 *
 *	12	4	k + 1
 *	16	4	0
 *	20	8	vm_uid of the request
 *
 * Who reads what is no frame of its version goes on one byte further and counts it.
 * A frame of an unknown type, or longer than its type says, is left for later
 * versions of these programs: it is passed over, counted, and is no error.
 *
 * Nothing in a frame is trusted: which guest sent it is told by the socket that it
 * came through.
 */
#ifndef _UAPI_VMSYNC_PORT_H
#define _UAPI_VMSYNC_PORT_H

/* The port's name: /dev/virtio-ports/org.vmsync.agent.0 in the guest. */
#define VMSYNC_PORT_NAME	"org.vmsync.agent.0"

/* "VSPF", as it lies in memory. */
#define VMSYNC_PORT_MAGIC	0x46505356
#define VMSYNC_PORT_VERSION	1
#define VMSYNC_PORT_HEADER	12
#define VMSYNC_PORT_MAX		256

#define VMSYNC_PORT_REQUEST	1
#define VMSYNC_PORT_ANSWER	2

#define VMSYNC_PORT_REQUEST_LEN	36
#define VMSYNC_PORT_ANSWER_LEN	28

#endif /* _UAPI_VMSYNC_PORT_H */
