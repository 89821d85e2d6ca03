// SPDX-License-Identifier: MIT
/*
 * The order of a merge, against a sort of all events: streams of very
 * different rates, with many events of the same time.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "ctf/ctf.h"

#define MAX_STREAMS	9
#define MAX_EVENTS	3000

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
	" integer { size = 32; align = 8; } _n; }; };\n";

struct want {
	uint64_t time;
	unsigned int stream;
	uint32_t n;
};

static char dir[64];
static struct want want[2 * MAX_STREAMS * MAX_EVENTS];
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

static void write_stream(unsigned int k)
{
	static uint8_t buf[16 + 14 * MAX_EVENTS];
	uint64_t step = check_bits(12), t = 100 + check_range(0, 50), size;
	uint32_t i, n = (uint32_t)check_bits(12) % MAX_EVENTS + 1;
	uint8_t *p = buf + 16;
	uint16_t id = 3;
	char name[32];

	for (i = 0; i < n; i++) {
		if (check_rand() % 3 == 0)
			t += check_range(0, step);
		memcpy(p, &id, 2);
		memcpy(p + 2, &t, 8);
		memcpy(p + 10, &i, 4);
		p += 14;
		want[n_want++] = (struct want){ t, k, i };
	}
	size = (uint64_t)(p - buf) * 8;
	memcpy(buf, &size, 8);
	memcpy(buf + 8, &size, 8);
	snprintf(name, sizeof(name), "s%u", k);
	write_file(name, buf, (size_t)(p - buf));
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

/* The same trace twice: the second one's streams come after the first's. */
static void run_one(unsigned int streams, unsigned int traces)
{
	struct ctf_error e;
	struct ctf_trace *t = ctf_trace_open(dir, &e);
	struct ctf_merge *m = ctf_merge_new();
	const struct ctf_event *ev;
	struct ctf_field f;
	size_t i, k;
	uint64_t n;
	int ret;

	CHECK(t && ctf_field_find(ctf_trace_class(t, 0), CTF_PAYLOAD, "n", &f));
	for (i = 0; i < traces; i++)
		CHECK_EQ(ctf_merge_add(m, t, NULL, &e), i);
	for (i = 0, k = n_want; i < k && traces == 2; i++) {
		want[n_want] = want[i];
		want[n_want++].stream += streams;
	}
	qsort(want, n_want, sizeof(*want), by_order);
	ctf_merge_jobs(m, 1 + (unsigned int)check_range(0, 2));
	for (i = 0; (ret = ctf_merge_next(m, &ev, &e)) > 0; i++) {
		const struct want *w = &want[i];

		if (i >= n_want || !ctf_get_u64(ev, &f, &n) ||
		    ev->time != w->time + 7 || ev->clock != w->time ||
		    n != w->n || ev->source != w->stream / streams ||
		    ev->stream != ctf_trace_stream(t, w->stream % streams))
			break;
	}
	CHECK_EQ(ret, 0);
	CHECK_EQ(i, n_want);
	ctf_merge_free(m);
	ctf_trace_close(t);
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
		for (k = 0; k < n; k++)
			write_stream(k);
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
