// SPDX-License-Identifier: GPL-2.0-only
/*
 * Knots reach the tracer once, in order, whatever interrupts whom: the
 * timekeeper's update may come where a work is about to emit, or emitting.
 */
#include "kernel.h"
#include "../../kmod/core.h"
#include "../../kmod/trace.h"
#include "../../kmod/vmsync.h"
#include "check.h"

static u32 pushed;
static u32 told;
static bool in_order;
static unsigned int interrupts;	/* still to come while a knot is emitted */

/* The timekeeper's update, as the tick makes it: interrupts are off. */
static void update(void)
{
	bool off = kernel.irqs_off;
	struct vmsync_line line = { .seq = ++pushed, .since_tsc = kernel.tsc };
	struct vmsync_line prev = { .seq = pushed - 1 };

	kernel.irqs_off = true;
	vmsync_knot_announce();
	vmsync_knot_push(&line, &prev, VMSYNC_KNOT_SLOPE);
	if (!kernel.rt)
		kernel_irq_work_run(true);
	/* At its end interrupts are on again, and the raised one is taken. */
	kernel.irqs_off = off;
	if (off)
		return;
	kernel.irqs_off = true;
	kernel_irq_work_run(false);
	kernel.irqs_off = false;
}

void vmsync_page_get(const struct vmsync_line *line, struct vmsync_page *page)
{
	(void)line;
	memset(page, 0, sizeof(*page));
	/* Anything may interrupt here, if interrupts are on. */
	if (!kernel.irqs_off && interrupts) {
		interrupts--;
		update();
	}
}

void trace_vmsync_knot(const struct vmsync_knot *ev)
{
	in_order &= ev->line.seq == told + 1;
	in_order &= ev->prev.seq == told;
	told = ev->line.seq;
}

static void run(bool rt)
{
	pushed = told = 0;
	in_order = true;
	interrupts = 3;
	kernel.deadlocks = 0;
	kernel.rt = rt;
	vmsync_knot_init();
	for (int i = 0; i < 10; i++) {
		update();
		/* A thread would run this, and be too late to be of use. */
		CHECK_EQ(kernel_irq_work_run(true), 0);
	}
	CHECK_EQ(told, pushed);
	CHECK(in_order);
	CHECK_EQ(kernel.deadlocks, 0);
}

/* Work that only a thread runs, with interrupts on, and is interrupted. */
static void thread_interrupted(void)
{
	struct vmsync_line line = { .seq = ++pushed }, prev = { 0 };

	kernel.rt = false;
	kernel.irqs_off = true;
	vmsync_knot_announce();
	prev.seq = pushed - 1;
	vmsync_knot_push(&line, &prev, VMSYNC_KNOT_SLOPE);
	kernel.irqs_off = false;
	interrupts = 1;
	CHECK_EQ(kernel_irq_work_run(true), 1);
	kernel.irqs_off = true;
	kernel_irq_work_run(false);
	kernel.irqs_off = false;
	CHECK_EQ(kernel.deadlocks, 0);
	CHECK_EQ(told, pushed);
	CHECK(in_order);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	run(false);
	run(true);
	thread_interrupted();
	return check_done();
}
