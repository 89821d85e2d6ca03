// SPDX-License-Identifier: MIT
/*
 * Maps saved and loaded are the same to the bit; anything else than a map is
 * refused with one line that says where.
 *
 * Cases: VMSYNC_CASES small maps, 2000 if not set, and VMSYNC_SEGMENTS segments
 * in long ones, 10^6 if not set.
 */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "sync/map/map.h"

#define MAX_GUESTS 3

static char *random_name(void)
{
	size_t n = check_range(0, 20);
	char *s = malloc(n + 1);

	for (size_t i = 0; i < n; i++)
		s[i] = (char)check_range(1, 255);
	s[n] = '\0';
	return s;
}

static void random_map(struct vmsync_map *map)
{
	size_t n = check_range(0, 5);
	int64_t g = (int64_t)check_bits(60), h = (int64_t)check_bits(60);

	vmsync_map_init(map);
	map->extrapolation_ppb = (uint32_t)check_bits(32);
	map->extrapolation_ns = check_rand() & 1 ? (int64_t)check_bits(63) : 0;
	for (size_t i = 0; i < n; i++) {
		struct vmsync_segment s = {
			.guest_start.ns = g,
			.guest_end.ns = g + (int64_t)check_bits(59),
			.host_start.ns = h,
			.slope = check_bits(64) | 1,
			.shift = (uint32_t)check_range(0, 63),
			.method = check_range(0, VMSYNC_METHOD_COUNT - 1),
			.bound_ns = (int64_t)check_bits(63),
			.epoch = (uint32_t)check_bits(32),
		};

		s.host_frac = s.shift ? check_rand() >> (64 - s.shift) : 0;
		CHECK(!vmsync_map_append(map, &s));
		g += (int64_t)check_bits(59) + 1;
		h += (int64_t)check_bits(59);
	}
}

static void random_guest(struct vmsync_guest_map *gm)
{
	gm->vm_uid = check_bits(64);
	gm->hostname = random_name();
	gm->clock_uuid = random_name();
	gm->host_clock_uuid = random_name();
	gm->vcpus = (uint32_t)check_range(0, 4);
	gm->maps = calloc(gm->vcpus + 1, sizeof(*gm->maps));
	for (uint32_t i = 0; i < gm->vcpus; i++) {
		random_map(&gm->maps[i]);
		/* Sometimes the same as the one before it. */
		if (!i || check_rand() & 1)
			continue;
		vmsync_map_free(&gm->maps[i]);
		gm->maps[i].extrapolation_ppb = gm->maps[i - 1].extrapolation_ppb;
		gm->maps[i].extrapolation_ns = gm->maps[i - 1].extrapolation_ns;
		for (size_t k = 0; k < gm->maps[i - 1].count; k++)
			vmsync_map_append(&gm->maps[i],
					  &gm->maps[i - 1].segments[k]);
	}
}

static int same_guest(const struct vmsync_guest_map *a,
		      const struct vmsync_guest_map *b)
{
	if (a->vm_uid != b->vm_uid || strcmp(a->hostname, b->hostname) ||
	    strcmp(a->clock_uuid, b->clock_uuid) ||
	    strcmp(a->host_clock_uuid, b->host_clock_uuid) ||
	    a->vcpus != b->vcpus)
		return 0;
	for (uint32_t i = 0; i < a->vcpus; i++)
		if (!vmsync_map_equal(&a->maps[i], &b->maps[i]))
			return 0;
	return 1;
}

static void test_round_trip(void)
{
	struct vmsync_guest_map gms[MAX_GUESTS] = { 0 }, *back = NULL;
	size_t n = check_range(0, MAX_GUESTS), got = 99, size;
	char error[200] = "", *text;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; i < n; i++)
		random_guest(&gms[i]);
	CHECK_EQ(vmsync_map_save(f, gms, n), 0);
	fclose(f);
	f = fmemopen(text, size, "r");
	CHECK_EQ(vmsync_map_load(f, &back, &got, error, sizeof(error)), 0);
	fclose(f);
	CHECK_EQ(got, n);
	for (size_t i = 0; i < n && got == n; i++)
		CHECK(same_guest(&gms[i], &back[i]));
	for (size_t i = 0; i < n; i++)
		vmsync_guest_map_free(&gms[i]);
	for (size_t i = 0; got != 99 && i < got; i++)
		vmsync_guest_map_free(&back[i]);
	free(back);
	free(text);
}

/* One long map: each segment is a case of its own. */
static void random_segments(struct vmsync_map *map, size_t n)
{
	int64_t g = (int64_t)check_bits(60), h = (int64_t)check_bits(60);

	for (size_t i = 0; i < n; i++) {
		uint64_t r = check_rand(), shift = r & 63;
		struct vmsync_segment s = {
			.guest_start.ns = g,
			.guest_end.ns = g + (int64_t)(check_rand() >> 5 >>
						      (r >> 6 & 31)),
			.host_start.ns = h,
			.slope = check_rand() >> (r >> 12 & 63) | 1,
			.shift = (uint32_t)shift,
			.host_frac = shift ? check_rand() >> (64 - shift) : 0,
			.method = (r >> 18 & 1023) % VMSYNC_METHOD_COUNT,
			.bound_ns = (int64_t)(check_rand() >> 1 >>
					      (r >> 28 & 63)),
			.epoch = (uint32_t)(r >> 34 >> (r >> 55 & 31)),
		};

		if (vmsync_map_append(map, &s))
			CHECK(!"append");
		g += (int64_t)(check_rand() >> 14 >> (r >> 49 & 31)) + 1;
		h += (int64_t)(check_rand() >> 14 >> (r >> 44 & 31));
	}
}

#define LONG 250

static void test_long(void)
{
	struct vmsync_map map = { .extrapolation_ppb = 1 };
	struct vmsync_guest_map gm = { 0 }, *back = NULL;
	char error[200] = "", *text;
	size_t got = 0, size;
	FILE *f = open_memstream(&text, &size);

	random_segments(&map, LONG);
	CHECK_EQ(map.count, LONG);
	gm.hostname = gm.clock_uuid = gm.host_clock_uuid = "";
	gm.maps = &map;
	gm.vcpus = 1;
	CHECK_EQ(vmsync_map_save(f, &gm, 1), 0);
	fclose(f);
	f = fmemopen(text, size, "r");
	CHECK_EQ(vmsync_map_load(f, &back, &got, error, sizeof(error)), 0);
	fclose(f);
	CHECK(got == 1 && same_guest(&gm, back));
	if (got)
		vmsync_guest_map_free(back);
	free(back);
	free(text);
	vmsync_map_free(&map);
}

static int load_text(const char *text, size_t size, char *error, size_t n)
{
	struct vmsync_guest_map *gms;
	FILE *f = fmemopen((void *)text, size, "r");
	size_t got = 0;
	int err = vmsync_map_load(f, &gms, &got, error, n);

	fclose(f);
	if (err)
		return err;
	for (size_t i = 0; i < got; i++)
		vmsync_guest_map_free(&gms[i]);
	free(gms);
	return 0;
}

#define GUEST(cpus) \
	"{\"vmsync_map\": 1, \"guests\": [{\"vm_uid\": 1, \"hostname\": \"a\", " \
	"\"clock_uuid\": \"\", \"host_clock_uuid\": \"\", \"cpus\": [" cpus "]}]}"
#define SEGMENT(g, shift, frac, method) \
	"{\"guest_start\": " g ", \"guest_end\": 900, \"host_start\": 7, " \
	"\"slope\": 1, \"shift\": " shift ", \"host_frac\": " frac ", " \
	"\"method\": \"" method "\", \"bound_ns\": 0, \"epoch\": 0}"
#define CPU(segments) "{\"extrapolation_ppb\": 1, \"segments\": [" segments "]}"

static const struct {
	const char *text;
	const char *error;	/* NULL: it is good */
} texts[] = {
	{ GUEST(""), NULL },
	{ GUEST(CPU("")), NULL },
	{ GUEST(CPU(SEGMENT("5", "0", "0", "exact"))), NULL },
	{ GUEST(CPU("") ", {\"same_as\": 0}"), NULL },
	{ " { \"guests\" : [ ] ,\n\"vmsync_map\" : 1 } \n", NULL },
	{ GUEST(CPU(SEGMENT("05", "0", "0", "exact"))), "begins with 0" },
	{ GUEST(CPU(SEGMENT("-5", "0", "0", "exact"))), "not negative" },
	{ GUEST(CPU(SEGMENT("5.0", "0", "0", "exact"))), "expected '}'" },
	{ GUEST(CPU(SEGMENT("9223372036854775808", "0", "0", "exact"))),
	  "number above 9223372036854775807" },
	{ GUEST(CPU(SEGMENT("18446744073709551616", "0", "0", "exact"))),
	  "number above" },
	{ GUEST(CPU(SEGMENT("901", "0", "0", "exact"))), "not valid" },
	{ GUEST(CPU(SEGMENT("5", "64", "0", "exact"))), "number above 63" },
	{ GUEST(CPU(SEGMENT("5", "3", "8", "exact"))), "not valid" },
	{ GUEST(CPU(SEGMENT("5", "3", "7", "guess"))), "no method" },
	{ GUEST(CPU(SEGMENT("5", "0", "0", "exact") ","
		    SEGMENT("5", "0", "0", "exact"))), "not valid after" },
	{ GUEST(CPU("{\"guest_start\": 1}")), "missing" },
	{ GUEST(CPU("{\"guest_start\": 1, \"guest_start\": 1}")), "twice" },
	{ GUEST("{\"same_as\": 0}"), "not before it" },
	{ GUEST("{\"segments\": []}"), "or same_as" },
	{ GUEST("{\"x\": []}"), "\"x\" is not a member of a CPU" },
	{ "{\"vmsync_map\": 1}", "missing" },
	{ "{\"vmsync_map\": 0, \"guests\": []}", "version" },
	{ "{\"vmsync_map\": 2, \"guests\": []}", "above 1" },
	{ "{\"vmsync_map\": 1, \"guests\": [{}]}", "expected '\"'" },
	{ "{\"vmsync_map\": 1, \"guests\": []} x", "follows" },
	{ "{\"vmsync_map\": 1, \"guests\": [", "line 1, column" },
	{ "[]", "line 1, column 1: expected '{'" },
	{ " ", "expected" },
	{ "{\"vmsync_map\": 1, \"guests\":\n [{\"hostname\": \"\\u0000\"}]}",
	  "line 2, column 22: escape" },
};

static void test_texts(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char error[200] = "";
		int err = load_text(texts[i].text, strlen(texts[i].text), error,
				    sizeof(error));
		int want = texts[i].error ? -EINVAL : 0;

		CHECK_EQ(err, want);
		CHECK(!texts[i].error || strstr(error, texts[i].error));
		if (err != want ||
		    (texts[i].error && !strstr(error, texts[i].error)))
			printf("     text %zu: %s\n", i, error);
	}
}

/* Cut anywhere: an error, never a map, never a crash. */
static void test_cut(void)
{
	static const char text[] =
		GUEST(CPU(SEGMENT("5", "0", "0", "exact")) ", {\"same_as\": 0}");
	char error[200];

	for (size_t n = 1; n < sizeof(text) - 1; n++)
		CHECK_EQ(load_text(text, n, error, sizeof(error)), -EINVAL);
	for (size_t n = 0; n < 20000; n++) {
		char bad[sizeof(text)];

		memcpy(bad, text, sizeof(bad));
		for (int k = 0; k < 3; k++)
			bad[check_range(0, sizeof(text) - 2)] =
				"{}[],:\"09 a\\"[check_range(0, 11)];
		load_text(bad, sizeof(text) - 1, error, sizeof(error));
	}
}

int main(int argc, char **argv)
{
	const char *segments = getenv("VMSYNC_SEGMENTS");
	uint64_t n = check_cases(2000);
	uint64_t many = segments ? strtoull(segments, NULL, 0) : 1000000;

	check_init(argc, argv);
	test_texts();
	test_cut();
	for (uint64_t i = 0; i < n; i++)
		test_round_trip();
	for (uint64_t i = 0; i < many / LONG; i++)
		test_long();
	return check_done();
}
