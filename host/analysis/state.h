/* SPDX-License-Identifier: MIT */
/*
 * What a virtual CPU does: at each instant exactly one of these. Documentation/
 * analysis.rst defines each in a sentence.
 */
#ifndef VMSYNC_ANALYSIS_STATE_H
#define VMSYNC_ANALYSIS_STATE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * enum analysis_state - of a virtual CPU
 * @ANALYSIS_GUEST:	runs guest code
 * @ANALYSIS_GUEST_IDLE: runs the guest's idle thread
 * @ANALYSIS_HOST_IRQ:	its host CPU serves an interrupt
 * @ANALYSIS_HYPERVISOR: KVM works for it
 * @ANALYSIS_POLLING:	the guest has halted, and KVM still spins on the CPU
 * @ANALYSIS_USER_SPACE: the monitor's code runs (QEMU)
 * @ANALYSIS_PREEMPTED:	it could run, and has lost its host CPU
 * @ANALYSIS_WAKING:	it was woken, and has no host CPU yet
 * @ANALYSIS_HALTED:	it sleeps because the guest has nothing to do
 * @ANALYSIS_BLOCKED:	it sleeps for another reason, on the host
 * @ANALYSIS_STOPPED:	it was stopped by a signal or a debugger
 * @ANALYSIS_UNKNOWN:	nothing tells
 */
enum analysis_state {
	ANALYSIS_GUEST,
	ANALYSIS_GUEST_IDLE,
	ANALYSIS_HOST_IRQ,
	ANALYSIS_HYPERVISOR,
	ANALYSIS_POLLING,
	ANALYSIS_USER_SPACE,
	ANALYSIS_PREEMPTED,
	ANALYSIS_WAKING,
	ANALYSIS_HALTED,
	ANALYSIS_BLOCKED,
	ANALYSIS_STOPPED,
	ANALYSIS_UNKNOWN,
	ANALYSIS_STATES,
};

/**
 * enum analysis_left_in - where a virtual CPU's thread was when it lost its CPU,
 * or is while an interrupt is served
 * @ANALYSIS_IN_GUEST:	in the guest, as far as was told: an exit is not told
 * yet
 */
enum analysis_left_in {
	ANALYSIS_IN_GUEST,
	ANALYSIS_IN_KVM,
	ANALYSIS_IN_POLL,
	ANALYSIS_IN_USER,
	ANALYSIS_IN_UNKNOWN,
	ANALYSIS_PLACES,
};

/** analysis_state_name() - "guest", "host interrupt", ... */
const char *analysis_state_name(enum analysis_state s);

/** analysis_state_key() - the same as a key of JSON: "host_irq" */
const char *analysis_state_key(enum analysis_state s);

/** analysis_state_waits() - it wants a host CPU and has none */
static inline bool analysis_state_waits(enum analysis_state s)
{
	return s == ANALYSIS_PREEMPTED || s == ANALYSIS_WAKING;
}

/* Of include/linux/sched.h: what is beyond it says that a thread could run. */
#define ANALYSIS_TASK_REPORT_MAX 0x100

/** analysis_could_run() - a thread that lost its CPU, by prev_state */
static inline bool analysis_could_run(int64_t prev_state)
{
	return !prev_state || prev_state >= ANALYSIS_TASK_REPORT_MAX;
}

#endif /* VMSYNC_ANALYSIS_STATE_H */
