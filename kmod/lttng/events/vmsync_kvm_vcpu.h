/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual CPU halted, and goes on: how long that took by the clock from which KVM
 * makes its counters, polling included, and whether it slept. LTTng has no event
 * for it; were there one, it would have this name.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvm_vcpu

#if !defined(_VMSYNC_LTTNG_KVM_VCPU_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VMSYNC_LTTNG_KVM_VCPU_H

#include <lttng/tracepoint-event.h>

LTTNG_TRACEPOINT_EVENT(kvm_vcpu_wakeup,
	TP_PROTO(VMSYNC_KVM_VCPU_WAKEUP_ARGS),
	TP_ARGS(ns, waited, valid),
	TP_FIELDS(
		ctf_integer(u64, ns, ns)
		ctf_integer(u8, waited, waited)
		ctf_integer(u8, valid, valid)
	)
)

#endif /* _VMSYNC_LTTNG_KVM_VCPU_H */

/* Has to stand outside the guard. */
#include <lttng/define_trace.h>
