// SPDX-License-Identifier: MIT
#include "memory/held.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "port/now.h"

#define AT_ONCE 8192 /* pages */

/* Documentation/admin-guide/mm/pagemap.rst of the kernel. */
#define PRESENT	     (1ull << 63)
#define SWAPPED	     (1ull << 62)
#define FILE_OR_ANY  (1ull << 61)
#define FRAME	     ((1ull << 55) - 1)
#define KPF_HUGE     (1ull << 17)
#define KPF_KSM	     (1ull << 21)
#define KPF_THP	     (1ull << 22)
#define KPF_ZERO     (1ull << 24)

static int gone(const struct memory_process *p, struct ctf_error *e)
{
	return vmsync_fail(e, -ESRCH, "", "process %d ended while it was looked at",
			   p->pid);
}

int memory_process_open(struct memory_process *p, int32_t pid, struct ctf_error *e)
{
	char path[32];
	int err;

	*p = (struct memory_process){ .pid = pid, .dir = -1, .pagemap = -1, .flags = -1 };
	snprintf(path, sizeof(path), "/proc/%d", pid);
	p->dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p->dir >= 0)
		p->pagemap = openat(p->dir, "pagemap", O_RDONLY | O_CLOEXEC);
	if (p->pagemap >= 0)
		p->flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (p->flags >= 0) {
		p->scan = memory_scan_can(p);
		return 0;
	}
	err = errno;
	memory_process_close(p);
	return vmsync_fail(e, -err,
			   err == EACCES || err == EPERM ? "be root" :
			   err == ENOENT ? "has it ended?" : "",
			   "process %d: %s", pid, strerror(err));
}

void memory_process_close(struct memory_process *p)
{
	if (p->dir >= 0)
		close(p->dir);
	if (p->pagemap >= 0)
		close(p->pagemap);
	if (p->flags >= 0)
		close(p->flags);
	p->dir = p->pagemap = p->flags = -1;
}

/* Up to where mappings cover the address without a gap, from line to line. */
static uint64_t covered(FILE *maps, uint64_t from)
{
	char line[8192];
	uint64_t begin, end;

	rewind(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &begin, &end) == 2 && begin <= from &&
		    from < end)
			from = end;
	}
	return from;
}

int memory_process_check(const struct memory_process *p,
			 const struct memory_slots *s, struct ctf_error *e)
{
	int fd = openat(p->dir, "maps", O_RDONLY | O_CLOEXEC);
	FILE *maps = fd < 0 ? NULL : fdopen(fd, "r");
	size_t i;

	if (!maps) {
		if (fd >= 0)
			close(fd);
		return gone(p, e);
	}
	for (i = 0; i < s->n; i++) {
		uint64_t from = s->slot[i].address;
		uint64_t bytes = s->slot[i].pages * MEMORY_PAGE;

		if (from > UINT64_MAX - bytes || covered(maps, from) < from + bytes)
			break;
	}
	fclose(maps);
	if (i == s->n)
		return 0;
	return vmsync_fail(e, -EINVAL, "another process listens for it",
			   "process %d has no memory where QEMU's monitor says the "
			   "guest's is", p->pid);
}

/* What kind of page each is; of pages that follow each other at once. */
static int flags_read(const struct memory_process *p, const uint64_t *map,
		      uint64_t *flags, size_t n, struct ctf_error *e)
{
	size_t i, k;

	for (i = 0; i < n; i += k) {
		uint64_t frame = map[i] & FRAME;

		k = 1;
		if (!(map[i] & PRESENT))
			continue;
		if (!frame)
			return vmsync_fail(e, -EPERM, "be root, with CAP_SYS_ADMIN",
					   "process %d: the kernel hides its pages",
					   p->pid);
		while (i + k < n && map[i + k] & PRESENT &&
		       (map[i + k] & FRAME) == frame + k)
			k++;
		if (pread(p->flags, flags + i, k * 8, (off_t)(frame * 8)) !=
		    (ssize_t)(k * 8))
			return vmsync_fail(e, -EIO, "", "/proc/kpageflags: not read");
	}
	return 0;
}

static void take(struct memory_held *h, uint64_t page, uint64_t map, uint64_t flags)
{
	if (map & SWAPPED)
		memory_pages_add(&h->swapped, page, 1);
	if (!(map & PRESENT))
		return;
	if (flags & KPF_ZERO) {
		h->zero++;
	} else if (flags & KPF_KSM) {
		memory_pages_add(&h->merged, page, 1);
	} else {
		memory_pages_add(&h->present, page, 1);
		h->huge += flags & KPF_THP && !(flags & KPF_HUGE);
		h->hugetlb += !!(flags & KPF_HUGE);
		h->shared += !!(map & FILE_OR_ANY);
	}
}

static int slot_look(struct memory_held *h, const struct memory_process *p,
		     const struct memory_slot *slot, struct ctf_error *e)
{
	static uint64_t map[AT_ONCE], flags[AT_ONCE];
	uint64_t at, i, n;
	int ret;

	for (at = 0; at < slot->pages; at += n) {
		n = slot->pages - at < AT_ONCE ? slot->pages - at : AT_ONCE;
		if (pread(p->pagemap, map, n * 8,
			  (off_t)((slot->address / MEMORY_PAGE + at) * 8)) !=
		    (ssize_t)(n * 8))
			return gone(p, e);
		ret = flags_read(p, map, flags, n, e);
		if (ret)
			return ret;
		for (i = 0; i < n; i++)
			take(h, slot->page + at + i, map[i], flags[i]);
	}
	return 0;
}

int memory_held_look(struct memory_held *h, const struct memory_process *p,
		     const struct memory_slots *s, struct ctf_error *e)
{
	uint64_t n = memory_slots_pages(s);
	size_t i;
	int ret = 0;

	*h = (struct memory_held){ .begin_ns = (int64_t)vmsync_port_now() };
	if (memory_pages_init(&h->present, n) || memory_pages_init(&h->swapped, n) ||
	    memory_pages_init(&h->merged, n))
		ret = vmsync_fail_memory(e);
	for (i = 0; i < s->n && !ret; i++)
		ret = (p->scan ? memory_scan_slot : slot_look)(h, p, &s->slot[i], e);
	h->end_ns = (int64_t)vmsync_port_now();
	if (ret)
		memory_held_free(h);
	return ret;
}

void memory_held_free(struct memory_held *h)
{
	memory_pages_free(&h->present);
	memory_pages_free(&h->swapped);
	memory_pages_free(&h->merged);
}
