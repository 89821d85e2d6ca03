// SPDX-License-Identifier: MIT
/*
 * The pages of a process, which is a child of this one, with memory of which every page
 * is known: written, only read, another's too, or not there. By single pages, and by
 * ranges where the kernel has these. Needs root.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "memory/held.h"

#define PAGES 64
#define FIRST 1000 /* page frame of the guest that it would be */

static struct ctf_error e;
static struct memory_slots slots;

static char *memory_make(int flags)
{
	char *p = mmap(NULL, PAGES * MEMORY_PAGE, PROT_READ | PROT_WRITE,
		       flags | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	/* All pages for themselves. */
	madvise(p, PAGES * MEMORY_PAGE, MADV_NOHUGEPAGE);
	return p;
}

static void touch(char *p)
{
	volatile char *at;
	int i;

	for (i = 0; i < PAGES; i++) {
		at = p + (size_t)i * MEMORY_PAGE;
		if (i % 4 == 1)
			*at = 1;
		else if (i % 4 == 2)
			(void)*at;
	}
}

/* It waits for its end, with its memory as it is wanted. */
static pid_t child_start(char *mine, char *shared)
{
	int ends[2];
	char c;
	pid_t pid;

	CHECK_EQ(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		touch(mine);
		touch(shared);
		c = 0;
		if (write(ends[1], &c, 1) == 1)
			pause();
		_exit(0);
	}
	CHECK_EQ(read(ends[0], &c, 1), 1);
	close(ends[0]);
	close(ends[1]);
	return pid;
}

static void slot_add(char *p, uint64_t page)
{
	slots.slot[slots.n++] = (struct memory_slot){
		.page = page, .pages = PAGES, .address = (uint64_t)(uintptr_t)p };
}

static void test_pages(const struct memory_process *p)
{
	struct memory_held h;
	uint64_t i;

	CHECK_EQ(memory_process_check(p, &slots, &e), 0);
	CHECK_EQ(memory_held_look(&h, p, &slots, &e), 0);
	for (i = 0; i < PAGES; i++) {
		CHECK_EQ(memory_pages_has(&h.present, FIRST + i), i % 4 == 1);
		/* Reading makes a page where it could be somebody's. */
		CHECK_EQ(memory_pages_has(&h.present, FIRST + PAGES + i),
			 i % 4 == 1 || i % 4 == 2);
	}
	CHECK_EQ(memory_pages_count(&h.present), PAGES / 4 * 3);
	CHECK_EQ(h.zero, PAGES / 4);
	CHECK_EQ(h.shared, PAGES / 2);
	CHECK_EQ(h.huge + h.hugetlb, 0);
	CHECK_EQ(memory_pages_count(&h.swapped), 0);
	CHECK(h.begin_ns < h.end_ns);
	memory_held_free(&h);
}

#define LARGE (4ull << 20)

/* Of memory in large pages, where the kernel has some left, both tell the same. */
static void test_large(void)
{
	char *p = mmap(NULL, 2 * LARGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t at = ((uint64_t)(uintptr_t)p + LARGE - 1) / LARGE * LARGE;
	struct memory_slots large = { .n = 1 };
	struct memory_process self;
	struct memory_held h[2];
	int i;

	CHECK(p != MAP_FAILED);
	large.slot[0] = (struct memory_slot){ .pages = LARGE / MEMORY_PAGE,
					      .address = at };
	madvise((void *)(uintptr_t)at, LARGE, MADV_HUGEPAGE);
	for (i = 0; i < 600; i++)
		*(volatile char *)(uintptr_t)(at + (uint64_t)i * MEMORY_PAGE) = 1;
	CHECK_EQ(memory_process_open(&self, getpid(), &e), 0);
	CHECK_EQ(memory_held_look(&h[0], &self, &large, &e), 0);
	self.scan = false;
	CHECK_EQ(memory_held_look(&h[1], &self, &large, &e), 0);
	CHECK(memory_pages_count(&h[0].present) >= 600);
	CHECK_EQ(memory_pages_count(&h[0].present), memory_pages_count(&h[1].present));
	CHECK_EQ(h[0].huge, h[1].huge);
	CHECK_EQ(h[0].shared + h[0].zero, h[1].shared + h[1].zero);
	memory_held_free(&h[0]);
	memory_held_free(&h[1]);
	memory_process_close(&self);
	munmap(p, 2 * LARGE);
}

/* Addresses at which it has no memory, or not all of it. */
static void test_elsewhere(const struct memory_process *p)
{
	struct memory_slots other = slots;

	other.slot[0].address = 0x1000;
	CHECK_EQ(memory_process_check(p, &other, &e), -EINVAL);
	other.slot[0].address = UINT64_MAX - 4095;
	CHECK_EQ(memory_process_check(p, &other, &e), -EINVAL);
	other = slots;
	other.slot[1].pages = 1ull << 34;
	CHECK_EQ(memory_process_check(p, &other, &e), -EINVAL);
}

/* Whoever gets its number now is not taken for it. */
static void test_gone(struct memory_process *p, bool scan, pid_t child)
{
	struct memory_process late;
	struct memory_held h;

	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	CHECK_EQ(memory_process_check(p, &slots, &e), -ESRCH);
	p->scan = false;
	CHECK_EQ(memory_held_look(&h, p, &slots, &e), -ESRCH);
	p->scan = scan;
	CHECK_EQ(memory_held_look(&h, p, &slots, &e), -ESRCH);
	CHECK_EQ(memory_process_open(&late, child, &e), -ENOENT);
}

int main(void)
{
	struct memory_process p;
	char *mine, *shared;
	bool scan;
	pid_t child;

	if (geteuid()) {
		puts("0 passed, 0 failed, 1 skipped");
		return 0;
	}
	mine = memory_make(MAP_PRIVATE);
	shared = memory_make(MAP_SHARED);
	child = child_start(mine, shared);
	slot_add(mine, FIRST);
	slot_add(shared, FIRST + PAGES);
	CHECK_EQ(memory_process_open(&p, child, &e), 0);
	scan = p.scan;
	p.scan = false;
	test_pages(&p);
	p.scan = scan;
	test_pages(&p);
	test_elsewhere(&p);
	test_gone(&p, scan, child);
	memory_process_close(&p);
	test_large();
	return check_done();
}
