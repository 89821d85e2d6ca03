/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tracepoints of all vmsync modules, for ftrace, perf and bpftrace. They
 * are defined and exported by vmsync.ko (trace.c). LTTng's twin of this file
 * is lttng/events/vmsync.h; both follow Documentation/protocol.rst.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmsync

#if !defined(_VMSYNC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VMSYNC_TRACE_H

#include <linux/tracepoint.h>
#include "events.h"
#include "listen.h"

#define VMSYNC_LINE_STRUCT(p)						\
	__field(u32, p##clocksource)					\
	__field(u64, p##since_tsc)					\
	__field(u64, p##cycle_last)					\
	__field(s64, p##base_ns)					\
	__field(u64, p##xtime_nsec)					\
	__field(u32, p##mult)						\
	__field(u32, p##shift)

#define VMSYNC_LINE_ASSIGN(p, l)					\
	__entry->p##clocksource = (l)->clocksource;			\
	__entry->p##since_tsc = (l)->since_tsc;				\
	__entry->p##cycle_last = (l)->cycle_last;			\
	__entry->p##base_ns = (l)->base_ns;				\
	__entry->p##xtime_nsec = (l)->xtime_nsec;			\
	__entry->p##mult = (l)->mult;					\
	__entry->p##shift = (l)->shift

#define VMSYNC_LINE_FORMAT(p)						\
	" " #p "clocksource=%u " #p "since_tsc=%llu "			\
	#p "cycle_last=%llu " #p "base_ns=%lld " #p "xtime_nsec=%llu "	\
	#p "mult=%u " #p "shift=%u"

#define VMSYNC_LINE_ARGS(p)						\
	__entry->p##clocksource, __entry->p##since_tsc,			\
	__entry->p##cycle_last, __entry->p##base_ns,			\
	__entry->p##xtime_nsec, __entry->p##mult, __entry->p##shift

#define VMSYNC_PAGE_STRUCT(p)						\
	__field(u32, p##version)					\
	__field(u64, p##tsc_timestamp)					\
	__field(u64, p##system_time)					\
	__field(u32, p##mul)						\
	__field(s32, p##shift)						\
	__field(u32, p##flags)

#define VMSYNC_PAGE_ASSIGN(p, s)					\
	__entry->p##version = (s)->version;				\
	__entry->p##tsc_timestamp = (s)->tsc_timestamp;			\
	__entry->p##system_time = (s)->system_time;			\
	__entry->p##mul = (s)->mul;					\
	__entry->p##shift = (s)->shift;					\
	__entry->p##flags = (s)->flags

#define VMSYNC_PAGE_FORMAT(p)						\
	" " #p "version=%u " #p "tsc_timestamp=%llu "			\
	#p "system_time=%llu " #p "mul=%u " #p "shift=%d "		\
	#p "flags=%u"

#define VMSYNC_PAGE_ARGS(p)						\
	__entry->p##version, __entry->p##tsc_timestamp,			\
	__entry->p##system_time, __entry->p##mul,			\
	__entry->p##shift, __entry->p##flags

#define VMSYNC_PAIR_STRUCT						\
	__field(u64, tsc)						\
	__field(u64, mono)						\
	__field(u64, bracket)

#define VMSYNC_PAIR_ASSIGN(s)						\
	__entry->tsc = (s)->tsc;					\
	__entry->mono = (s)->mono;					\
	__entry->bracket = (s)->bracket

#define VMSYNC_PAIR_FORMAT	" tsc=%llu mono=%llu bracket=%llu"
#define VMSYNC_PAIR_ARGS	__entry->tsc, __entry->mono, __entry->bracket

#define VMSYNC_WHO_STRUCT						\
	__field(s32, vm_pid)						\
	__field(u32, vm_serial)						\
	__field(u32, vcpu_id)

#define VMSYNC_WHO_ASSIGN(s)						\
	__entry->vm_pid = (s)->vm_pid;					\
	__entry->vm_serial = (s)->vm_serial;				\
	__entry->vcpu_id = (s)->vcpu_id

#define VMSYNC_WHO_FORMAT	"vm_pid=%d vm_serial=%u vcpu_id=%u"
#define VMSYNC_WHO_ARGS							\
	__entry->vm_pid, __entry->vm_serial, __entry->vcpu_id

TRACE_EVENT_FN(vmsync_gh_guest,
	TP_PROTO(const struct vmsync_gh_guest *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u32, cnt)
		__field(u64, vm_uid)
		__field(u32, vcpu)
		VMSYNC_PAIR_STRUCT
		__field(u32, seq)
		VMSYNC_LINE_STRUCT()
		VMSYNC_PAGE_STRUCT(pv_)
	),
	TP_fast_assign(
		__entry->cnt = ev->cnt;
		__entry->vm_uid = ev->vm_uid;
		__entry->vcpu = ev->vcpu;
		VMSYNC_PAIR_ASSIGN(&ev->pair);
		__entry->seq = ev->line.seq;
		VMSYNC_LINE_ASSIGN(, &ev->line);
		VMSYNC_PAGE_ASSIGN(pv_, &ev->page);
	),
	TP_printk("cnt=%u vm_uid=%llu vcpu=%u" VMSYNC_PAIR_FORMAT
		  " seq=%u" VMSYNC_LINE_FORMAT() VMSYNC_PAGE_FORMAT(pv_),
		  __entry->cnt, __entry->vm_uid, __entry->vcpu,
		  VMSYNC_PAIR_ARGS, __entry->seq, VMSYNC_LINE_ARGS(),
		  VMSYNC_PAGE_ARGS(pv_)),
	vmsync_gh_guest_reg, vmsync_gh_guest_unreg
);

TRACE_EVENT_FN(vmsync_gh_host,
	TP_PROTO(const struct vmsync_gh_host *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u32, cnt)
		__field(u64, vm_uid)
		VMSYNC_WHO_STRUCT
		__field(u64, guest_tsc)
		__field(u64, guest_mono)
		__field(u32, suspect)
		VMSYNC_PAIR_STRUCT
		__field(s64, tsc_offset)
		__field(u64, tsc_ratio)
		__field(u32, ratio_frac_bits)
		__field(u32, seq)
		VMSYNC_LINE_STRUCT()
	),
	TP_fast_assign(
		__entry->cnt = ev->cnt;
		__entry->vm_uid = ev->vm_uid;
		VMSYNC_WHO_ASSIGN(&ev->who);
		__entry->guest_tsc = ev->guest_tsc;
		__entry->guest_mono = ev->guest_mono;
		__entry->suspect = ev->suspect;
		VMSYNC_PAIR_ASSIGN(&ev->pair);
		__entry->tsc_offset = ev->scale.offset;
		__entry->tsc_ratio = ev->scale.ratio;
		__entry->ratio_frac_bits = ev->scale.frac_bits;
		__entry->seq = ev->line.seq;
		VMSYNC_LINE_ASSIGN(, &ev->line);
	),
	TP_printk("cnt=%u vm_uid=%llu " VMSYNC_WHO_FORMAT
		  " guest_tsc=%llu guest_mono=%llu suspect=%u"
		  VMSYNC_PAIR_FORMAT
		  " tsc_offset=%lld tsc_ratio=%llu ratio_frac_bits=%u seq=%u"
		  VMSYNC_LINE_FORMAT(),
		  __entry->cnt, __entry->vm_uid, VMSYNC_WHO_ARGS,
		  __entry->guest_tsc, __entry->guest_mono, __entry->suspect,
		  VMSYNC_PAIR_ARGS, __entry->tsc_offset, __entry->tsc_ratio,
		  __entry->ratio_frac_bits, __entry->seq, VMSYNC_LINE_ARGS()),
	vmsync_gh_host_reg, vmsync_gh_host_unreg
);

TRACE_EVENT_FN(vmsync_hg_host,
	TP_PROTO(const struct vmsync_hg_host *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u32, cnt)
		__field(u64, vm_uid)
		VMSYNC_WHO_STRUCT
		__field(u64, tsc)
		__field(u64, mono)
	),
	TP_fast_assign(
		__entry->cnt = ev->cnt;
		__entry->vm_uid = ev->vm_uid;
		VMSYNC_WHO_ASSIGN(&ev->who);
		__entry->tsc = ev->tsc;
		__entry->mono = ev->mono;
	),
	TP_printk("cnt=%u vm_uid=%llu " VMSYNC_WHO_FORMAT " tsc=%llu mono=%llu",
		  __entry->cnt, __entry->vm_uid, VMSYNC_WHO_ARGS,
		  __entry->tsc, __entry->mono),
	vmsync_hg_host_reg, vmsync_hg_host_unreg
);

TRACE_EVENT_FN(vmsync_hg_guest,
	TP_PROTO(const struct vmsync_hg_guest *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u32, cnt)
		__field(u64, vm_uid)
		__field(u32, vcpu)
		__field(u64, tsc)
		__field(u64, mono)
	),
	TP_fast_assign(
		__entry->cnt = ev->cnt;
		__entry->vm_uid = ev->vm_uid;
		__entry->vcpu = ev->vcpu;
		__entry->tsc = ev->tsc;
		__entry->mono = ev->mono;
	),
	TP_printk("cnt=%u vm_uid=%llu vcpu=%u tsc=%llu mono=%llu",
		  __entry->cnt, __entry->vm_uid, __entry->vcpu,
		  __entry->tsc, __entry->mono),
	vmsync_hg_guest_reg, vmsync_hg_guest_unreg
);

TRACE_EVENT(vmsync_knot,
	TP_PROTO(const struct vmsync_knot *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u32, seq)
		VMSYNC_LINE_STRUCT()
		__field(u64, confirm_tsc)
		__field(u32, why)
		VMSYNC_LINE_STRUCT(prev_)
		VMSYNC_PAGE_STRUCT(pv_)
	),
	TP_fast_assign(
		__entry->seq = ev->line.seq;
		VMSYNC_LINE_ASSIGN(, &ev->line);
		__entry->confirm_tsc = ev->confirm_tsc;
		__entry->why = ev->why;
		VMSYNC_LINE_ASSIGN(prev_, &ev->prev);
		VMSYNC_PAGE_ASSIGN(pv_, &ev->page);
	),
	TP_printk("seq=%u" VMSYNC_LINE_FORMAT() " confirm_tsc=%llu why=%u"
		  VMSYNC_LINE_FORMAT(prev_) VMSYNC_PAGE_FORMAT(pv_),
		  __entry->seq, VMSYNC_LINE_ARGS(), __entry->confirm_tsc,
		  __entry->why, VMSYNC_LINE_ARGS(prev_), VMSYNC_PAGE_ARGS(pv_))
);

TRACE_EVENT(vmsync_clock_line,
	TP_PROTO(const struct vmsync_clock_change *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u32, seq)
		VMSYNC_LINE_STRUCT()
		__field(u64, confirm_tsc)
		__field(u32, why)
		VMSYNC_LINE_STRUCT(prev_)
		__field(u64, error_ns)
		__field(s64, behind_ns)
		__field(u32, steps)
	),
	TP_fast_assign(
		__entry->seq = ev->line.seq;
		VMSYNC_LINE_ASSIGN(, &ev->line);
		__entry->confirm_tsc = ev->confirm_tsc;
		__entry->why = ev->why;
		VMSYNC_LINE_ASSIGN(prev_, &ev->prev);
		__entry->error_ns = ev->error_ns;
		__entry->behind_ns = ev->behind_ns;
		__entry->steps = ev->steps;
	),
	TP_printk("seq=%u" VMSYNC_LINE_FORMAT() " confirm_tsc=%llu why=%u"
		  VMSYNC_LINE_FORMAT(prev_)
		  " error_ns=%llu behind_ns=%lld steps=%u",
		  __entry->seq, VMSYNC_LINE_ARGS(), __entry->confirm_tsc,
		  __entry->why, VMSYNC_LINE_ARGS(prev_), __entry->error_ns,
		  __entry->behind_ns, __entry->steps)
);

TRACE_EVENT_FN(vmsync_tsc,
	TP_PROTO(const struct vmsync_tsc *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		VMSYNC_WHO_STRUCT
		__field(s64, prev_tsc_offset)
		__field(s64, next_tsc_offset)
		__field(u64, tsc_ratio)
		__field(u32, ratio_frac_bits)
		__field(u32, why)
	),
	TP_fast_assign(
		VMSYNC_WHO_ASSIGN(&ev->who);
		__entry->prev_tsc_offset = ev->prev_offset;
		__entry->next_tsc_offset = ev->scale.offset;
		__entry->tsc_ratio = ev->scale.ratio;
		__entry->ratio_frac_bits = ev->scale.frac_bits;
		__entry->why = ev->why;
	),
	TP_printk(VMSYNC_WHO_FORMAT
		  " prev_tsc_offset=%lld next_tsc_offset=%lld"
		  " tsc_ratio=%llu ratio_frac_bits=%u why=%u",
		  VMSYNC_WHO_ARGS, __entry->prev_tsc_offset,
		  __entry->next_tsc_offset, __entry->tsc_ratio,
		  __entry->ratio_frac_bits, __entry->why),
	vmsync_tsc_reg, vmsync_tsc_unreg
);

TRACE_EVENT_FN(vmsync_pvclock,
	TP_PROTO(const struct vmsync_pvclock *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		VMSYNC_WHO_STRUCT
		VMSYNC_PAGE_STRUCT()
		__field(u32, why)
	),
	TP_fast_assign(
		VMSYNC_WHO_ASSIGN(&ev->who);
		VMSYNC_PAGE_ASSIGN(, &ev->page);
		__entry->why = ev->why;
	),
	TP_printk(VMSYNC_WHO_FORMAT VMSYNC_PAGE_FORMAT() " why=%u",
		  VMSYNC_WHO_ARGS, VMSYNC_PAGE_ARGS(), __entry->why),
	vmsync_pvclock_reg, vmsync_pvclock_unreg
);

TRACE_EVENT_FN(vmsync_vm,
	TP_PROTO(const struct vmsync_vm *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		VMSYNC_WHO_STRUCT
		__field(s32, tid)
		__field(u64, vm_uid)
		__field(u32, why)
	),
	TP_fast_assign(
		VMSYNC_WHO_ASSIGN(&ev->who);
		__entry->tid = ev->tid;
		__entry->vm_uid = ev->vm_uid;
		__entry->why = ev->why;
	),
	TP_printk(VMSYNC_WHO_FORMAT " tid=%d vm_uid=%llu why=%u",
		  VMSYNC_WHO_ARGS, __entry->tid, __entry->vm_uid,
		  __entry->why),
	vmsync_vm_reg, vmsync_vm_unreg
);

TRACE_EVENT_FN(vmsync_drop,
	TP_PROTO(const struct vmsync_drop *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(s32, vm_pid)
		__field(u32, vm_serial)
		__field(u64, dropped)
	),
	TP_fast_assign(
		__entry->vm_pid = ev->vm_pid;
		__entry->vm_serial = ev->vm_serial;
		__entry->dropped = ev->dropped;
	),
	TP_printk("vm_pid=%d vm_serial=%u dropped=%llu",
		  __entry->vm_pid, __entry->vm_serial, __entry->dropped),
	vmsync_drop_reg, vmsync_drop_unreg
);

TRACE_EVENT_FN(vmsync_slow,
	TP_PROTO(const struct vmsync_slow *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		VMSYNC_WHO_STRUCT
		__field(s32, tid)
		__field(u64, ns)
		__field(s32, by)
	),
	TP_fast_assign(
		VMSYNC_WHO_ASSIGN(&ev->who);
		__entry->tid = ev->tid;
		__entry->ns = ev->ns;
		__entry->by = ev->by;
	),
	TP_printk(VMSYNC_WHO_FORMAT " tid=%d ns=%llu by=%d",
		  VMSYNC_WHO_ARGS, __entry->tid, __entry->ns, __entry->by),
	vmsync_slow_reg, vmsync_slow_unreg
);

#endif /* _VMSYNC_TRACE_H */

/* Has to stand outside the guard. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
