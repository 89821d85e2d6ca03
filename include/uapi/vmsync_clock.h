/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * vmsync: the clock of the host, in a guest, as a page to read.
 *
 * vmsync-clock.ko keeps a *line* from the guest's TSC to the host's clock, and its
 * device VMSYNC_CLOCK_DEVICE is one page that holds it, to be mapped and only read.
 * LTTng's clock in the guest's kernel, and its plugin in the guest's processes, both
 * read the page by vmsync_clock_read(), below.
 *
 *	ns(tsc) = base_ns + (((tsc - start_tsc) * mult + frac) >> shift)
 *
 * A new line begins in the future, at its start_tsc, and there it reads what the old
 * one reads. Both are in the page; which one is meant, the TSC that was read says, and
 * nothing else. So a stamp is a function of the TSC alone, without a step: whoever knows
 * the lines finds the TSC again. And it never goes back where the TSC does not.
 *
 * The page holds two copies. The writer changes the one that readers do not use, says
 * so by "latch", and then changes the other: no reader waits for a writer that has lost
 * its CPU, nor does one that interrupted it.
 */
#ifndef _UAPI_VMSYNC_CLOCK_H
#define _UAPI_VMSYNC_CLOCK_H

#include <linux/types.h>

#define VMSYNC_CLOCK_DEVICE	"/dev/vmsync-clock"

/* "VSCK", as it lies in memory. */
#define VMSYNC_CLOCK_MAGIC	0x4b435356
#define VMSYNC_CLOCK_VERSION	1

/* Of LTTng's clock: by its name the tool knows which lines tell of the stamps. */
#define VMSYNC_CLOCK_NAME	"vmsync_host_monotonic"

/**
 * struct vmsync_clock_line - the host's clock over the guest's TSC
 * @start_tsc:	in force from this TSC on
 * @base_ns:	the clock there, whole part, ns
 * @frac:	and fraction, ns << @shift
 * @mult:	slope, ns << @shift per cycle
 * @shift:	see above; at most 32
 */
struct vmsync_clock_line {
	__u64 start_tsc;
	__u64 base_ns;
	__u64 frac;
	__u32 mult;
	__u32 shift;
};

/**
 * struct vmsync_clock_lines - what a reader needs
 * @now:	in force from its start_tsc on, which may be to come
 * @before:	up to then
 */
struct vmsync_clock_lines {
	struct vmsync_clock_line now;
	struct vmsync_clock_line before;
};

/**
 * struct vmsync_clock_page - what the device shows
 * @magic:	VMSYNC_CLOCK_MAGIC
 * @version:	VMSYNC_CLOCK_VERSION
 * @latch:	its lowest bit says which copy to read
 * @reserved:	0
 * @copy:	both copies
 */
struct vmsync_clock_page {
	__u32 magic;
	__u32 version;
	__u32 latch;
	__u32 reserved;
	struct vmsync_clock_lines copy[2];
};

/* The clock at @tsc by @line, which may be before its begin. */
static inline __u64 vmsync_clock_line_ns(const struct vmsync_clock_line *line,
					 __u64 tsc)
{
	__s64 delta = (__s64)(tsc - line->start_tsc);

	return line->base_ns +
	       (__u64)(((__int128)delta * line->mult + line->frac) >>
		       line->shift);
}

/* The clock at @tsc. */
static inline __u64 vmsync_clock_lines_ns(const struct vmsync_clock_lines *lines,
					  __u64 tsc)
{
	return vmsync_clock_line_ns((__s64)(tsc - lines->now.start_tsc) < 0 ?
					    &lines->before : &lines->now, tsc);
}

/**
 * vmsync_clock_read() - the clock now
 * @page:	mapped, or the module's own
 * @read_tsc:	reads the TSC, not before what is above it in the program
 *
 * Any context. The TSC is read while the copy is known to hold: what begins later
 * begins behind it.
 */
static inline __attribute__((always_inline)) __u64
vmsync_clock_read(const struct vmsync_clock_page *page,
		  __u64 (*read_tsc)(void))
{
	struct vmsync_clock_lines lines;
	__u32 latch;
	__u64 tsc;

	do {
		latch = __atomic_load_n(&page->latch, __ATOMIC_ACQUIRE);
		lines = page->copy[latch & 1];
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		tsc = read_tsc();
	} while (__atomic_load_n(&page->latch, __ATOMIC_RELAXED) != latch);
	return vmsync_clock_lines_ns(&lines, tsc);
}

#endif /* _UAPI_VMSYNC_CLOCK_H */
