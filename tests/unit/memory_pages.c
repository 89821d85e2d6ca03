// SPDX-License-Identifier: MIT
/*
 * Sets of pages against sets that are arrays of bytes; looks of an agent's, whole ones
 * and such with a byte that is another one; and what a monitor says of memory.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "memory/pages.h"
#include "memory/slots.h"
#include "uapi/vmsync_pages.h"

#define MOST 3000
#define BYTES (VMSYNC_PAGES_HEADER + MOST)

static struct ctf_error e;

static void fill(struct memory_pages *p, uint8_t *want, uint64_t n)
{
	uint64_t first, count, i;
	int k;

	CHECK_EQ(memory_pages_init(p, n), 0);
	memset(want, 0, MOST);
	for (k = 0; k < 12; k++) {
		first = check_range(0, n + 10);
		count = check_range(0, check_range(0, 3) ? 20 : 700);
		memory_pages_add(p, first, count);
		for (i = first; i < first + count && i < n; i++)
			want[i] = 1;
	}
}

static void expect_same(const struct memory_pages *p, const uint8_t *want)
{
	uint64_t i, n = 0, wrong = 0;

	for (i = 0; i < p->n; i++) {
		wrong += memory_pages_has(p, i) != want[i];
		n += want[i];
	}
	CHECK_EQ(wrong, 0);
	CHECK_EQ(memory_pages_count(p), n);
	CHECK_EQ(memory_pages_has(p, p->n), 0);
}

static void expect_ranges(const struct memory_pages *p, const uint8_t *want)
{
	uint64_t at = 0, n, i, sum = 0, from = check_range(0, p->n),
		 until = check_range(0, p->n + 5);

	for (; (n = memory_pages_next(p, &at)); at += n) {
		CHECK_EQ(at && want[at - 1], 0);
		CHECK_EQ(at + n < p->n && want[at + n], 0);
		for (i = at; i < at + n; i++)
			sum += want[i];
	}
	CHECK_EQ(sum, memory_pages_count(p));
	for (sum = 0, i = from; i < until && i < p->n; i++)
		sum += want[i];
	CHECK_EQ(memory_pages_in(p, from, until), sum);
}

/* The largest block that there is at each place, as the kernel's buddies are. */
static void expect_orders(const struct memory_pages *p, const uint8_t *want)
{
	uint64_t blocks[MEMORY_ORDERS], wanted[MEMORY_ORDERS] = { 0 }, at = 0, i;
	int order;

	memory_pages_orders(p, blocks);
	while (at < p->n) {
		for (order = MEMORY_ORDERS - 1; order >= 0; order--) {
			uint64_t size = 1ull << order;

			if (at % size)
				continue;
			for (i = 0; i < size && at + i < p->n && want[at + i]; i++)
				;
			if (i == size)
				break;
		}
		if (order >= 0)
			wanted[order]++;
		at += order > 0 ? 1ull << order : 1;
	}
	for (order = 0; order < MEMORY_ORDERS; order++)
		CHECK_EQ(blocks[order], wanted[order]);
}

static void test_sets(void)
{
	static uint8_t a[MOST], b[MOST];
	struct memory_pages p, q, r;
	uint64_t n = check_range(1, MOST), i;

	fill(&p, a, n);
	fill(&q, b, n);
	expect_same(&p, a);
	expect_ranges(&p, a);
	expect_orders(&p, a);
	CHECK_EQ(memory_pages_copy(&r, &p), 0);
	expect_same(&r, a);
	memory_pages_xor(&r, &q);
	memory_pages_less(&p, &q);
	memory_pages_and(&q, &r);
	for (i = 0; i < n; i++) {
		uint8_t x = a[i] ^ b[i];

		a[i] = a[i] && !b[i];
		b[i] = b[i] && x;
	}
	expect_same(&p, a);
	expect_same(&q, b);
	memory_pages_free(&p);
	memory_pages_free(&q);
	memory_pages_free(&r);
}

/* --- looks */

static void put64(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, 8);
}

/* A look as an agent writes it; returns its bytes. */
static size_t look_make(uint8_t *out, const uint8_t *free_pages, uint64_t n)
{
	uint64_t i, run = 0, n_free = 0;
	size_t at = VMSYNC_PAGES_HEADER;
	uint8_t now = 0;

	memset(out, 0, VMSYNC_PAGES_HEADER);
	memcpy(out, "VSPG\1\0\14", 7);
	for (i = 0; i <= n; i++) {
		if (i == n || free_pages[i] != now) {
			for (; run > 127; run >>= 7)
				out[at++] = (uint8_t)(run | 128);
			out[at++] = (uint8_t)run;
			now = !now;
			run = 0;
		}
		run++;
		n_free += i < n && free_pages[i];
	}
	put64(out + 8, 1000);
	put64(out + 16, 2000);
	put64(out + 24, n);
	put64(out + 32, n_free);
	put64(out + 40, at - VMSYNC_PAGES_HEADER);
	return at;
}

static const char *file_of(const uint8_t *bytes, size_t n)
{
	static char path[] = "/tmp/vmsync-unit-XXXXXX";
	static FILE *f;

	if (!f)
		f = fdopen(mkstemp(path), "w");
	rewind(f);
	CHECK_EQ(fwrite(bytes, 1, n, f), n);
	CHECK_EQ(fflush(f) || ftruncate(fileno(f), (off_t)n), 0);
	return path;
}

static void test_look(void)
{
	static uint8_t want[MOST], bytes[2 * BYTES];
	struct memory_pages p;
	struct memory_look l;
	uint64_t n = check_range(1, MOST), has = check_range(1, MOST);
	size_t len, at;

	fill(&p, want, n);
	len = look_make(bytes, want, n);
	CHECK_EQ(memory_look_read(&l, file_of(bytes, len), has, &e), 0);
	CHECK_EQ(l.strange + memory_pages_count(&l.free), memory_pages_count(&p));
	memset(want + n, 0, MOST - n);
	expect_same(&l.free, want);
	CHECK_EQ(l.end_ns - l.begin_ns, 1000);
	memory_look_free(&l);
	memory_pages_free(&p);
	/* Cut off, with something behind it, or with another byte somewhere. */
	CHECK(memory_look_read(&l, file_of(bytes, check_range(0, len - 1)), has, &e));
	bytes[len] = 0;
	CHECK(memory_look_read(&l, file_of(bytes, len + 1), has, &e));
	at = check_range(0, len - 1);
	bytes[at] ^= (uint8_t)check_range(1, 255);
	if (!memory_look_read(&l, file_of(bytes, len), has, &e)) {
		/* The same pages in the sum, or times that it does not know better. */
		CHECK_EQ(l.free.n, has);
		CHECK(memory_pages_count(&l.free) + l.strange <= VMSYNC_PAGES_MOST);
		memory_look_free(&l);
	}
}

static void expect_bad(const uint8_t *runs, size_t n, uint64_t pages, uint64_t n_free)
{
	uint8_t bytes[BYTES];
	struct memory_look l;

	look_make(bytes, (const uint8_t[]){ 0 }, 1);
	put64(bytes + 24, pages);
	put64(bytes + 32, n_free);
	put64(bytes + 40, n);
	memcpy(bytes + VMSYNC_PAGES_HEADER, runs, n);
	CHECK(memory_look_read(&l, file_of(bytes, VMSYNC_PAGES_HEADER + n), 64, &e) < 0);
}

static void test_bad_looks(void)
{
	/* A run of nothing, one that is longer than it must be, more than there are. */
	expect_bad((const uint8_t[]){ 0, 0, 5 }, 3, 5, 0);
	expect_bad((const uint8_t[]){ 5, 0, 5 }, 3, 10, 0);
	expect_bad((const uint8_t[]){ 0x85, 0 }, 2, 5, 0);
	expect_bad((const uint8_t[]){ 6 }, 1, 5, 0);
	expect_bad((const uint8_t[]){ 0, 5 }, 2, 5, 4);
	expect_bad((const uint8_t[]){ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				      0xff, 0x7f }, 10, 5, 0);
	expect_bad((const uint8_t[]){ 5 }, 1, VMSYNC_PAGES_MOST + 1, 0);
}

/* --- slots */

#define ROW(from, until, rest) "  " from "-" until " (prio 0, " rest "\n"
#define VIEW "FlatView #2\n AS \"memory\", root: system\n Root memory region: system\n"
#define OTHER "FlatView #0\n AS \"I/O\", root: io\n" \
	ROW("0000000000000000", "0000000000ffffff", "ram): not.this")
#define AFTER "\nFlatView #3\n AS \"cpu-smm-0\", root: memory\n" \
	ROW("0000000700000000", "00000007ffffffff", "ram): nor.this")

static int slots_of(struct memory_slots *s, const char *text)
{
	return memory_slots_parse(s, text, &e);
}

static void test_slots(void)
{
	static struct memory_slots s;

	CHECK_EQ(slots_of(&s, OTHER VIEW
		ROW("0000000000000000", "000000000009ffff", "ram): pc.ram")
		ROW("00000000000c0000", "00000000000dffff", "rom): pc.rom")
		ROW("0000000000100000", "00000000bfffffff", "ram): pc.ram @0000000000100000")
		ROW("00000000fec00000", "00000000fec00fff", "i/o): ioapic")
		ROW("0000000100000000", "000000017fffffff", "ram): a dimm @00000000c0000000")
		AFTER), 0);
	CHECK_EQ(s.n, 3);
	CHECK_EQ(s.slot[1].page, 256);
	CHECK_EQ(s.slot[1].pages, 0xbff00);
	CHECK(!strcmp(s.slot[2].name, "a dimm"));
	CHECK_EQ(memory_slots_pages(&s), 0x180000);
	/* A graphics card's, at the end of what 46 bits reach. */
	CHECK_EQ(slots_of(&s, VIEW
		ROW("0000000000000000", "000000001fffffff", "ram): pc.ram")
		ROW("00000000fd000000", "00000000fdffffff", "ram): vga.vram")
		ROW("00003ffffe000000", "00003fffffffffff", "ram): other.vram")), 0);
	CHECK_EQ(s.n, 2);
	CHECK_EQ(s.pages, (512 + 16) * 256);
	/* More than 1 TiB begins again there. */
	CHECK_EQ(slots_of(&s, VIEW
		ROW("0000000000000000", "000000007fffffff", "ram): pc.ram")
		ROW("0000010000000000", "000001ffffffffff", "ram): pc.ram @0000000080000000")),
		 0);
	CHECK_EQ(s.n, 2);
	CHECK_EQ(memory_slots_pages(&s), 0x20000000);
	CHECK(slots_of(&s, "") < 0);
	CHECK(slots_of(&s, OTHER) < 0);
	CHECK(slots_of(&s, VIEW) < 0);
	/* Parts within each other, or beyond everything. */
	CHECK(slots_of(&s, VIEW
		ROW("0000000000000000", "00000000000fffff", "ram): a")
		ROW("00000000000f0000", "00000000001fffff", "ram): b")) < 0);
	CHECK(slots_of(&s, VIEW
		ROW("0000000000000000", "ffffffffffffffff", "ram): a")) < 0);
	CHECK(slots_of(&s, VIEW
		ROW("fffffffffffff000", "ffffffffffffffff", "ram): a")) < 0);
	CHECK(slots_of(&s, VIEW
		ROW("00000000000f0000", "000000000000ffff", "ram): a")) < 0);
}

int main(int argc, char **argv)
{
	int i;

	check_init(argc, argv);
	for (i = 0; i < 300; i++) {
		test_sets();
		test_look();
	}
	test_bad_looks();
	test_slots();
	unlink(file_of((const uint8_t *)"", 0));
	return check_done();
}
