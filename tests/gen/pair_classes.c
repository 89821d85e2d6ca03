// SPDX-License-Identifier: MIT
/* The events that there are. */
#include "pair.h"
#include "vmsync_events.h"

#define PV_FIELDS                                                              \
	{ "pv_version", GEN_U32 }, { "pv_tsc_timestamp", GEN_U64 },            \
	{ "pv_system_time", GEN_U64 }, { "pv_mul", GEN_U32 },                  \
	{ "pv_shift", GEN_S32 }, { "pv_flags", GEN_U32 }

struct gen_class classes[N_CLASSES] = {
	[GH_GUEST] = { "vmsync_gh_guest", { GH_GUEST_FIELDS, PV_FIELDS } },
	[GH_HOST] = { "vmsync_gh_host", { GH_HOST_FIELDS } },
	[HG_HOST] = { "vmsync_hg_host", { HG_HOST_FIELDS } },
	[HG_GUEST] = { "vmsync_hg_guest", { HG_GUEST_FIELDS } },
	[KNOT] = { "vmsync_knot", { KNOT_FIELDS, PV_FIELDS } },
	[TSC] = { "vmsync_tsc", { TSC_FIELDS } },
	[VM] = { "vmsync_vm", { TOLD_VM_FIELDS } },
	[ENTRY] = { "kvm_x86_entry",
		    { { "vcpu_id", GEN_U32 }, { "guest_rip", GEN_X64 } } },
	[EXIT] = { "kvm_x86_exit",
		   { { "exit_reason", GEN_U32 }, { "guest_rip", GEN_X64 },
		     { "isa", GEN_U32 }, { "info1", GEN_U64 },
		     { "info2", GEN_U64 }, { "vcpu_id", GEN_U32 } } },
	[SWITCH] = { "sched_switch",
		     { { "prev_comm", GEN_TEXT16 }, { "prev_tid", GEN_S32 },
		       { "prev_prio", GEN_S32 }, { "prev_state", GEN_S64 },
		       { "next_comm", GEN_TEXT16 }, { "next_tid", GEN_S32 },
		       { "next_prio", GEN_S32 } } },
	{ "sched_waking", { { "comm", GEN_TEXT16 }, { "tid", GEN_S32 },
			    { "prio", GEN_S32 }, { "target_cpu", GEN_S32 } } },
	{ "sched_wakeup", { { "comm", GEN_TEXT16 }, { "tid", GEN_S32 },
			    { "prio", GEN_S32 }, { "target_cpu", GEN_S32 } } },
	{ "irq_handler_entry", { { "irq", GEN_S32 }, { "name", GEN_STRING } } },
	{ "irq_handler_exit", { { "irq", GEN_S32 }, { "ret", GEN_S32 } } },
	{ "irq_softirq_raise", { { "vec", GEN_U32 } } },
	{ "irq_softirq_entry", { { "vec", GEN_U32 } } },
	{ "irq_softirq_exit", { { "vec", GEN_U32 } } },
	{ "timer_hrtimer_expire_entry", { { "hrtimer", GEN_X64 },
					  { "now", GEN_S64 },
					  { "function", GEN_X64 } } },
	{ "timer_hrtimer_expire_exit", { { "hrtimer", GEN_X64 } } },
	{ "syscall_entry_read", { { "fd", GEN_U32 }, { "count", GEN_U64 } } },
	{ "syscall_exit_read", { { "ret", GEN_S64 }, { "buf", GEN_X64 } } },
	{ "syscall_entry_openat", { { "dfd", GEN_S32 },
				    { "filename", GEN_STRING },
				    { "flags", GEN_S32 }, { "mode", GEN_U16 } } },
	{ "syscall_exit_openat", { { "ret", GEN_S64 } } },
	{ "syscall_entry_futex", { { "uaddr", GEN_X64 }, { "op", GEN_S32 },
				   { "val", GEN_U32 }, { "utime", GEN_X64 },
				   { "uaddr2", GEN_X64 }, { "val3", GEN_U32 } } },
	{ "syscall_exit_futex", { { "ret", GEN_S64 }, { "uaddr", GEN_X64 },
				  { "uaddr2", GEN_X64 } } },
	{ "x86_exceptions_page_fault_user", { { "address", GEN_X64 },
					      { "ip", GEN_X64 },
					      { "error_code", GEN_X64 } } },
	{ "net_if_receive_skb", { { "skbaddr", GEN_X64 }, { "len", GEN_U32 },
				  { "name", GEN_STRING },
				  { "network_header", GEN_BYTES } } },
	/* Only with halts=. */
	[HALTED] = { "kvm_vcpu_wakeup",
		     { { "ns", GEN_U64 }, { "waited", GEN_U32 },
		       { "valid", GEN_U32 } } },
	/* Only with clock=. */
	[FOLLOWED] = { "vmsync_clock_line",
	  { LINE_FIELDS, { "confirm_tsc", GEN_U64 }, { "why", GEN_U32 },
	    { "prev_clocksource", GEN_U32 }, { "prev_since_tsc", GEN_U64 },
	    { "prev_cycle_last", GEN_U64 }, { "prev_base_ns", GEN_S64 },
	    { "prev_xtime_nsec", GEN_U64 }, { "prev_mult", GEN_U32 },
	    { "prev_shift", GEN_U32 }, { "error_ns", GEN_U64 },
	    { "behind_ns", GEN_S64 }, { "steps", GEN_U32 } } },
};

const struct gen_class ust_classes[1] = {
	{ "shop:order", { { "number", GEN_U32 }, { "item", GEN_STRING },
			  { "truth", GEN_S64 } } },
};

void classes_adapt(void)
{
	uint32_t i;

	for (i = GH_GUEST; opt.old && i <= HG_GUEST; i++)
		classes[i].fields[2] = (struct gen_field){ NULL, GEN_END };
	for (i = GH_GUEST; opt.net && i <= HG_GUEST; i++)
		classes[i].name = i == GH_GUEST || i == HG_HOST ?
					  "packet_sent" :
					  "packet_received";
	for (i = SWITCH; opt.truth && i < FOLLOWED; i++) {
		struct gen_field *f = classes[i].fields;

		while (f->type)
			f++;
		*f = (struct gen_field){ "truth", GEN_S64 };
	}
}
