// SPDX-License-Identifier: MIT
/*
 * A stream cut at every byte, a metadata file cut at every byte: the events of
 * the whole packets, then an error that names the place. Never silence.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "ctf/ctf.h"

#define PACKET	8192
#define PACKETS	3

static const char metadata[] =
	"/* CTF 1.8 */\n"
	"typealias integer { size = 8; align = 8; signed = false; } := uint8_t;\n"
	"typealias integer { size = 32; align = 8; signed = false; } := uint32_t;\n"
	"typealias integer { size = 64; align = 8; signed = false; } := uint64_t;\n"
	"typealias integer { size = 5; align = 1; signed = false; } := uint5_t;\n"
	"trace {\n\tmajor = 1;\n\tminor = 8;\n\tbyte_order = le;\n"
	"\tpacket.header := struct { uint32_t magic; uint32_t stream_id; };\n};\n"
	"clock { name = \"mono\"; freq = 1000000000; offset = 5; };\n"
	"typealias integer { size = 27; align = 1; map = clock.mono.value; } := stamp27;\n"
	"typealias integer { size = 64; align = 8; map = clock.mono.value; } := stamp64;\n"
	"struct header {\n\tenum : uint5_t { compact = 0 ... 30, extended = 31 } id;\n"
	"\tvariant <id> {\n\t\tstruct { stamp27 timestamp; } compact;\n"
	"\t\tstruct { uint32_t id; stamp64 timestamp; } extended;\n\t} v;\n} align(8);\n"
	"stream {\n\tid = 0;\n\tevent.header := struct header;\n"
	"\tpacket.context := struct {\n\t\tstamp64 timestamp_begin;\n"
	"\t\tstamp64 timestamp_end;\n\t\tuint64_t content_size;\n"
	"\t\tuint64_t packet_size;\n\t};\n};\n"
	"event {\n\tname = \"number\";\n\tid = 0;\n\tstream_id = 0;\n"
	"\tfields := struct { uint64_t _a; };\n};\n"
	"event {\n\tname = \"text\";\n\tid = 1;\n\tstream_id = 0;\n"
	"\tfields := struct { uint32_t _n; uint8_t _b[_n]; string _s; };\n};\n";

static char dir[64], meta_path[96], stream_path[96];
static uint64_t events_in[PACKETS];	/* of the packets up to each */

static uint8_t *put(uint8_t *p, uint64_t v, unsigned int bytes)
{
	memcpy(p, &v, bytes);
	return p + bytes;
}

static uint8_t *put_event(uint8_t *p, uint64_t *t)
{
	unsigned int id = check_rand() & 1, n = check_rand() % 9;

	*t += check_range(1, 5000);
	p = put(p, id | (uint32_t)(*t << 5), 4);
	if (!id)
		return put(p, check_rand(), 8);
	p = put(p, n, 4);
	memset(p, 'x', n + 5);
	p[n + 4] = 0;
	return p + n + 5;
}

static void write_file(const char *path, const void *data, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (fd < 0 || write(fd, data, n) != (ssize_t)n || close(fd))
		abort();
}

static void write_stream(void)
{
	static uint8_t file[PACKET * PACKETS];
	uint64_t t = 1000, events = 0, begin;
	unsigned int k;

	for (k = 0; k < PACKETS; k++) {
		uint8_t *start = file + k * PACKET, *p = start + 40;

		begin = t;
		while (p < start + PACKET - 64) {
			p = put_event(p, &t);
			events++;
		}
		put(put(start, 0xC1FC1FC1, 4), 0, 4);
		put(put(start + 8, begin, 8), t, 8);
		put(put(start + 24, (uint64_t)(p - start) * 8, 8), PACKET * 8, 8);
		events_in[k] = events;
	}
	write_file(stream_path, file, sizeof(file));
}

/* Counts the events; the error's text, or "" at a good end. */
static uint64_t count(struct ctf_error *e)
{
	struct ctf_trace *t;
	struct ctf_merge *m = ctf_merge_new();
	const struct ctf_event *ev;
	const struct ctf_value *v;
	uint64_t n = 0;
	int ret;

	memset(e, 0, sizeof(*e));
	t = ctf_trace_open(dir, e);
	ret = t ? ctf_merge_add(m, t, NULL, e) : e->code;
	while (ret >= 0 && (ret = ctf_merge_next(m, &ev, e)) > 0) {
		n++;
		if (n % 64 == 0)
			CHECK(ctf_event_values(ev, &v) > 0);
	}
	CHECK((ret < 0) == (e->msg[0] != 0));
	ctf_merge_free(m);
	ctf_trace_close(t);
	return n;
}

static void test_stream(void)
{
	struct ctf_error e;
	long size;

	write_file(meta_path, metadata, strlen(metadata));
	write_stream();
	CHECK_EQ(count(&e), events_in[PACKETS - 1]);
	CHECK_EQ(e.code, 0);
	for (size = PACKET * PACKETS - 1; size > 0; size--) {
		uint64_t n, want = size < PACKET ? 0 :
						   events_in[size / PACKET - 1];

		if (truncate(stream_path, size))
			abort();
		n = count(&e);
		if (n != want || (size % PACKET != 0) != (e.code == -EINVAL) ||
		    (e.code && !strstr(e.msg, stream_path))) {
			printf("FAIL cut at byte %ld: %" PRIu64 " events, '%s'\n",
			       size, n, e.msg);
			check_failed++;
		} else {
			check_passed++;
		}
	}
}

static void test_metadata(void)
{
	struct ctf_error e;
	size_t size, refused = 0;
	uint64_t n;

	write_stream();
	for (size = 0; size < strlen(metadata); size++) {
		write_file(meta_path, metadata, size);
		n = count(&e);
		refused += e.code != 0;
		/* What was cut off was either needed, or not there yet. */
		CHECK(e.code || n == events_in[PACKETS - 1]);
		CHECK(!e.code || strstr(e.msg, dir));
	}
	/* All but a newline is needed: both events occur in the stream. */
	CHECK_EQ(refused, strlen(metadata) - 1);
}

/* A packet whose numbers lie. */
static void test_lies(void)
{
	static const struct {
		unsigned int at, bytes;
		uint64_t v;
		const char *says;
	} lies[] = {
		{ 0, 4, 0xC1FC1FC0, "magic" },
		{ 4, 4, 1, "stream class" },
		{ 24, 8, 0, "smaller than its head" },
		{ 24, 8, 39 * 8, "smaller than its head" },
		{ 24, 8, PACKET * 8 + 1, "larger than itself" },
		{ 24, 8, UINT64_MAX, "larger than itself" },
		{ 32, 8, 0, "impossible" },
		{ 32, 8, 7, "impossible" },
		{ 32, 8, UINT64_MAX & ~7ull, "cut short" },
		{ 32, 8, (PACKET * PACKETS + 8) * 8, "cut short" },
		{ 8, 8, UINT64_MAX, "ends before it begins" },
		{ 40, 4, 7, "its id is not in the metadata" },
		{ 40, 4, 31 | 1 << 5, "its id is not in the metadata" },
	};
	struct ctf_error e;
	size_t i;
	int fd;

	write_file(meta_path, metadata, strlen(metadata));
	for (i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		write_stream();
		fd = open(stream_path, O_WRONLY);
		CHECK(pwrite(fd, &lies[i].v, lies[i].bytes, lies[i].at) ==
		      lies[i].bytes);
		close(fd);
		CHECK_EQ(count(&e), 0);
		CHECK(strstr(e.msg, lies[i].says));
		if (!strstr(e.msg, lies[i].says))
			printf("     %s: '%s'\n", lies[i].says, e.msg);
	}
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	strcpy(dir, "/tmp/ctf_cut.XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	snprintf(meta_path, sizeof(meta_path), "%s/metadata", dir);
	snprintf(stream_path, sizeof(stream_path), "%s/stream_0", dir);
	test_stream();
	test_metadata();
	test_lies();
	unlink(meta_path);
	unlink(stream_path);
	rmdir(dir);
	return check_done();
}
