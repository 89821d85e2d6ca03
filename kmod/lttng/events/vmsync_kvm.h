/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What KVM tells of virtual CPUs of x86, for LTTng. Names and fields are those
 * that readers of LTTng traces know; the first words of an event's name have to
 * be the provider's.
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

/* A local APIC takes an interrupt: for a virtual CPU that halts, why it wakes. */
LTTNG_TRACEPOINT_EVENT_MAP(kvm_apic_accept_irq, kvm_x86_apic_accept_irq,
	TP_PROTO(VMSYNC_KVM_APIC_ACCEPT_IRQ_ARGS),
	TP_ARGS(apicid, dm, tm, vec),
	TP_FIELDS(
		ctf_integer(u32, apicid, apicid)
		ctf_integer(u16, dm, dm)
		ctf_integer(u16, tm, tm)
		ctf_integer(u8, vec, vec)
	)
)

/* The same where hardware delivers it: AVIC, APICv. */
LTTNG_TRACEPOINT_EVENT_MAP(kvm_apicv_accept_irq, kvm_x86_apicv_accept_irq,
	TP_PROTO(VMSYNC_KVM_APIC_ACCEPT_IRQ_ARGS),
	TP_ARGS(apicid, dm, tm, vec),
	TP_FIELDS(
		ctf_integer(u32, apicid, apicid)
		ctf_integer(u16, dm, dm)
		ctf_integer(u16, tm, tm)
		ctf_integer(u8, vec, vec)
	)
)

LTTNG_TRACEPOINT_EVENT_MAP(kvm_inj_virq, kvm_x86_inj_virq,
	TP_PROTO(VMSYNC_KVM_INJ_VIRQ_ARGS),
	TP_ARGS(vector, soft, reinjected),
	TP_FIELDS(
		ctf_integer(u32, irq, vector)
		ctf_integer(u8, soft, soft)
		ctf_integer(u8, reinjected, reinjected)
	)
)

LTTNG_TRACEPOINT_EVENT_MAP(kvm_msr, kvm_x86_msr,
	TP_PROTO(VMSYNC_KVM_MSR_ARGS),
	TP_ARGS(write, ecx, data, exception),
	TP_FIELDS(
		ctf_integer(u32, write, write)
		ctf_integer_hex(u32, ecx, ecx)
		ctf_integer_hex(u64, data, data)
		ctf_integer(u8, exception, exception)
	)
)

/* Not what is read or written: it may be a secret of the guest. */
LTTNG_TRACEPOINT_EVENT_MAP(kvm_pio, kvm_x86_pio,
	TP_PROTO(VMSYNC_KVM_PIO_ARGS),
	TP_ARGS(rw, port, size, count),
	TP_FIELDS(
		ctf_integer(u32, rw, rw)
		ctf_integer_hex(u32, port, port)
		ctf_integer(u32, size, size)
		ctf_integer(u32, count, count)
	)
)

#endif /* _VMSYNC_LTTNG_KVM_H */

/* Has to stand outside the guard. */
#include <lttng/define_trace.h>
