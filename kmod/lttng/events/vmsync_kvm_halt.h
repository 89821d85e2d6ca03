/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM changes for how long it polls when a virtual CPU halts. LTTng has no event for
 * it; were there one, it would have this name.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvm_halt

#if !defined(_VMSYNC_LTTNG_KVM_HALT_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VMSYNC_LTTNG_KVM_HALT_H

#include <lttng/tracepoint-event.h>

LTTNG_TRACEPOINT_EVENT(kvm_halt_poll_ns,
	TP_PROTO(VMSYNC_KVM_HALT_POLL_NS_ARGS),
	TP_ARGS(grow, vcpu_id, new, old),
	TP_FIELDS(
		ctf_integer(u8, grow, grow)
		ctf_integer(u32, vcpu_id, vcpu_id)
		ctf_integer(u32, new, new)
		ctf_integer(u32, old, old)
	)
)

#endif /* _VMSYNC_LTTNG_KVM_HALT_H */

/* Has to stand outside the guard. */
#include <lttng/define_trace.h>
