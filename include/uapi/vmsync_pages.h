/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * vmsync: which pages of a guest its kernel has free, as a file.
 *
 * It is one look of vmsync-agent at /proc/kpageflags, from page frame 0 up: the host
 * pulls it over the port (vmsync_port.h, PAGES), or somebody who has no port carries it
 * ("vmsync-agent --pages=FILE"). The look takes time and stops nothing: each page is as
 * it was at some time between the two that are told.
 *
 *	offset	bytes	contents, little-endian
 *	0	4	VMSYNC_PAGES_MAGIC
 *	4	2	VMSYNC_PAGES_VERSION
 *	6	2	bits of the offset in a page, 12
 *	8	8	CLOCK_MONOTONIC of the guest before the look, ns
 *	16	8	and after it
 *	24	8	page frames that were looked at
 *	32	8	of them free: in the kernel's lists of free pages (KPF_BUDDY)
 *	40	8	bytes that follow
 *	48	16	of the boot, random: /proc/sys/kernel/random/boot_id
 *	64		runs
 *
 * Runs are lengths in pages, in turn of pages that are not free and of free ones,
 * beginning with those that are not: only that first one may be 0. All together they
 * are the page frames that were looked at. Each is written in bytes of seven bits, the
 * lowest first, all but the last one with bit 7 set, and none longer than it must be.
 *
 * Nothing in it is trusted. A guest can only say what it wants of its own pages; what
 * it says of page frames that it has not is left out and counted.
 */
#ifndef _UAPI_VMSYNC_PAGES_H
#define _UAPI_VMSYNC_PAGES_H

/* "VSPG", as it lies in memory. */
#define VMSYNC_PAGES_MAGIC	0x47505356
#define VMSYNC_PAGES_VERSION	1
#define VMSYNC_PAGES_HEADER	64

/* The most page frames that a file may tell of: 256 TiB. */
#define VMSYNC_PAGES_MOST	(1ull << 36)

#endif /* _UAPI_VMSYNC_PAGES_H */
