/* SPDX-License-Identifier: MIT */
/* What LTTng's kernel tracer and vmsync's modules record, as events of LTTng-UST. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER vmsync

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./ust-vm.h"

#if !defined(TESTS_GEN_UST_VM_H) || \
	defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define TESTS_GEN_UST_VM_H

#include <stdint.h>

#include <lttng/tracepoint.h>

LTTNG_UST_TRACEPOINT_EVENT(vmsync, sched_switch,
	LTTNG_UST_TP_ARGS(int, prev, const char *, prev_comm, long, prev_state,
			  int, next, const char *, next_comm),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_array_text(char, prev_comm, prev_comm, 16)
		lttng_ust_field_integer(int, prev_tid, prev)
		lttng_ust_field_integer(long, prev_state, prev_state)
		lttng_ust_field_array_text(char, next_comm, next_comm, 16)
		lttng_ust_field_integer(int, next_tid, next)
	)
)

LTTNG_UST_TRACEPOINT_EVENT_CLASS(vmsync, woken,
	LTTNG_UST_TP_ARGS(int, tid, const char *, comm, int, cpu),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_array_text(char, comm, comm, 16)
		lttng_ust_field_integer(int, tid, tid)
		lttng_ust_field_integer(int, target_cpu, cpu)
	)
)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(vmsync, woken, vmsync, sched_waking,
	LTTNG_UST_TP_ARGS(int, tid, const char *, comm, int, cpu)
)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(vmsync, woken, vmsync, sched_wakeup,
	LTTNG_UST_TP_ARGS(int, tid, const char *, comm, int, cpu)
)

LTTNG_UST_TRACEPOINT_EVENT(vmsync, kvm_x86_entry,
	LTTNG_UST_TP_ARGS(int, pid, int, tid, unsigned int, vcpu),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(int, perf_pid, pid)
		lttng_ust_field_integer(int, perf_tid, tid)
		lttng_ust_field_integer(unsigned int, vcpu_id, vcpu)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(vmsync, kvm_x86_exit,
	LTTNG_UST_TP_ARGS(int, pid, int, tid, unsigned int, reason,
			  unsigned int, vcpu),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(int, perf_pid, pid)
		lttng_ust_field_integer(int, perf_tid, tid)
		lttng_ust_field_integer(unsigned int, exit_reason, reason)
		lttng_ust_field_integer(unsigned int, isa, 2)
		lttng_ust_field_integer(unsigned int, vcpu_id, vcpu)
	)
)

/* A beacon of the old addons, on its four ways. */
LTTNG_UST_TRACEPOINT_EVENT_CLASS(vmsync, beacon,
	LTTNG_UST_TP_ARGS(unsigned int, cnt, uint64_t, vm),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(unsigned int, cnt, cnt)
		lttng_ust_field_integer(uint64_t, vm_uid, vm)
	)
)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(vmsync, beacon, vmsync, vmsync_gh_guest,
	LTTNG_UST_TP_ARGS(unsigned int, cnt, uint64_t, vm)
)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(vmsync, beacon, vmsync, vmsync_gh_host,
	LTTNG_UST_TP_ARGS(unsigned int, cnt, uint64_t, vm)
)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(vmsync, beacon, vmsync, vmsync_hg_host,
	LTTNG_UST_TP_ARGS(unsigned int, cnt, uint64_t, vm)
)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(vmsync, beacon, vmsync, vmsync_hg_guest,
	LTTNG_UST_TP_ARGS(unsigned int, cnt, uint64_t, vm)
)

#endif

#include <lttng/tracepoint-event.h>
