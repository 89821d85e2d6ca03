// SPDX-License-Identifier: MIT
/*
 * QEMU's end of the port of a guest whose agent lies about its snapshots. It says at once
 * that it records and that each snapshot is taken.
 *
 *	port-liar SOCKET old FOLDER	what it sends is in FOLDER, always the same
 *	port-liar SOCKET much		three files of a TiB each
 *	port-liar SOCKET short		less than its list says
 *	port-liar SOCKET rubbish	random bytes
 *	port-liar SOCKET fails		it cannot, for a reason that a terminal obeys
 *	port-liar SOCKET loud		the same, and it is as long as it can be
 *	port-liar SOCKET deaf		it never heard of snapshots
 *
 * For each SNAPSHOT that is not 0 a line is printed.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/files.h"
#include "listen.h"
#include "port/frame.h"

#define RUBBISH 4096

static const char *mode;
static struct agent_files files;
static uint32_t session;

static void fail(const char *what)
{
	fprintf(stderr, "port-liar: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void tell(int fd, const struct vmsync_port_frame *frame)
{
	uint8_t bytes[VMSYNC_PORT_MAX];
	size_t n = vmsync_port_write(frame, bytes);

	if (write(fd, bytes, n) != (ssize_t)n)
		fail("the host");
}

static void entry(uint8_t *out, uint32_t metadata, uint64_t size)
{
	memset(out, 0, 4);
	metadata = htole32(metadata);
	size = htole64(size);
	memcpy(out + 4, &metadata, 4);
	memcpy(out + 8, &size, 8);
}

/* The list and the files of who makes them up. Return: the size of @file. */
static uint64_t made_up(uint32_t file, uint64_t offset, uint8_t *out, size_t *n)
{
	uint8_t list[3 * VMSYNC_PORT_ENTRY_LEN];
	uint64_t size = !strcmp(mode, "much") ? 1ull << 40 : RUBBISH, i;

	if (!file) {
		for (i = 0; i < 3; i++)
			entry(list + i * VMSYNC_PORT_ENTRY_LEN, !i, size);
		size = sizeof(list);
	}
	*n = offset < size ? size - offset : 0;
	*n = *n < VMSYNC_PORT_DATA_MAX ? *n : VMSYNC_PORT_DATA_MAX;
	if (file && !strcmp(mode, "short"))
		*n = 0;
	for (i = 0; i < *n; i++)
		out[i] = file ? (uint8_t)rand() : list[offset + i];
	return size;
}

static void pulled(int fd, const struct vmsync_port_frame *pull)
{
	struct vmsync_port_frame data = {
		.type = VMSYNC_PORT_DATA,
		.session = session,
		.file = pull->file,
		.offset = pull->offset,
	};
	uint32_t left = pull->length;
	size_t n;

	do {
		if (strcmp(mode, "old")) {
			data.total = made_up(data.file, data.offset, data.data,
					     &n);
		} else {
			ssize_t got = agent_files_read(&files, data.file,
						       data.offset, data.data,
						       VMSYNC_PORT_DATA_MAX);

			n = got > 0 ? (size_t)got : 0;
			agent_files_size(&files, data.file, &data.total);
		}
		n = n < left ? n : left;
		data.n = (uint8_t)n;
		tell(fd, &data);
		data.offset += n;
		left -= (uint32_t)n;
	} while (n && left);
}

static void snapshot(int fd, const struct vmsync_port_frame *frame)
{
	static const char why[] = "\033[2Jgone\nwhole: yes";
	bool loud = !strcmp(mode, "loud");
	struct vmsync_port_frame taken = {
		.type = VMSYNC_PORT_TAKEN,
		.session = session,
		.snapshot = frame->snapshot,
		.state = VMSYNC_PORT_STATE_STOPPED,
		.mono_ns = UINT64_MAX,
	};

	puts("snapshot");
	fflush(stdout);
	if (!strcmp(mode, "deaf"))
		return;
	if (loud || !strcmp(mode, "fails")) {
		taken.state = VMSYNC_PORT_STATE_FAILED;
		taken.n = loud ? VMSYNC_PORT_TEXT_MAX : sizeof(why) - 1;
		memset(taken.data, '\\', taken.n);
		if (!loud)
			memcpy(taken.data, why, taken.n);
	}
	tell(fd, &taken);
}

static void answer(int fd, const struct vmsync_port_frame *frame)
{
	struct vmsync_port_frame state = { .type = VMSYNC_PORT_STATE };

	if (frame->type == VMSYNC_PORT_PULL) {
		pulled(fd, frame);
		return;
	}
	if (frame->type == VMSYNC_PORT_SNAPSHOT && frame->snapshot) {
		snapshot(fd, frame);
		return;
	}
	if (frame->type == VMSYNC_PORT_START_RING)
		session = frame->session;
	if (frame->type == VMSYNC_PORT_FORGET)
		session = 0;
	state.session = session;
	state.state = session ? VMSYNC_PORT_STATE_RECORDING :
				VMSYNC_PORT_STATE_IDLE;
	tell(fd, &state);
}

static void serve(int fd)
{
	static struct vmsync_port_decoder d;
	struct vmsync_port_frame frame;
	size_t room;
	ssize_t n;

	memset(&d, 0, sizeof(d));
	for (;;) {
		uint8_t *p = vmsync_port_room(&d, &room);

		n = read(fd, p, room);
		if (n <= 0)
			return;
		vmsync_port_fed(&d, (size_t)n);
		while (vmsync_port_next(&d, &frame))
			answer(fd, &frame);
	}
}

int main(int argc, char **argv)
{
	int listener, fd;

	if (argc < 3)
		return 2;
	mode = argv[2];
	if (argc > 3 && agent_files_find(&files, argv[3]))
		fail(argv[3]);
	listener = listen_at(argv[1]);
	if (listener < 0)
		fail(argv[1]);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		serve(fd);
		close(fd);
	}
	return 0;
}
