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
 * Recording, asked for by the host and done by the agent. The host asks again where
 * no answer came, so that nothing depends on a frame that is lost: each request may
 * come twice. "session" is a number that the host drew, never 0.
 *
 * Requests of the host; 16 bytes where nothing else is said:
 *
 *	12	4	session
 *
 *	START, 20 bytes: record
 *	16	1	which events, VMSYNC_PORT_EVENTS_*
 *	17	3	0
 *	START_RING, 20 bytes: as START, but nothing is written before a STOP, which
 *	writes what the buffers of the recording hold: its latest events. Once more,
 *	with the same session: these events from now on
 *	SNAPSHOT, 20 bytes: write what the buffers of a START_RING hold, and go on
 *	16	4	snapshot, a number that the host drew; 0: of the last one nothing
 *			is wanted any more
 *	STOP: end the recording and keep it
 *	ASK: say how it is; of whatever session
 *	PULL, 32 bytes: send a part of a file of a recording that has ended, or of
 *	its last snapshot
 *	16	4	number of the file
 *	20	8	where the part begins
 *	28	4	bytes of it, at most VMSYNC_PORT_PULL_MAX
 *	FORGET: end it and delete it
 *	PAGES, 20 bytes: look which pages are free; in place of a recording, of which
 *	there is none meanwhile
 *	16	1	number of the look, 1 or 2: each is one file more, in the form of
 *			vmsync_pages.h. The second one is made once the first is done.
 *	17	3	0
 *
 * Answers of the agent:
 *
 *	STATE, 20 to 220 bytes, to all but PULL and a SNAPSHOT that is not 0
 *	12	4	session that there is, 0: none
 *	16	1	VMSYNC_PORT_STATE_*
 *	17	1	looks that are done
 *	18	2	0
 *	20	...	a text for people: why it failed or is cut, or what is not
 *			recorded
 *	TAKEN, 32 to 232 bytes, to a SNAPSHOT
 *	12	4	session that there is, 0: none
 *	16	4	snapshot that there is, 0: none
 *	20	1	VMSYNC_PORT_STATE_*: STARTING: it is being written; STOPPED, CUT:
 *			it can be pulled; FAILED; IDLE: there is none, and cannot be now
 *	21	3	0
 *	24	8	CLOCK_MONOTONIC of the guest just before its tracer was told, ns
 *	32	...	a text for people: why it failed or is cut
 *	DATA, 36 to 256 bytes, a part of what a PULL asked for
 *	12	4	session
 *	16	4	number of the file
 *	20	8	where these bytes lie in it
 *	28	8	size of the file
 *	36	...	the bytes; none: the file ends here
 *
 * File 0 is the list of the others, which are numbered from 1: of each 16 bytes, the
 * number of the folder it is in (u32), whether it is a stream (0) or the metadata (1)
 * of a trace (u32), its size (u64). Names do not come over the port.
 *
 * The agent ends and deletes a recording of which it was asked nothing for
 * VMSYNC_PORT_PATIENCE_S: no host is there any more.
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
#define VMSYNC_PORT_START	3
#define VMSYNC_PORT_STOP	4
#define VMSYNC_PORT_ASK		5
#define VMSYNC_PORT_PULL	6
#define VMSYNC_PORT_FORGET	7
#define VMSYNC_PORT_STATE	8
#define VMSYNC_PORT_DATA	9
#define VMSYNC_PORT_START_RING	10
#define VMSYNC_PORT_SNAPSHOT	11
#define VMSYNC_PORT_TAKEN	12
#define VMSYNC_PORT_PAGES	13

#define VMSYNC_PORT_REQUEST_LEN	36
#define VMSYNC_PORT_ANSWER_LEN	28

/* Bytes of a text, of a DATA, and those that one PULL may ask for. */
#define VMSYNC_PORT_TEXT_MAX	200
#define VMSYNC_PORT_DATA_MAX	220
#define VMSYNC_PORT_PULL_MAX	14080
#define VMSYNC_PORT_ENTRY_LEN	16
#define VMSYNC_PORT_PATIENCE_S	60

/* Looks of a session. */
#define VMSYNC_PORT_LOOKS	2

/* Each has those before it as well. */
#define VMSYNC_PORT_EVENTS_SYNC		0	/* beacons, clocks */
#define VMSYNC_PORT_EVENTS_SCHED	1	/* who runs */
#define VMSYNC_PORT_EVENTS_KVM		2	/* host: entries and exits */
#define VMSYNC_PORT_EVENTS_ANALYSIS	3	/* interrupts, timers, wake-ups */
#define VMSYNC_PORT_EVENTS_ALL		4	/* system calls */

#define VMSYNC_PORT_STATE_IDLE		0
#define VMSYNC_PORT_STATE_STARTING	1
#define VMSYNC_PORT_STATE_RECORDING	2
#define VMSYNC_PORT_STATE_STOPPING	3
#define VMSYNC_PORT_STATE_STOPPED	4	/* can be pulled */
#define VMSYNC_PORT_STATE_FAILED	5
#define VMSYNC_PORT_STATE_REFUSED	6	/* by the guest's configuration */
#define VMSYNC_PORT_STATE_CUT		7	/* can be pulled, but lacks something */

#endif /* _UAPI_VMSYNC_PORT_H */
