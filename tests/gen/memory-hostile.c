// SPDX-License-Identifier: MIT
/*
 * memory-hostile DEVICE HOW [SEED]: in a guest, in place of vmsync-agent, answers what
 * vmsync memory asks as no agent would. HOW is
 *
 *	all	says that everything is free, far beyond the guest's memory, too
 *	files	has a file too many
 *	huge	has files of 1 TiB
 *	short	sends less than its list says
 *	random	has rubbish for a look
 *	bits	has a look in which one bit is another one
 *	second	never ends its second look
 */
#include <endian.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/frame.h"
#include "uapi/vmsync_pages.h"

#define BODY 6

static const char *how;
static uint8_t list[3 * VMSYNC_PORT_ENTRY_LEN];
static uint8_t looks[2][VMSYNC_PAGES_HEADER + BODY];

static bool is(const char *what)
{
	return !strcmp(how, what);
}

static void put64(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

/* 2^35 pages, all of them free: a run of none, and one. */
static void look_make(uint8_t *p, uint64_t at_ns)
{
	static const uint8_t runs[BODY] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 };
	size_t i;

	memcpy(p, "VSPG\1\0\14", 8);
	put64(p + 8, at_ns);
	put64(p + 16, at_ns + 1000);
	put64(p + 24, 1ull << 35);
	put64(p + 32, 1ull << 35);
	put64(p + 40, BODY + 1);
	memcpy(p + VMSYNC_PAGES_HEADER, runs, BODY);
	for (i = 0; is("random") && i < sizeof(looks[0]); i++)
		p[i] = (uint8_t)rand();
	if (is("bits"))
		p[rand() % sizeof(looks[0])] ^= (uint8_t)(1 << rand() % 8);
}

static void make(void)
{
	int i;

	for (i = 0; i < 3; i++)
		put64(list + 16 * i + 8,
		      is("huge") ? 1ull << 40 : sizeof(looks[0]) + 1);
	look_make(looks[0], 1000000);
	look_make(looks[1], 9000000);
}

/* The run of none is before what is in a look's bytes. */
static uint8_t byte_of(uint32_t file, uint64_t at)
{
	const uint8_t *p;

	if (!file)
		return list[at];
	p = looks[file % 2];
	return at < VMSYNC_PAGES_HEADER	 ? p[at] :
	       at == VMSYNC_PAGES_HEADER ? 0 :
					   p[at - 1];
}

static void send_frame(int fd, const struct vmsync_port_frame *frame)
{
	uint8_t out[VMSYNC_PORT_MAX];
	size_t n = vmsync_port_write(frame, out);

	while (write(fd, out, n) != (ssize_t)n)
		poll(NULL, 0, 10);
}

static void data(int fd, const struct vmsync_port_frame *pull)
{
	struct vmsync_port_frame frame = { .type = VMSYNC_PORT_DATA,
					   .session = pull->session,
					   .file = pull->file,
					   .offset = pull->offset };
	uint64_t size = pull->file  ? sizeof(looks[0]) + 1 :
			is("files") ? sizeof(list) :
				      2 * VMSYNC_PORT_ENTRY_LEN;

	frame.total = size;
	if (is("short") && pull->file)
		size /= 2;
	while (frame.n < VMSYNC_PORT_DATA_MAX && frame.offset + frame.n < size) {
		frame.data[frame.n] = byte_of(pull->file, frame.offset + frame.n);
		frame.n++;
	}
	send_frame(fd, &frame);
}

static void answer(int fd, const struct vmsync_port_frame *ask)
{
	struct vmsync_port_frame frame = { .type = VMSYNC_PORT_STATE,
					   .session = ask->session,
					   .state = VMSYNC_PORT_STATE_STOPPED,
					   .look = ask->look };

	if (ask->type == VMSYNC_PORT_PULL) {
		data(fd, ask);
		return;
	}
	if (is("second") && ask->look == 2)
		frame.look = 1;
	send_frame(fd, &frame);
}

int main(int argc, char **argv)
{
	static struct vmsync_port_decoder in;
	struct vmsync_port_frame frame;
	int fd = argc > 2 ? open(argv[1], O_RDWR | O_NONBLOCK) : -1;

	if (fd < 0) {
		perror("memory-hostile");
		return 2;
	}
	how = argv[2];
	srand(argc > 3 ? (unsigned int)atoi(argv[3]) : 1);
	make();
	for (;;) {
		size_t max;
		uint8_t *room = vmsync_port_room(&in, &max);
		ssize_t n = read(fd, room, max);

		if (n <= 0) {
			poll(NULL, 0, 20);
			continue;
		}
		vmsync_port_fed(&in, (size_t)n);
		while (vmsync_port_next(&in, &frame))
			answer(fd, &frame);
	}
}
