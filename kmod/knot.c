// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the timekeeper's callback to the event vmsync_knot.
 *
 * No event may be emitted in the callback: it runs under the timekeeper's lock
 * and inside its sequence count, and a tracer that reads an ordinary clock
 * would wait there for ever. So the callback leaves the knot in a ring and
 * raises an irq_work on its own CPU, which runs when interrupts are on again:
 * after the update, when the clock is on the new line.
 *
 * That holds for the CPU that did the update, not for others. A CPU's work
 * therefore takes knots up to its own last one and no further: those before it
 * are complete, since the timekeeper's lock orders updates; one after it may
 * belong to an update that another CPU is still in.
 */
#include <linux/irq_work.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>

#include "core.h"
#include "trace.h"
#include "vmsync.h"

#define RING_SIZE 64	/* knots; a power of two */

struct pending_knot {
	struct vmsync_line line;
	struct vmsync_line prev;
	u32 why;
};

static struct pending_knot ring[RING_SIZE];
static u32 head;	/* knots pushed; written under the timekeeper's lock */
static u32 tail;	/* knots emitted; written under drain_lock */
static u32 lost;	/* knots; written under the timekeeper's lock */
static DEFINE_RAW_SPINLOCK(drain_lock);

/*
 * Two ways to get to run, whichever is earlier. One raises an interrupt at
 * once. But most updates are made by the tick, whose handler runs lazy work
 * before it ends, so some microseconds before that interrupt is taken. Not
 * under PREEMPT_RT, which leaves lazy work to a thread.
 */
static DEFINE_PER_CPU(struct irq_work, drain_work);
static DEFINE_PER_CPU(struct irq_work, drain_work_lazy);
static DEFINE_PER_CPU(u32, own_head);	/* head after this CPU's last push */

/* The work runs when interrupts are on again, and finds what was pushed by then. */
void vmsync_knot_announce(void)
{
	if (!trace_vmsync_knot_enabled())
		return;
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		irq_work_queue(this_cpu_ptr(&drain_work_lazy));
	irq_work_queue(this_cpu_ptr(&drain_work));
}

void vmsync_knot_push(const struct vmsync_line *line,
		      const struct vmsync_line *prev, u32 why)
{
	struct pending_knot *knot = &ring[head % RING_SIZE];

	if (!trace_vmsync_knot_enabled())
		return;
	/* Full: the gap in seq tells. */
	if (head - smp_load_acquire(&tail) >= RING_SIZE) {
		WRITE_ONCE(lost, lost + 1);
		return;
	}
	knot->line = *line;
	knot->prev = *prev;
	knot->why = why;
	smp_store_release(&head, head + 1);
	__this_cpu_write(own_head, head);
}

u32 vmsync_knots_lost(void)
{
	return READ_ONCE(lost);
}

/* A TSC at which @knot's line was in force. */
static u64 confirm_tsc(const struct pending_knot *knot)
{
	u64 now = rdtsc_ordered();

	/* If the next line has begun since, this one was in force until then. */
	if (smp_load_acquire(&head) != tail + 1)
		return ring[(tail + 1) % RING_SIZE].line.since_tsc;
	return now;
}

static void emit(const struct pending_knot *knot)
{
	struct vmsync_knot ev = {
		.line = knot->line,
		.prev = knot->prev,
		.why = knot->why,
		.confirm_tsc = confirm_tsc(knot),
	};

	vmsync_page_get(&ev.line, &ev.page);
	trace_vmsync_knot(&ev);
}

/*
 * Interrupts are off wherever this holds the lock, whoever calls: an update of
 * the timekeeper on this CPU raises work that waits for the same lock.
 */
static void drain(struct irq_work *work)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&drain_lock, flags);
	while ((s32)(__this_cpu_read(own_head) - tail) > 0) {
		emit(&ring[tail % RING_SIZE]);
		smp_store_release(&tail, tail + 1);
	}
	raw_spin_unlock_irqrestore(&drain_lock, flags);
}

void vmsync_knot_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		per_cpu(drain_work, cpu) = IRQ_WORK_INIT_HARD(drain);
		per_cpu(drain_work_lazy, cpu) = IRQ_WORK_INIT_LAZY(drain);
	}
}

/* After this no work runs, provided that nothing is pushed any more. */
void vmsync_knot_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		irq_work_sync(per_cpu_ptr(&drain_work, cpu));
		irq_work_sync(per_cpu_ptr(&drain_work_lazy, cpu));
	}
}
