/* SPDX-License-Identifier: MIT */
/*
 * What vmsync-agent leaves in the guest's trace: Documentation/protocol.rst, "The
 * port".
 */
#undef TRACEPOINT_PROVIDER
#define TRACEPOINT_PROVIDER vmsync_port

#undef TRACEPOINT_INCLUDE
#define TRACEPOINT_INCLUDE "agent/events.h"

#if !defined(VMSYNC_AGENT_EVENTS_H) || defined(TRACEPOINT_HEADER_MULTI_READ)
#define VMSYNC_AGENT_EVENTS_H

#include <stdint.h>

#include <lttng/tracepoint.h>

TRACEPOINT_EVENT(vmsync_port, gh_guest,
	TP_ARGS(uint32_t, cnt, uint64_t, vm_uid, uint64_t, mono),
	TP_FIELDS(
		ctf_integer(uint32_t, cnt, cnt)
		ctf_integer(uint64_t, vm_uid, vm_uid)
		ctf_integer(uint64_t, mono, mono)
	)
)

TRACEPOINT_EVENT(vmsync_port, hg_guest,
	TP_ARGS(uint32_t, cnt, uint64_t, vm_uid, uint64_t, mono),
	TP_FIELDS(
		ctf_integer(uint32_t, cnt, cnt)
		ctf_integer(uint64_t, vm_uid, vm_uid)
		ctf_integer(uint64_t, mono, mono)
	)
)

/* Just before a snapshot is taken: a trace that has it was taken after the request. */
TRACEPOINT_EVENT(vmsync_port, snapshot,
	TP_ARGS(uint32_t, session, uint32_t, snapshot, uint64_t, mono),
	TP_FIELDS(
		ctf_integer(uint32_t, session, session)
		ctf_integer(uint32_t, snapshot, snapshot)
		ctf_integer(uint64_t, mono, mono)
	)
)

#endif

#include <lttng/tracepoint-event.h>
