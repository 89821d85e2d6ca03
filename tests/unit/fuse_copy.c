// SPDX-License-Identifier: MIT
/*
 * A trace that is copied after it was read: if its packets are not those that were
 * read any more, as a tracer's ring is that goes on, that is an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fuse/copy.h"
#include "fuse/reader.h"

#define PACKET	4096
#define PACKETS 4
#define STREAMS 2
#define EVENTS	100	/* of a packet at most */

static const char metadata[] =
	"/* CTF 1.8 */\n"
	"typealias integer { size = 32; align = 8; signed = false; } := uint32_t;\n"
	"typealias integer { size = 64; align = 8; signed = false; } := uint64_t;\n"
	"trace {\n\tmajor = 1;\n\tminor = 8;\n\tbyte_order = le;\n"
	"\tpacket.header := struct { uint32_t magic; };\n};\n"
	"clock { name = \"mono\"; freq = 1000000000; };\n"
	"typealias integer { size = 64; align = 8; map = clock.mono.value; } := stamp;\n"
	"stream {\n\tevent.header := struct { stamp timestamp; };\n"
	"\tpacket.context := struct {\n\t\tstamp timestamp_begin;\n"
	"\t\tstamp timestamp_end;\n\t\tuint64_t content_size;\n"
	"\t\tuint64_t packet_size;\n\t\tuint64_t packet_seq_num;\n"
	"\t\tuint64_t events_discarded;\n\t};\n};\n"
	"event { name = \"number\"; fields := struct { uint64_t _a; }; };\n";

static char dir[64];
static uint64_t events; /* that were written */

static void path_of(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", dir, name);
}

static void file_write(const char *name, const void *data, size_t n)
{
	char path[128];
	int fd;

	path_of(path, sizeof(path), name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0 || write(fd, data, n) != (ssize_t)n || close(fd))
		abort();
}

static uint8_t *put(uint8_t *p, uint64_t v, unsigned int bytes)
{
	memcpy(p, &v, bytes);
	return p + bytes;
}

/* A packet at @start with stamps from @t on; none where @n is 0. */
static void put_packet(uint8_t *start, uint64_t seq, uint64_t t, uint64_t n)
{
	uint8_t *p = start + 4 + 6 * 8;

	for (uint64_t i = 0; i < n; i++) {
		p = put(p, t + i, 8);
		p = put(p, i, 8);
	}
	put(start, 0xc1fc1fc1, 4);
	put(start + 4, t, 8);
	put(start + 12, t + 1000, 8);
	put(start + 20, (uint64_t)(p - start) * 8, 8);
	put(start + 28, PACKET * 8, 8);
	put(start + 36, seq, 8);
	put(start + 44, 0, 8);
	events += n;
}

/* @idle: the stream has packets without events. */
static void write_stream(const char *name, bool idle)
{
	static uint8_t file[PACKET * PACKETS];

	memset(file, 0, sizeof(file));
	for (unsigned int k = 0; k < PACKETS; k++)
		put_packet(file + k * PACKET, k, 5000 * (k + 1),
			   idle ? 0 : check_range(1, EVENTS));
	file_write(name, file, sizeof(file));
}

static void write_trace(void)
{
	events = 0;
	file_write("in/metadata", metadata, sizeof(metadata) - 1);
	write_stream("in/busy_0", false);
	write_stream("in/busy_1", false);
	write_stream("in/idle", true);
}

static void read_trace(const struct ctf_trace *t, struct ctf_passed *read)
{
	struct ctf_merge *m = ctf_merge_new();
	uint8_t want[1] = { (uint8_t)(check_rand() & 1) };
	const struct ctf_event *ev;
	struct ctf_error e;
	int ret;

	CHECK(ctf_merge_add_want(m, t, &vmsync_raw_map, want, &e) == 0);
	while ((ret = ctf_merge_next(m, &ev, &e)) > 0)
		;
	CHECK_EQ(ret, 0);
	memset(read, 0, sizeof(*read));
	ctf_merge_passed(m, read);
	ctf_merge_free(m);
	CHECK_EQ(read->events, events);
	CHECK_EQ(read->packets, (STREAMS + 1) * PACKETS);
}

/* What copying the trace returns if @change is made after it was read. */
static int copied(void (*change)(void), bool link)
{
	struct vmsync_copy how = { .link = link };
	struct ctf_passed read;
	struct ctf_trace *t;
	struct ctf_error e;
	char path[128];
	int ret;

	write_trace();
	path_of(path, sizeof(path), "in");
	t = ctf_trace_open(path, &e);
	CHECK(t != NULL);
	if (!t)
		return -1;
	read_trace(t, &read);
	if (change)
		change();
	how.read = &read;
	path_of(path, sizeof(path), "out");
	ret = vmsync_trace_copy(t, path, &how, &e);
	if (ret)
		CHECK(strstr(e.remedy, "changed") != NULL);
	ctf_trace_close(t);
	return ret;
}

static void rewrite_packet(const char *name, unsigned int k, uint64_t seq,
			   uint64_t t, uint64_t n)
{
	uint8_t packet[PACKET] = { 0 };
	char path[128];
	int fd;

	put_packet(packet, seq, t, n);
	path_of(path, sizeof(path), name);
	fd = open(path, O_WRONLY);
	if (fd < 0 || pwrite(fd, packet, PACKET, k * PACKET) != PACKET ||
	    close(fd))
		abort();
}

/* The oldest packet of a ring is written over by the next one. */
static void ring(void)
{
	rewrite_packet("in/busy_1", 0, 0, 4000, 20);
}

static void number(void)
{
	rewrite_packet("in/idle", PACKETS - 1, PACKETS, 5000 * PACKETS, 0);
}

/* One event more, in the same time. */
static void content(void)
{
	rewrite_packet("in/busy_0", 1, 1, 10000, EVENTS + 1);
}

static void shorter(void)
{
	char path[128];

	path_of(path, sizeof(path), "in/busy_0");
	if (truncate(path, PACKET * (PACKETS - 1)))
		abort();
}

static void gone(void)
{
	char path[128];

	path_of(path, sizeof(path), "in/idle");
	unlink(path);
}

static void clean(void)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf '%s/in' '%s/out'", dir, dir);
	if (system(command))
		abort();
	snprintf(command, sizeof(command), "%s/in", dir);
	if (mkdir(command, 0755))
		abort();
}

int main(int argc, char **argv)
{
	static void (*const changes[])(void) = { ring, number, content,
						 shorter, gone };

	check_init(argc, argv);
	snprintf(dir, sizeof(dir), "/tmp/vmsync-copy-XXXXXX");
	if (!mkdtemp(dir))
		abort();
	for (int link = 0; link < 2; link++) {
		clean();
		CHECK_EQ(copied(NULL, link), 0);
		for (size_t i = 0; i < sizeof(changes) / sizeof(*changes);
		     i++) {
			clean();
			CHECK_EQ(copied(changes[i], link), -EIO);
		}
	}
	clean();
	snprintf(dir + strlen(dir), 4, "/in");
	rmdir(dir);
	dir[strlen(dir) - 3] = '\0';
	rmdir(dir);
	return check_done();
}
