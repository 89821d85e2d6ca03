// SPDX-License-Identifier: MIT
/*
 * Frames of the port: whatever lies before, between and in them, and wherever reads
 * cut them, each whole one comes out, once, and nothing else does.
 */
#include <string.h>

#include "check.h"
#include "port/frame.h"

#define MAX_BYTES 65536
#define MAX_FRAMES 512
#define SHORTEST 16
#define FOLLOW 20

/* A stream, and the frames that must come out of it. */
struct stream {
	uint8_t bytes[MAX_BYTES];
	size_t n;
	struct vmsync_port_frame frames[MAX_FRAMES];
	size_t n_frames;
	size_t garbage;
};

static struct stream stream;

static struct vmsync_port_frame random_beacon(uint8_t type)
{
	return (struct vmsync_port_frame){
		.type = type,
		.cnt = (uint32_t)check_rand(),
		.vm_uid = check_rand(),
		.mono_ns = type == VMSYNC_PORT_REQUEST ? check_rand() : 0,
	};
}

static struct vmsync_port_frame random_frame(void)
{
	uint8_t type = (uint8_t)check_range(VMSYNC_PORT_REQUEST,
					    VMSYNC_PORT_PAGES);
	bool part = type == VMSYNC_PORT_PULL || type == VMSYNC_PORT_DATA;
	struct vmsync_port_frame f = {
		.type = type,
		.session = (uint32_t)check_rand(),
	};
	size_t i;

	if (type <= VMSYNC_PORT_ANSWER)
		return random_beacon(type);
	if (type == VMSYNC_PORT_STATE || type == VMSYNC_PORT_PAGES)
		f.look = (uint8_t)check_rand();
	if (type == VMSYNC_PORT_START || type == VMSYNC_PORT_START_RING)
		f.events = (uint8_t)check_rand();
	if (type == VMSYNC_PORT_STATE || type == VMSYNC_PORT_TAKEN) {
		f.state = (uint8_t)check_rand();
		f.n = (uint8_t)check_range(0, VMSYNC_PORT_TEXT_MAX);
	}
	if (type == VMSYNC_PORT_SNAPSHOT || type == VMSYNC_PORT_TAKEN)
		f.snapshot = (uint32_t)check_rand();
	f.mono_ns = type == VMSYNC_PORT_TAKEN ? check_rand() : 0;
	f.file = part ? (uint32_t)check_rand() : 0;
	f.offset = part ? check_rand() : 0;
	f.length = type == VMSYNC_PORT_PULL ? (uint32_t)check_rand() : 0;
	f.total = type == VMSYNC_PORT_DATA ? check_rand() : 0;
	if (type == VMSYNC_PORT_DATA)
		f.n = (uint8_t)check_range(0, VMSYNC_PORT_DATA_MAX);
	for (i = 0; i < f.n; i++)
		f.data[i] = (uint8_t)check_rand();
	return f;
}

static void add_frame(struct stream *s)
{
	struct vmsync_port_frame f = random_frame();
	uint8_t out[VMSYNC_PORT_MAX];
	size_t n = vmsync_port_write(&f, out);

	memcpy(s->bytes + s->n, out, n);
	s->n += n;
	s->frames[s->n_frames++] = f;
}

/* Bytes of which none begins a frame. */
static void add_garbage(struct stream *s, size_t n)
{
	s->garbage += n;
	while (n--) {
		uint8_t c = (uint8_t)check_rand();

		s->bytes[s->n++] = c == 'V' ? 'W' : c;
	}
}

static bool same(const struct vmsync_port_frame *a,
		 const struct vmsync_port_frame *b)
{
	return a->type == b->type && a->cnt == b->cnt &&
	       a->vm_uid == b->vm_uid && a->mono_ns == b->mono_ns &&
	       a->session == b->session && a->snapshot == b->snapshot &&
	       a->events == b->events && a->state == b->state &&
	       a->look == b->look && a->file == b->file &&
	       a->offset == b->offset && a->length == b->length &&
	       a->total == b->total && a->n == b->n &&
	       !memcmp(a->data, b->data, a->n);
}

/* Decode @s in reads of at most @cut bytes, random ones if it is 0. */
static struct vmsync_port_counts decode(const struct stream *s, size_t cut,
					size_t *given, size_t *wrong)
{
	static struct vmsync_port_decoder d;
	struct vmsync_port_frame f;
	size_t at = 0;

	memset(&d, 0, sizeof(d));
	*given = *wrong = 0;
	while (at < s->n) {
		size_t room, n = cut ? cut : check_range(1, 400);
		uint8_t *p = vmsync_port_room(&d, &room);

		n = n < s->n - at ? n : s->n - at;
		n = n < room ? n : room;
		memcpy(p, s->bytes + at, n);
		vmsync_port_fed(&d, n);
		at += n;
		while (vmsync_port_next(&d, &f)) {
			*wrong += *given >= s->n_frames ||
				  !same(&f, &s->frames[*given]);
			++*given;
		}
		vmsync_port_room(&d, &room);
		*wrong += room < VMSYNC_PORT_READ;
	}
	return d.counts;
}

static void expect_all(const struct stream *s, size_t cut)
{
	size_t given, wrong;
	struct vmsync_port_counts c = decode(s, cut, &given, &wrong);

	CHECK_EQ(given, s->n_frames);
	CHECK_EQ(wrong, 0);
	CHECK_EQ(c.frames, s->n_frames);
	CHECK_EQ(c.skipped, s->garbage);
	CHECK_EQ(c.unknown, 0);
	CHECK_EQ(c.broken, 0);
}

static void test_cuts(void)
{
	for (size_t cut = 0; cut <= 300; cut++) {
		memset(&stream, 0, sizeof(stream));
		for (int i = 0; i < 40; i++)
			add_frame(&stream);
		expect_all(&stream, cut);
	}
}

static void test_garbage(void)
{
	for (int round = 0; round < 300; round++) {
		memset(&stream, 0, sizeof(stream));
		for (int i = 0; i < 40; i++) {
			add_garbage(&stream, check_bits(9));
			add_frame(&stream);
		}
		expect_all(&stream, 0);
	}
}

/* A stream that is opened in the middle of its first frame. */
static void test_offsets(void)
{
	size_t given, wrong;

	for (size_t from = 1; from < SHORTEST; from++) {
		memset(&stream, 0, sizeof(stream));
		for (int i = 0; i < 3; i++)
			add_frame(&stream);
		memmove(stream.bytes, stream.bytes + from, stream.n - from);
		stream.n -= from;
		memmove(stream.frames, stream.frames + 1,
			2 * sizeof(stream.frames[0]));
		stream.n_frames--;
		for (size_t cut = 1; cut < 50; cut += 7) {
			decode(&stream, cut, &given, &wrong);
			CHECK_EQ(given, 2);
			CHECK_EQ(wrong, 0);
		}
	}
}

/* Each bit of the first frame is turned: it is lost, and no other is. */
static void test_flips(void)
{
	size_t given, wrong, length;

	memset(&stream, 0, sizeof(stream));
	add_frame(&stream);
	length = stream.n;
	/* A length that is too long by mistake waits for so much at most. */
	for (int i = 0; i < FOLLOW; i++)
		add_frame(&stream);
	memmove(stream.frames, stream.frames + 1,
		--stream.n_frames * sizeof(stream.frames[0]));
	for (size_t bit = 0; bit < 8 * length; bit++) {
		stream.bytes[bit / 8] ^= 1 << bit % 8;
		for (size_t cut = 1; cut < 60; cut += 29) {
			struct vmsync_port_counts c =
				decode(&stream, cut, &given, &wrong);

			CHECK_EQ(given, FOLLOW);
			CHECK_EQ(wrong, 0);
			CHECK_EQ(c.skipped, length);
		}
		stream.bytes[bit / 8] ^= 1 << bit % 8;
	}
}

/* Bit by bit, as the standard says it. */
static uint32_t slow_crc(const uint8_t *p, size_t n)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < n; i++) {
		if (i >= 8 && i < 12)
			continue;
		crc ^= p[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static void put_frame(struct stream *s, uint8_t type, uint16_t len)
{
	uint8_t *p = s->bytes + s->n;
	uint32_t crc;

	memcpy(p, "VSPF", 4);
	p[4] = VMSYNC_PORT_VERSION;
	p[5] = type;
	p[6] = len & 255;
	p[7] = len >> 8;
	for (int i = VMSYNC_PORT_HEADER; i < len; i++)
		p[i] = (uint8_t)check_rand();
	crc = slow_crc(p, len);
	for (int i = 0; i < 4; i++)
		p[8 + i] = crc >> 8 * i & 255;
	s->n += len;
}

/* Frames of a later day: passed over whole, whatever they hold. */
static void test_unknown(void)
{
	size_t given, wrong;

	for (uint16_t len = VMSYNC_PORT_HEADER; len <= VMSYNC_PORT_MAX; len++) {
		struct vmsync_port_counts c;

		memset(&stream, 0, sizeof(stream));
		add_frame(&stream);
		put_frame(&stream, VMSYNC_PORT_PAGES + 1, len);
		/* A type that is known, of another length. */
		put_frame(&stream, VMSYNC_PORT_ANSWER,
			  len == VMSYNC_PORT_ANSWER_LEN ? 29 : len);
		add_frame(&stream);
		c = decode(&stream, 0, &given, &wrong);
		CHECK_EQ(given, 2);
		CHECK_EQ(wrong, 0);
		CHECK_EQ(c.unknown, 2);
		CHECK_EQ(c.skipped, 0);
	}
}

/* The standard's own example, and that both ways of counting agree. */
static void test_crc(void)
{
	uint8_t text[21] = "12345678....9";

	CHECK_EQ(slow_crc(text, 13), 0xe3069283);
	for (size_t n = VMSYNC_PORT_HEADER; n <= VMSYNC_PORT_MAX; n++) {
		for (size_t i = 0; i < n; i++)
			stream.bytes[i] = (uint8_t)check_rand();
		CHECK_EQ(vmsync_port_crc(stream.bytes, n),
			 slow_crc(stream.bytes, n));
	}
}

/* A stream of nothing but beginnings: no frame, and the state stays small. */
static void test_beginnings(void)
{
	size_t given, wrong;

	memset(&stream, 0, sizeof(stream));
	while (stream.n + 8 <= MAX_BYTES) {
		memcpy(stream.bytes + stream.n, "VSPF\1\1\0\1", 8);
		stream.n += 8;
	}
	decode(&stream, 0, &given, &wrong);
	CHECK_EQ(given, 0);
	CHECK_EQ(wrong, 0);
	CHECK(sizeof(struct vmsync_port_decoder) <= 4096);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	test_crc();
	test_cuts();
	test_garbage();
	test_offsets();
	test_flips();
	test_unknown();
	test_beginnings();
	return check_done();
}
