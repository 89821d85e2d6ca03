/* SPDX-License-Identifier: MIT */
/*
 * What vmsyncd leaves in the host's trace: Documentation/protocol.rst, "The port".
 */
#undef TRACEPOINT_PROVIDER
#define TRACEPOINT_PROVIDER vmsync_port

#undef TRACEPOINT_INCLUDE
#define TRACEPOINT_INCLUDE "daemon/events.h"

#if !defined(VMSYNC_DAEMON_EVENTS_H) || defined(TRACEPOINT_HEADER_MULTI_READ)
#define VMSYNC_DAEMON_EVENTS_H

#include <stdint.h>

#include <lttng/tracepoint.h>

TRACEPOINT_EVENT(vmsync_port, gh_host,
	TP_ARGS(uint32_t, cnt, uint64_t, vm_uid, int32_t, peer_pid,
		uint32_t, link, uint64_t, guest_mono, uint64_t, mono),
	TP_FIELDS(
		ctf_integer(uint32_t, cnt, cnt)
		ctf_integer(uint64_t, vm_uid, vm_uid)
		ctf_integer(int32_t, peer_pid, peer_pid)
		ctf_integer(uint32_t, link, link)
		ctf_integer(uint64_t, guest_mono, guest_mono)
		ctf_integer(uint64_t, mono, mono)
	)
)

TRACEPOINT_EVENT(vmsync_port, hg_host,
	TP_ARGS(uint32_t, cnt, uint64_t, vm_uid, int32_t, peer_pid,
		uint32_t, link, uint64_t, mono),
	TP_FIELDS(
		ctf_integer(uint32_t, cnt, cnt)
		ctf_integer(uint64_t, vm_uid, vm_uid)
		ctf_integer(int32_t, peer_pid, peer_pid)
		ctf_integer(uint32_t, link, link)
		ctf_integer(uint64_t, mono, mono)
	)
)

TRACEPOINT_EVENT(vmsync_port, drop,
	TP_ARGS(int32_t, peer_pid, uint32_t, link, uint64_t, dropped),
	TP_FIELDS(
		ctf_integer(int32_t, peer_pid, peer_pid)
		ctf_integer(uint32_t, link, link)
		ctf_integer(uint64_t, dropped, dropped)
	)
)

#endif

#include <lttng/tracepoint-event.h>
