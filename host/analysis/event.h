/* SPDX-License-Identifier: MIT */
/*
 * One thing that a trace tells, as the analysis needs it: on the host's clock,
 * and free of how the trace was recorded. feed.h makes them of traces; tests
 * write them down.
 */
#ifndef VMSYNC_ANALYSIS_EVENT_H
#define VMSYNC_ANALYSIS_EVENT_H

#include <stdint.h>

/**
 * enum analysis_kind - what happened
 * @ANALYSIS_EV_OTHER:	anything else: the kernel of that CPU ran
 * @ANALYSIS_EV_SWITCH:	@current, in state @prev_state, gave the CPU to @tid,
 * called
 *			@name
 * @ANALYSIS_EV_WAKING:	somebody on this CPU begins to wake @tid, last on CPU
 *			@target
 * @ANALYSIS_EV_WAKEUP:	@tid is put on the run queue of CPU @target
 * @ANALYSIS_EV_MIGRATE:	@tid moves to the run queue of CPU @target
 * @ANALYSIS_EV_IRQ_IN:	an interrupt handler or soft interrupt begins
 * @ANALYSIS_EV_IRQ_OUT:	it ends
 * @ANALYSIS_EV_THREAD:	@tid of process @pid exists, and is called @name
 * @ANALYSIS_EV_GONE:	@tid ends
 * @ANALYSIS_EV_ENTRY:	the virtual CPU of this thread enters the guest
 * @ANALYSIS_EV_EXIT:	it has left it, for @reason by the numbers of @isa
 * @ANALYSIS_EV_USER_EXIT:	it leaves KVM for user space, for @reason
 *(KVM_EXIT_*)
 * @ANALYSIS_EV_RUN:	it calls KVM_RUN
 * @ANALYSIS_EV_HALTED:	KVM ends a halt of this thread's virtual CPU, which took
 *			@halt_ns by KVM's own clock; @reason: it slept
 * @ANALYSIS_EV_POLL:	from its next halt on KVM polls for @reason ns, and not for
 *			@old_poll_ns
 * @ANALYSIS_EV_LOST:	events of this CPU may be missing from @ns until
 * @until_ns
 */
enum analysis_kind {
	ANALYSIS_EV_OTHER,
	ANALYSIS_EV_SWITCH,
	ANALYSIS_EV_WAKING,
	ANALYSIS_EV_WAKEUP,
	ANALYSIS_EV_MIGRATE,
	ANALYSIS_EV_IRQ_IN,
	ANALYSIS_EV_IRQ_OUT,
	ANALYSIS_EV_THREAD,
	ANALYSIS_EV_GONE,
	ANALYSIS_EV_ENTRY,
	ANALYSIS_EV_EXIT,
	ANALYSIS_EV_USER_EXIT,
	ANALYSIS_EV_RUN,
	ANALYSIS_EV_HALTED,
	ANALYSIS_EV_POLL,
	ANALYSIS_EV_LOST,
	ANALYSIS_EV_KINDS,
};

/** enum analysis_isa - whose numbers an exit's reason is by, as KVM tells it */
enum analysis_isa {
	ANALYSIS_ISA_UNKNOWN,
	ANALYSIS_ISA_VMX,
	ANALYSIS_ISA_SVM,
};

/* The machine of host events; guests are numbered from 1. */
#define ANALYSIS_HOST 0u

#define ANALYSIS_NOT_SAID (-1)

#define ANALYSIS_NAME 16 /* TASK_COMM_LEN */

/**
 * struct analysis_event - see enum analysis_kind for which members are meant
 * @ns:		time on the host's clock
 * @prev_state:	of ANALYSIS_EV_SWITCH, the kernel's number
 * @target:	CPU, UINT32_MAX: not known
 * @vcpu_id:	of entries and exits: KVM's number of the virtual CPU, any that
 *		cannot be one: not said
 * @halt_ns:	of ANALYSIS_EV_HALTED
 * @old_poll_ns: of ANALYSIS_EV_POLL
 * @machine:	ANALYSIS_HOST, or the number of a guest
 * @cpu:	number by its kernel, UINT32_MAX: not known
 * @current:	thread that made the event; ANALYSIS_NOT_SAID: then who runs on
 *		@cpu did
 * @tid:	the thread that the event is about, if it is about another one
 * @pid:	process of @tid of ANALYSIS_EV_THREAD, or of @current of entries
 *		and exits; 0: not said
 * @reason:	of exits and ANALYSIS_EV_USER_EXIT; of ANALYSIS_EV_HALTED: not 0
 *		where the thread slept; of ANALYSIS_EV_POLL: ns
 * @kind:	enum analysis_kind
 * @isa:	of exits: enum analysis_isa, or any other number, which is not known
 * @named:	@name is said, up to a NUL or its end
 *
 * It is written where the event is decoded, and read after the traces were
 * merged: small, so that many fit the processor's cache.
 */
struct analysis_event {
	int64_t ns;
	union {
		int64_t until_ns;
		int64_t prev_state;
		int64_t target;
		int64_t vcpu_id;
		int64_t halt_ns;
		int64_t old_poll_ns;
	};
	uint32_t machine;
	uint32_t cpu;
	int32_t current;
	union {
		int32_t tid;
		uint32_t reason;
	};
	int32_t pid;
	uint32_t isa;
	uint8_t kind;
	uint8_t named;
	char name[ANALYSIS_NAME];
};

#endif /* VMSYNC_ANALYSIS_EVENT_H */
