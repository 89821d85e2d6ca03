// SPDX-License-Identifier: MIT
#include "port/frame.h"

#include <endian.h>
#include <string.h>

/* Where the parts of a frame lie. */
#define AT_MAGIC	0
#define AT_VERSION	4
#define AT_TYPE		5
#define AT_LENGTH	6
#define AT_CRC		8
#define AT_CNT		12
#define AT_UID		20
#define AT_MONO		28
#define AT_SESSION	12
#define AT_EVENTS	16
#define AT_STATE	16
#define AT_LOOK		16
#define AT_LOOKS	17
#define AT_TEXT		20
#define AT_SNAPSHOT	16
#define AT_TAKEN	20
#define AT_BEGUN	24
#define AT_WHY		32
#define AT_FILE		16
#define AT_OFFSET	20
#define AT_PULLED	28
#define AT_TOTAL	28
#define AT_DATA		36

/* Bytes of a frame without those of its text or data, and how many those may be. */
static const struct {
	uint8_t len;
	uint8_t data_max;
} shapes[] = {
	[VMSYNC_PORT_REQUEST] = { VMSYNC_PORT_REQUEST_LEN, 0 },
	[VMSYNC_PORT_ANSWER] = { VMSYNC_PORT_ANSWER_LEN, 0 },
	[VMSYNC_PORT_START] = { AT_EVENTS + 4, 0 },
	[VMSYNC_PORT_STOP] = { AT_SESSION + 4, 0 },
	[VMSYNC_PORT_ASK] = { AT_SESSION + 4, 0 },
	[VMSYNC_PORT_PULL] = { AT_PULLED + 4, 0 },
	[VMSYNC_PORT_FORGET] = { AT_SESSION + 4, 0 },
	[VMSYNC_PORT_STATE] = { AT_TEXT, VMSYNC_PORT_TEXT_MAX },
	[VMSYNC_PORT_DATA] = { AT_DATA, VMSYNC_PORT_DATA_MAX },
	[VMSYNC_PORT_START_RING] = { AT_EVENTS + 4, 0 },
	[VMSYNC_PORT_PAGES] = { AT_LOOK + 4, 0 },
	[VMSYNC_PORT_SNAPSHOT] = { AT_SNAPSHOT + 4, 0 },
	[VMSYNC_PORT_TAKEN] = { AT_WHY, VMSYNC_PORT_TEXT_MAX },
};

static uint16_t get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static void put16(uint8_t *p, uint16_t v)
{
	v = htole16(v);
	memcpy(p, &v, sizeof(v));
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static void put64(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

/* Four bits at a time: frames are few and short. */
static uint32_t crc_add(uint32_t crc, const uint8_t *p, size_t n)
{
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};

	while (n--) {
		crc ^= *p++;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}

uint32_t vmsync_port_crc(const uint8_t *frame, size_t len)
{
	uint32_t crc = crc_add(~0u, frame, AT_CRC);

	return ~crc_add(crc, frame + VMSYNC_PORT_HEADER,
			len - VMSYNC_PORT_HEADER);
}

uint8_t *vmsync_port_room(struct vmsync_port_decoder *d, size_t *n)
{
	if (d->head) {
		memmove(d->bytes, d->bytes + d->head, d->tail - d->head);
		d->tail -= d->head;
		d->head = 0;
	}
	*n = sizeof(d->bytes) - d->tail;
	return d->bytes + d->tail;
}

void vmsync_port_fed(struct vmsync_port_decoder *d, size_t n)
{
	d->tail += n;
}

/* Whether @n bytes, or as many of them as it has, are those of a magic. */
static bool begins(const uint8_t *p, size_t n)
{
	uint8_t magic[4];

	put32(magic, VMSYNC_PORT_MAGIC);
	return !memcmp(p, magic, n < sizeof(magic) ? n : sizeof(magic));
}

static bool length_is_valid(size_t len)
{
	return len >= VMSYNC_PORT_HEADER && len <= VMSYNC_PORT_MAX;
}

/* Go on to where a frame may begin. Return: bytes there are from there. */
static size_t seek(struct vmsync_port_decoder *d)
{
	for (; d->head < d->tail; d->head++, d->counts.skipped++) {
		const uint8_t *p = d->bytes + d->head;
		size_t n = d->tail - d->head;

		if (!begins(p, n) ||
		    (n > AT_VERSION && p[AT_VERSION] != VMSYNC_PORT_VERSION) ||
		    (n >= AT_CRC && !length_is_valid(get16(p + AT_LENGTH))))
			continue;
		return n;
	}
	return 0;
}

static bool shape_is_known(uint8_t type, size_t len)
{
	return type < sizeof(shapes) / sizeof(shapes[0]) && shapes[type].len &&
	       len >= shapes[type].len &&
	       len <= (size_t)shapes[type].len + shapes[type].data_max;
}

static void read_beacon(const uint8_t *p, struct vmsync_port_frame *frame)
{
	frame->cnt = get32(p + AT_CNT);
	frame->vm_uid = get64(p + AT_UID);
	if (frame->type == VMSYNC_PORT_REQUEST)
		frame->mono_ns = get64(p + AT_MONO);
}

static bool read_frame(const uint8_t *p, size_t len,
		       struct vmsync_port_frame *frame)
{
	memset(frame, 0, sizeof(*frame));
	frame->type = p[AT_TYPE];
	if (!shape_is_known(frame->type, len))
		return false;
	if (frame->type <= VMSYNC_PORT_ANSWER) {
		read_beacon(p, frame);
		return true;
	}
	frame->session = get32(p + AT_SESSION);
	frame->n = (uint8_t)(len - shapes[frame->type].len);
	memcpy(frame->data, p + shapes[frame->type].len, frame->n);
	switch (frame->type) {
	case VMSYNC_PORT_START:
	case VMSYNC_PORT_START_RING:
		frame->events = p[AT_EVENTS];
		break;
	case VMSYNC_PORT_STATE:
		frame->state = p[AT_STATE];
		frame->look = p[AT_LOOKS];
		break;
	case VMSYNC_PORT_PAGES:
		frame->look = p[AT_LOOK];
		break;
	case VMSYNC_PORT_PULL:
		frame->length = get32(p + AT_PULLED);
		break;
	case VMSYNC_PORT_DATA:
		frame->total = get64(p + AT_TOTAL);
		break;
	case VMSYNC_PORT_TAKEN:
		frame->state = p[AT_TAKEN];
		frame->mono_ns = get64(p + AT_BEGUN);
		/* fall through */
	case VMSYNC_PORT_SNAPSHOT:
		frame->snapshot = get32(p + AT_SNAPSHOT);
		break;
	}
	if (frame->type == VMSYNC_PORT_PULL || frame->type == VMSYNC_PORT_DATA) {
		frame->file = get32(p + AT_FILE);
		frame->offset = get64(p + AT_OFFSET);
	}
	return true;
}

bool vmsync_port_read(const uint8_t *p, size_t n,
		      struct vmsync_port_frame *frame)
{
	return n >= VMSYNC_PORT_HEADER && n <= VMSYNC_PORT_MAX && begins(p, n) &&
	       p[AT_VERSION] == VMSYNC_PORT_VERSION && get16(p + AT_LENGTH) == n &&
	       get32(p + AT_CRC) == vmsync_port_crc(p, n) &&
	       read_frame(p, n, frame);
}

bool vmsync_port_next(struct vmsync_port_decoder *d,
		      struct vmsync_port_frame *frame)
{
	size_t n, len;

	while ((n = seek(d)) >= AT_CRC) {
		const uint8_t *p = d->bytes + d->head;

		len = get16(p + AT_LENGTH);
		if (n < len)
			return false;
		if (get32(p + AT_CRC) != vmsync_port_crc(p, len)) {
			/* What follows may be a frame, within this one too. */
			d->head++;
			d->counts.skipped++;
			d->counts.broken++;
			continue;
		}
		d->head += len;
		if (read_frame(p, len, frame)) {
			d->counts.frames++;
			return true;
		}
		d->counts.unknown++;
	}
	return false;
}

static void write_beacon(const struct vmsync_port_frame *frame, uint8_t *out)
{
	put32(out + AT_CNT, frame->cnt);
	put64(out + AT_UID, frame->vm_uid);
	if (frame->type == VMSYNC_PORT_REQUEST)
		put64(out + AT_MONO, frame->mono_ns);
}

static void write_recording(const struct vmsync_port_frame *frame, uint8_t *out)
{
	put32(out + AT_SESSION, frame->session);
	switch (frame->type) {
	case VMSYNC_PORT_START:
	case VMSYNC_PORT_START_RING:
		out[AT_EVENTS] = frame->events;
		break;
	case VMSYNC_PORT_STATE:
		out[AT_STATE] = frame->state;
		out[AT_LOOKS] = frame->look;
		break;
	case VMSYNC_PORT_PAGES:
		out[AT_LOOK] = frame->look;
		break;
	case VMSYNC_PORT_PULL:
		put32(out + AT_PULLED, frame->length);
		break;
	case VMSYNC_PORT_DATA:
		put64(out + AT_TOTAL, frame->total);
		break;
	case VMSYNC_PORT_TAKEN:
		out[AT_TAKEN] = frame->state;
		put64(out + AT_BEGUN, frame->mono_ns);
		/* fall through */
	case VMSYNC_PORT_SNAPSHOT:
		put32(out + AT_SNAPSHOT, frame->snapshot);
		break;
	}
	if (frame->type == VMSYNC_PORT_PULL || frame->type == VMSYNC_PORT_DATA) {
		put32(out + AT_FILE, frame->file);
		put64(out + AT_OFFSET, frame->offset);
	}
	memcpy(out + shapes[frame->type].len, frame->data, frame->n);
}

size_t vmsync_port_write(const struct vmsync_port_frame *frame,
			 uint8_t out[VMSYNC_PORT_MAX])
{
	size_t len = (size_t)shapes[frame->type].len + frame->n;

	memset(out, 0, len);
	put32(out + AT_MAGIC, VMSYNC_PORT_MAGIC);
	out[AT_VERSION] = VMSYNC_PORT_VERSION;
	out[AT_TYPE] = frame->type;
	put16(out + AT_LENGTH, (uint16_t)len);
	if (frame->type <= VMSYNC_PORT_ANSWER)
		write_beacon(frame, out);
	else
		write_recording(frame, out);
	put32(out + AT_CRC, vmsync_port_crc(out, len));
	return len;
}
