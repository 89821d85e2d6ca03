// SPDX-License-Identifier: MIT
/*
 * The order of a merge, against a sort of all events: streams of very
 * different rates, with many events of the same time, gaps of years, and packets
 * of all sizes.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "ctf/take.h"

#define MAX_STREAMS	9
#define MAX_EVENTS	3000
#define MANY_EVENTS	30000	/* so many that notes come in several rows, see rows.c */
#define MAX_STREAM	(8u << 20)	/* bytes */
#define HEAD		16		/* bytes of a packet */
#define FIXED		18		/* bytes of an event, but for those that it counts */

static const char metadata[] =
	"/* CTF 1.8 */\n"
	"trace { major = 1; minor = 8; byte_order = le; };\n"
	"clock { name = c; freq = 1000000000; offset = 7; };\n"
	"stream { packet.context := struct {\n"
	" integer { size = 64; align = 8; } content_size;\n"
	" integer { size = 64; align = 8; } packet_size; };\n"
	"event.header := struct { integer { size = 16; align = 8; } id;\n"
	" integer { size = 64; align = 8; map = clock.c.value; } timestamp; }; };\n"
	"event { name = e; id = 3; fields := struct {\n"
	" integer { size = 32; align = 8; } _n;\n"
	" integer { size = 32; align = 8; } _len;\n"
	" integer { size = 8; align = 8; } _byte[_len]; }; };\n";

struct want {
	uint64_t time;
	unsigned int stream;
	uint32_t n, len;
};

static char dir[64];
static struct want want[MAX_STREAMS * MANY_EVENTS];
static size_t n_want;

static void write_file(const char *name, const void *data, size_t n)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0 || write(fd, data, n) != (ssize_t)n || close(fd))
		abort();
}

/* How many bytes an event of a stream of this kind counts. */
static uint32_t byte_count(unsigned int kind)
{
	if (kind == 0)
		return (uint32_t)check_bits(8);
	return kind == 1 && check_rand() % 64 == 0 ? (uint32_t)check_bits(19) : 0;
}

static uint8_t *write_event(uint8_t *p, const struct want *w)
{
	uint16_t id = 3;

	memcpy(p, &id, 2);
	memcpy(p + 2, &w->time, 8);
	memcpy(p + 10, &w->n, 4);
	memcpy(p + 14, &w->len, 4);
	memset(p + FIXED, (uint8_t)w->n, w->len);
	return p + FIXED + w->len;
}

static void write_stream(unsigned int k, uint32_t n)
{
	static uint8_t buf[MAX_STREAM];
	uint64_t step = check_bits(12), t = 100 + check_range(0, 50), size;
	uint32_t i, len;
	uint64_t most = (1u << check_range(0, 12)) - 1;	/* of a packet, about */
	unsigned int kind = check_rand() % 16;
	uint8_t *packet = buf, *p = buf + HEAD;
	char name[32];

	for (i = 0; i < n; i++) {
		if (check_rand() % 3 == 0)
			t += check_range(0, step);
		if (check_rand() % 1024 == 0)
			t += check_range(0, 1ull << 58);
		len = byte_count(kind);
		if (len > buf + MAX_STREAM - p - (HEAD + FIXED) * (n - i))
			len = 0;
		want[n_want] = (struct want){ t, k, i, len };
		p = write_event(p, &want[n_want++]);
		if (check_rand() & most && i + 1 < n)
			continue;
		size = (uint64_t)(p - packet) * 8;
		memcpy(packet, &size, 8);
		memcpy(packet + 8, &size, 8);
		packet = p;
		p += HEAD;
	}
	snprintf(name, sizeof(name), "s%u", k);
	write_file(name, buf, (size_t)(packet - buf));
}

static int by_order(const void *a, const void *b)
{
	const struct want *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->stream != y->stream)
		return x->stream < y->stream ? -1 : 1;
	return x->n < y->n ? -1 : x->n > y->n;
}

/* @f: n and byte. */
static bool same_fields(const struct ctf_event *ev, const struct ctf_field f[2],
			const struct want *w)
{
	uint64_t n, len, a = 0, b = 0;

	if (!ctf_get_u64(ev, &f[0], &n) || !ctf_get_len(ev, &f[1], &len) ||
	    n != w->n || len != w->len)
		return false;
	return !len || (ctf_get_elem(ev, &f[1], 0, &a) &&
			ctf_get_elem(ev, &f[1], len - 1, &b) &&
			a == (uint8_t)n && b == a);
}

/* The same trace twice: the second one's streams come after the first's. */
static void run_one(unsigned int streams, unsigned int traces)
{
	struct ctf_error e;
	struct ctf_trace *t = ctf_trace_open(dir, &e);
	struct ctf_merge *m = ctf_merge_new();
	const struct ctf_event *ev;
	struct ctf_field f[2];
	struct ctf_pool *pool;
	size_t i, k;
	int ret;

	CHECK(t && ctf_field_any(ctf_trace_class(t, 0), "n", &f[0]) &&
	      ctf_field_any(ctf_trace_class(t, 0), "byte", &f[1]));
	for (i = 0; i < traces; i++)
		CHECK_EQ(ctf_merge_add(m, t, NULL, &e), i);
	for (i = 0, k = n_want; i < k && traces == 2; i++) {
		want[n_want] = want[i];
		want[n_want++].stream += streams;
	}
	qsort(want, n_want, sizeof(*want), by_order);
	pool = ctf_pool_new(1 + (unsigned int)check_range(0, 2));
	ctf_merge_pool(m, pool);
	for (i = 0; (ret = ctf_merge_next(m, &ev, &e)) > 0; i++) {
		const struct want *w = &want[i];

		if (i >= n_want || !same_fields(ev, f, w) ||
		    ev->time != w->time + 7 || ev->clock != w->time ||
		    ev->source != w->stream / streams ||
		    ev->stream != ctf_trace_stream(t, w->stream % streams))
			break;
	}
	CHECK_EQ(ret, 0);
	CHECK_EQ(i, n_want);
	ctf_merge_free(m);
	ctf_pool_free(pool);
	ctf_trace_close(t);
}

/* What whoever takes events writes down of those that are merged. */
struct note {
	uint32_t n, len;
	uint64_t clock;
};

/* Few: so few that no task gets to one at a go. */
static enum { KEPT_FEW, KEPT_SOME, KEPT_MOST } kept;

/* Which are left out: nearly all, few, or whole blocks. */
static bool is_kept(uint32_t n)
{
	if (kept == KEPT_MOST)
		return n % 97 != 3;
	return kept == KEPT_FEW ? n % 997 == 2 :
				  n % 5 == 2 || (n & 0xc00) == 0x400;
}

/* Meanwhile other threads decode and merge what follows. */
static void use(void)
{
	if (kept == KEPT_MOST && check_rand() % 256 == 0)
		usleep((unsigned int)check_range(0, 1000));
}

static int take(void *ctx, struct ctf_some *some, struct ctf_error *e)
{
	const struct ctf_field *f = ctx;
	uint32_t i;

	(void)e;
	for (i = 0; i < some->n; i++) {
		const struct ctf_event *ev = ctf_some_event(some, i);
		struct note note = { .clock = some->clock[i] };
		uint64_t n, len;

		/* Other threads count no checks. */
		if (ctf_some_class(some, i) != ev->cls->index ||
		    !ctf_get_u64(ev, &f[0], &n) || !ctf_get_u64(ev, &f[1], &len))
			return -EINVAL;
		note.n = (uint32_t)n;
		note.len = (uint32_t)len;
		if (is_kept(note.n))
			memcpy(ctf_some_keep(some, i), &note, sizeof(note));
	}
	return 0;
}

/* So many streams that another thread merges none of them, see rows.c. */
static void add_unwanted(struct ctf_merge *m, const struct ctf_trace *t)
{
	static const uint8_t none[1];
	struct ctf_error e;
	size_t n;

	for (n = 0; n <= 32; n += ctf_trace_streams(t))
		CHECK(ctf_merge_add_want(m, t, NULL, none, &e) > 0);
}

/* Those that are kept, by their notes. */
static void run_noted(void)
{
	struct ctf_pool *pool = check_rand() & 1 ? ctf_pool_new(3) : NULL;
	struct ctf_merge *m = ctf_merge_new();
	struct ctf_noted noted[32];
	struct ctf_error e;
	struct ctf_trace *t = ctf_trace_open(dir, &e);
	struct ctf_field f[2];
	uint32_t most = 1 + (uint32_t)check_range(0, 31);
	size_t i = 0;
	int k, n;

	CHECK(t && m && ctf_merge_add(m, t, NULL, &e) == 0);
	if (!t || !m)
		return;
	CHECK(ctf_field_any(ctf_trace_class(t, 0), "n", &f[0]));
	CHECK(ctf_field_any(ctf_trace_class(t, 0), "len", &f[1]));
	ctf_merge_pool(m, pool);
	ctf_merge_note(m, 0, sizeof(struct note));
	ctf_merge_take(m, 0, take, f);
	if (kept != KEPT_MOST && check_rand() % 4 == 0)
		add_unwanted(m, t);
	qsort(want, n_want, sizeof(want[0]), by_order);
	while ((n = ctf_merge_notes(m, noted, most, &e)) > 0) {
		use();
		for (k = 0; k < n; k++, i++) {
			const struct note *note = noted[k].note;

			while (i < n_want && !is_kept(want[i].n))
				i++;
			if (i == n_want || noted[k].time != want[i].time + 7 ||
			    note->clock != want[i].time ||
			    note->n != want[i].n || note->len != want[i].len)
				break;
		}
		if (k < n)
			break;
	}
	CHECK_EQ(n, 0);
	while (i < n_want && !is_kept(want[i].n))
		i++;
	CHECK_EQ(i, n_want);
	ctf_merge_free(m);
	ctf_pool_free(pool);
	ctf_trace_close(t);
}

static uint32_t events(void)
{
	if (kept == KEPT_MOST)
		return 1 + (uint32_t)check_range(0, MANY_EVENTS - 1);
	return (uint32_t)check_bits(12) % MAX_EVENTS + 1;
}

int main(int argc, char **argv)
{
	uint64_t first;
	char path[128];
	unsigned int i, k, n;

	check_init(argc, argv);
	first = check_seed;
	strcpy(dir, "/tmp/ctf_merge.XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	write_file("metadata", metadata, strlen(metadata));
	for (i = 0; i < 300; i++) {
		check_reseed(first + i);
		n = 1 + (unsigned int)check_range(0, MAX_STREAMS - 1);
		n_want = 0;
		kept = i % 16 ? check_rand() & 1 : KEPT_MOST;
		for (k = 0; k < n; k++)
			write_stream(k, events());
		run_noted();
		if (kept != KEPT_MOST)
			run_one(n, 1 + (check_rand() & 1));
		for (k = 0; k < n; k++) {
			snprintf(path, sizeof(path), "%s/s%u", dir, k);
			unlink(path);
		}
	}
	snprintf(path, sizeof(path), "%s/metadata", dir);
	unlink(path);
	rmdir(dir);
	return check_done();
}
