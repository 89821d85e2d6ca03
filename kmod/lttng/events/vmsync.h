/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmsync's events for LTTng: the same names and fields as in ../../trace.h,
 * in the order of Documentation/protocol.rst.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmsync

#if !defined(_VMSYNC_LTTNG_EVENTS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VMSYNC_LTTNG_EVENTS_H

#include <lttng/tracepoint-event.h>

#ifndef VMSYNC_LTTNG_FIELDS
#define VMSYNC_LTTNG_FIELDS

#define vmsync_line_fields(p, l)					\
	ctf_integer(u32, p##clocksource, (l).clocksource)		\
	ctf_integer(u64, p##since_tsc, (l).since_tsc)			\
	ctf_integer(u64, p##cycle_last, (l).cycle_last)			\
	ctf_integer(s64, p##base_ns, (l).base_ns)			\
	ctf_integer(u64, p##xtime_nsec, (l).xtime_nsec)			\
	ctf_integer(u32, p##mult, (l).mult)				\
	ctf_integer(u32, p##shift, (l).shift)

#define vmsync_page_fields(p, s)					\
	ctf_integer(u32, p##version, (s).version)			\
	ctf_integer(u64, p##tsc_timestamp, (s).tsc_timestamp)		\
	ctf_integer(u64, p##system_time, (s).system_time)		\
	ctf_integer(u32, p##mul, (s).mul)				\
	ctf_integer(s32, p##shift, (s).shift)				\
	ctf_integer(u32, p##flags, (s).flags)

#define vmsync_pair_fields(s)						\
	ctf_integer(u64, tsc, (s).tsc)					\
	ctf_integer(u64, mono, (s).mono)				\
	ctf_integer(u64, bracket, (s).bracket)

#define vmsync_who_fields(s)						\
	ctf_integer(s32, vm_pid, (s).vm_pid)				\
	ctf_integer(u32, vm_serial, (s).vm_serial)			\
	ctf_integer(u32, vcpu_id, (s).vcpu_id)

#endif

LTTNG_TRACEPOINT_EVENT(vmsync_gh_guest,
	TP_PROTO(const struct vmsync_gh_guest *ev),
	TP_ARGS(ev),
	TP_FIELDS(
		ctf_integer(u32, cnt, ev->cnt)
		ctf_integer(u64, vm_uid, ev->vm_uid)
		ctf_integer(u32, vcpu, ev->vcpu)
		vmsync_pair_fields(ev->pair)
		ctf_integer(u32, seq, ev->line.seq)
		vmsync_line_fields(, ev->line)
		vmsync_page_fields(pv_, ev->page)
	)
)

LTTNG_TRACEPOINT_EVENT(vmsync_gh_host,
	TP_PROTO(const struct vmsync_gh_host *ev),
	TP_ARGS(ev),
	TP_FIELDS(
		ctf_integer(u32, cnt, ev->cnt)
		ctf_integer(u64, vm_uid, ev->vm_uid)
		vmsync_who_fields(ev->who)
		ctf_integer(u64, guest_tsc, ev->guest_tsc)
		ctf_integer(u64, guest_mono, ev->guest_mono)
		ctf_integer(u32, suspect, ev->suspect)
		vmsync_pair_fields(ev->pair)
		ctf_integer(s64, tsc_offset, ev->scale.offset)
		ctf_integer(u64, tsc_ratio, ev->scale.ratio)
		ctf_integer(u32, ratio_frac_bits, ev->scale.frac_bits)
		ctf_integer(u32, seq, ev->line.seq)
		vmsync_line_fields(, ev->line)
	)
)

LTTNG_TRACEPOINT_EVENT(vmsync_hg_host,
	TP_PROTO(const struct vmsync_hg_host *ev),
	TP_ARGS(ev),
	TP_FIELDS(
		ctf_integer(u32, cnt, ev->cnt)
		ctf_integer(u64, vm_uid, ev->vm_uid)
		vmsync_who_fields(ev->who)
		ctf_integer(u64, tsc, ev->tsc)
		ctf_integer(u64, mono, ev->mono)
	)
)

LTTNG_TRACEPOINT_EVENT(vmsync_hg_guest,
	TP_PROTO(const struct vmsync_hg_guest *ev),
	TP_ARGS(ev),
	TP_FIELDS(
		ctf_integer(u32, cnt, ev->cnt)
		ctf_integer(u64, vm_uid, ev->vm_uid)
		ctf_integer(u32, vcpu, ev->vcpu)
		ctf_integer(u64, tsc, ev->tsc)
		ctf_integer(u64, mono, ev->mono)
	)
)

LTTNG_TRACEPOINT_EVENT(vmsync_knot,
	TP_PROTO(const struct vmsync_knot *ev),
	TP_ARGS(ev),
	TP_FIELDS(
		ctf_integer(u32, seq, ev->line.seq)
		vmsync_line_fields(, ev->line)
		ctf_integer(u64, confirm_tsc, ev->confirm_tsc)
		ctf_integer(u32, why, ev->why)
		vmsync_line_fields(prev_, ev->prev)
		vmsync_page_fields(pv_, ev->page)
	)
)

LTTNG_TRACEPOINT_EVENT(vmsync_clock_line,
	TP_PROTO(const struct vmsync_clock_change *ev),
	TP_ARGS(ev),
	TP_FIELDS(
		ctf_integer(u32, seq, ev->line.seq)
		vmsync_line_fields(, ev->line)
		ctf_integer(u64, confirm_tsc, ev->confirm_tsc)
		ctf_integer(u32, why, ev->why)
		vmsync_line_fields(prev_, ev->prev)
		ctf_integer(u64, error_ns, ev->error_ns)
		ctf_integer(s64, behind_ns, ev->behind_ns)
		ctf_integer(u32, steps, ev->steps)
	)
)

LTTNG_TRACEPOINT_EVENT(vmsync_tsc,
	TP_PROTO(const struct vmsync_tsc *ev),
	TP_ARGS(ev),
	TP_FIELDS(
		vmsync_who_fields(ev->who)
		ctf_integer(s64, prev_tsc_offset, ev->prev_offset)
		ctf_integer(s64, next_tsc_offset, ev->scale.offset)
		ctf_integer(u64, tsc_ratio, ev->scale.ratio)
		ctf_integer(u32, ratio_frac_bits, ev->scale.frac_bits)
		ctf_integer(u32, why, ev->why)
	)
)

LTTNG_TRACEPOINT_EVENT(vmsync_pvclock,
	TP_PROTO(const struct vmsync_pvclock *ev),
	TP_ARGS(ev),
	TP_FIELDS(
		vmsync_who_fields(ev->who)
		vmsync_page_fields(, ev->page)
		ctf_integer(u32, why, ev->why)
	)
)

LTTNG_TRACEPOINT_EVENT(vmsync_vm,
	TP_PROTO(const struct vmsync_vm *ev),
	TP_ARGS(ev),
	TP_FIELDS(
		vmsync_who_fields(ev->who)
		ctf_integer(s32, tid, ev->tid)
		ctf_integer(u64, vm_uid, ev->vm_uid)
		ctf_integer(u32, why, ev->why)
	)
)

LTTNG_TRACEPOINT_EVENT(vmsync_drop,
	TP_PROTO(const struct vmsync_drop *ev),
	TP_ARGS(ev),
	TP_FIELDS(
		ctf_integer(s32, vm_pid, ev->vm_pid)
		ctf_integer(u32, vm_serial, ev->vm_serial)
		ctf_integer(u64, dropped, ev->dropped)
	)
)

LTTNG_TRACEPOINT_EVENT(vmsync_slow,
	TP_PROTO(const struct vmsync_slow *ev),
	TP_ARGS(ev),
	TP_FIELDS(
		vmsync_who_fields(ev->who)
		ctf_integer(s32, tid, ev->tid)
		ctf_integer(u64, ns, ev->ns)
		ctf_integer(s32, by, ev->by)
	)
)

#endif /* _VMSYNC_LTTNG_EVENTS_H */

/* Has to stand outside the guard. */
#include <lttng/define_trace.h>
