/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries and exits of virtual CPUs for LTTng. The names are those that
 * readers of LTTng traces know; the first word of an event's name has to be
 * the provider's.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvm_x86

#if !defined(_VMSYNC_LTTNG_KVM_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VMSYNC_LTTNG_KVM_H

#include <lttng/tracepoint-event.h>

LTTNG_TRACEPOINT_EVENT_MAP(kvm_entry, kvm_x86_entry,
	TP_PROTO(VMSYNC_KVM_ENTRY_ARGS),
	TP_ARGS(vcpu),
	TP_FIELDS(
		ctf_integer(u32, vcpu_id, vcpu->vcpu_id)
		ctf_integer_hex(u64, guest_rip, vmsync_guest_rip(vcpu))
	)
)

LTTNG_TRACEPOINT_EVENT_CODE_MAP(kvm_exit, kvm_x86_exit,
	TP_PROTO(VMSYNC_KVM_EXIT_ARGS),
	TP_ARGS(vcpu, isa),
	TP_locvar(
		struct vmsync_exit_info info;
	),
	TP_code_pre(
		vmsync_exit_info(vcpu, &tp_locvar->info);
	),
	TP_FIELDS(
		ctf_integer(u32, exit_reason, tp_locvar->info.reason)
		ctf_integer_hex(u64, guest_rip, vmsync_guest_rip(vcpu))
		ctf_integer(u32, isa, isa)
		ctf_integer_hex(u64, info1, tp_locvar->info.info1)
		ctf_integer_hex(u64, info2, tp_locvar->info.info2)
		ctf_integer(u32, vcpu_id, vcpu->vcpu_id)
	),
	TP_code_post()
)

#endif /* _VMSYNC_LTTNG_KVM_H */

/* Has to stand outside the guard. */
#include <lttng/define_trace.h>
