/* SPDX-License-Identifier: MIT */
/* vmsync's events (kmod/lttng/events), as generators of traces describe them. */
#ifndef VMSYNC_GEN_EVENTS_H
#define VMSYNC_GEN_EVENTS_H

#define LINE_FIELDS                                                            \
	{ "clocksource", GEN_U32 }, { "seq", GEN_U32 },                        \
	{ "since_tsc", GEN_U64 }, { "cycle_last", GEN_U64 },                   \
	{ "base_ns", GEN_S64 }, { "xtime_nsec", GEN_U64 },                     \
	{ "mult", GEN_U32 }, { "shift", GEN_U32 }
#define VM_FIELDS                                                              \
	{ "vm_pid", GEN_S32 }, { "vm_serial", GEN_U32 }, { "vcpu_id", GEN_U32 }
#define BEACON_FIELDS { "cnt", GEN_U32 }, { "vm_uid", GEN_U64 }

/* A kernel with a page of kvm-clock has its fields behind those of GH_GUEST and KNOT. */
#define GH_GUEST_FIELDS                                                        \
	BEACON_FIELDS, { "vcpu", GEN_U32 }, { "tsc", GEN_U64 },                \
	{ "mono", GEN_U64 }, { "bracket", GEN_U64 }, LINE_FIELDS
#define GH_HOST_FIELDS                                                         \
	BEACON_FIELDS, VM_FIELDS, { "guest_tsc", GEN_U64 },                    \
	{ "guest_mono", GEN_U64 }, { "suspect", GEN_U32 },                     \
	{ "tsc", GEN_U64 }, { "mono", GEN_U64 }, { "bracket", GEN_U64 },       \
	{ "tsc_offset", GEN_S64 }, { "tsc_ratio", GEN_U64 },                   \
	{ "ratio_frac_bits", GEN_U32 }, LINE_FIELDS
#define HG_HOST_FIELDS                                                         \
	BEACON_FIELDS, VM_FIELDS, { "tsc", GEN_U64 }, { "mono", GEN_U64 }
#define HG_GUEST_FIELDS                                                        \
	BEACON_FIELDS, { "vcpu", GEN_U32 }, { "tsc", GEN_U64 },                \
	{ "mono", GEN_U64 }
#define KNOT_FIELDS                                                            \
	LINE_FIELDS, { "confirm_tsc", GEN_U64 }, { "why", GEN_U32 },           \
	{ "prev_clocksource", GEN_U32 }, { "prev_since_tsc", GEN_U64 },        \
	{ "prev_cycle_last", GEN_U64 }, { "prev_base_ns", GEN_S64 },           \
	{ "prev_xtime_nsec", GEN_U64 }, { "prev_mult", GEN_U32 },              \
	{ "prev_shift", GEN_U32 }
#define TSC_FIELDS                                                             \
	VM_FIELDS, { "prev_tsc_offset", GEN_S64 },                             \
	{ "next_tsc_offset", GEN_S64 }, { "tsc_ratio", GEN_U64 },              \
	{ "ratio_frac_bits", GEN_U32 }, { "why", GEN_U32 }
#define TOLD_VM_FIELDS                                                         \
	VM_FIELDS, { "tid", GEN_S32 }, { "vm_uid", GEN_U64 }, { "why", GEN_U32 }

#endif /* VMSYNC_GEN_EVENTS_H */
