// SPDX-License-Identifier: MIT
#include "daemon/link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/events.h"
#include "port/now.h"

#define SECOND 1000000000ull

/*
 * An agent sends 100 beacons of 36 bytes per second at most. As many again are
 * answered where they came late, and so much rubbish is looked through.
 */
#define BEACON_RATE  200
#define BEACON_BURST 100
#define BYTE_RATE    32768
#define BYTE_BURST   16384

int vmsyncd_link_init(struct vmsyncd_link *l, const char *path)
{
	const unsigned char *c;

	memset(l, 0, sizeof(*l));
	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return -ENAMETOOLONG;
	l->path = path;
	l->fd = -1;
	l->reader = -1;
	l->bytes.step_ns = SECOND / BYTE_RATE;
	l->bytes.burst = BYTE_BURST;
	l->beacons.step_ns = SECOND / BEACON_RATE;
	l->beacons.burst = BEACON_BURST;
	/* FNV-1a; one bit is left for who reads it. */
	l->id = 0x811c9dc5;
	for (c = (const unsigned char *)path; *c; c++)
		l->id = (l->id ^ *c) * 0x01000193;
	l->id &= INT32_MAX;
	return 0;
}

static void say(struct vmsyncd_link *l, int err)
{
	if (l->said == err)
		return;
	l->said = err;
	fprintf(stderr, "vmsyncd: %s: %s; it is tried again every second\n",
		l->path, strerror(err));
}

static void hang_up(struct vmsyncd_link *l, int err, uint64_t now_ns)
{
	close(l->fd);
	l->fd = -1;
	l->retry_ns = now_ns + SECOND;
	l->out.n = l->out.at = 0;
	l->granted = 0;
	/* What came is no beginning of what comes from the next one. */
	l->in.counts.skipped += l->in.tail - l->in.head;
	l->in.head = l->in.tail = 0;
	say(l, err);
}

static void dial(struct vmsyncd_link *l, uint64_t now_ns)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	strcpy(addr.sun_path, l->path);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0) {
		l->retry_ns = now_ns + SECOND;
		say(l, errno);
		return;
	}
	if (connect(l->fd, (struct sockaddr *)&addr, sizeof(addr))) {
		hang_up(l, errno, now_ns);
		return;
	}
	getsockopt(l->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	/* Libvirt opens the socket for QEMU: then the kernel names it. */
	l->peer_pid = l->qemu_pid ? l->qemu_pid : peer.pid;
	l->said = 0;
	fprintf(stderr, "vmsyncd: %s: connected to process %d\n", l->path,
		l->peer_pid);
}

void vmsyncd_link_wait(struct vmsyncd_link *l, struct pollfd *pfd,
		      uint64_t now_ns, uint64_t *until_ns)
{
	uint64_t at;

	*pfd = (struct pollfd){ .fd = -1 };
	if (!l->path[0])
		return;
	if (l->fd < 0 && now_ns >= l->retry_ns)
		dial(l, now_ns);
	pfd->fd = l->fd;
	at = l->fd < 0 ? l->retry_ns : vmsyncd_limit_from(&l->bytes, now_ns);
	if (l->fd >= 0 && at <= now_ns)
		pfd->events = POLLIN;
	else if (at < *until_ns)
		*until_ns = at;
	if (vmsync_port_busy(&l->out))
		pfd->events |= POLLOUT;
}

static void drop(struct vmsyncd_link *l, uint64_t now_ns)
{
	l->dropped++;
	l->untold++;
	if (now_ns - l->told_ns < SECOND)
		return;
	tracepoint(vmsync_port, drop, l->peer_pid, l->id, l->untold);
	l->untold = 0;
	l->told_ns = now_ns;
}

static void count_answer(struct vmsyncd_link *l, uint64_t now_ns)
{
	l->answered++;
	if (now_ns - l->second_ns >= SECOND) {
		l->in_last = now_ns - l->second_ns < 2 * SECOND ? l->in_second :
								  0;
		l->in_second = 0;
		l->second_ns = now_ns;
	}
	l->in_second++;
}

uint64_t vmsyncd_link_rate(const struct vmsyncd_link *l, uint64_t now_ns)
{
	if (now_ns - l->second_ns >= 2 * SECOND)
		return 0;
	return now_ns - l->second_ns >= SECOND ? l->in_second : l->in_last;
}

/* Events are on the same side of a message as the readings of the clock. */
static int answer(struct vmsyncd_link *l, const struct vmsync_port_frame *ask,
		  uint64_t came_ns)
{
	struct vmsync_port_frame frame = {
		.type = VMSYNC_PORT_ANSWER,
		.cnt = ask->cnt + 1,
		.vm_uid = ask->vm_uid,
	};
	int ret;

	tracepoint(vmsync_port, gh_host, ask->cnt, ask->vm_uid, l->peer_pid,
		   l->id, ask->mono_ns, came_ns);
	if (vmsync_port_busy(&l->out)) {
		l->unsent++;
		return 0;
	}
	tracepoint(vmsync_port, hg_host, frame.cnt, frame.vm_uid, l->peer_pid,
		   l->id, vmsync_port_now());
	ret = vmsync_port_send(&l->out, l->fd, &frame);
	if (!ret)
		count_answer(l, came_ns);
	l->unsent += ret == -EAGAIN;
	return ret == -EAGAIN ? 0 : ret;
}

/* Who does not take it asks again. */
static void pass_on(struct vmsyncd_link *l,
		    const struct vmsync_port_frame *frame)
{
	uint8_t bytes[VMSYNC_PORT_MAX];
	size_t n;

	if (l->reader < 0)
		return;
	n = vmsync_port_write(frame, bytes);
	send(l->reader, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static bool is_request(uint8_t type)
{
	return (type >= VMSYNC_PORT_START && type <= VMSYNC_PORT_FORGET) ||
	       type == VMSYNC_PORT_START_RING || type == VMSYNC_PORT_SNAPSHOT ||
	       type == VMSYNC_PORT_PAGES;
}

void vmsyncd_link_ask(struct vmsyncd_link *l, const struct vmsync_port_frame *frame)
{
	/* As many bytes again: frames are more than what they bring. */
	const uint64_t most = 2 * VMSYNC_PORT_PULL_MAX;

	if (!is_request(frame->type))
		return;
	/* Each tells it: a vmsyncd that was started anew did not see the first. */
	l->session = frame->type == VMSYNC_PORT_FORGET ? 0 : frame->session;
	if (l->fd < 0 || vmsync_port_send(&l->out, l->fd, frame) ||
	    frame->type != VMSYNC_PORT_PULL)
		return;
	l->granted += 2 * (uint64_t)frame->length;
	if (l->granted > most)
		l->granted = most;
}

void vmsyncd_link_left(struct vmsyncd_link *l)
{
	struct vmsync_port_frame forget = {
		.type = VMSYNC_PORT_FORGET,
		.session = l->session,
	};

	l->reader = -1;
	l->granted = 0;
	if (l->session)
		vmsyncd_link_ask(l, &forget);
}

/* What was asked for is not counted against what comes by itself. */
static void spend(struct vmsyncd_link *l, uint64_t now_ns, uint64_t n)
{
	uint64_t granted = n < l->granted ? n : l->granted;

	l->granted -= granted;
	vmsyncd_limit_spend(&l->bytes, now_ns, n - granted);
}

static int take(struct vmsyncd_link *l, uint64_t came_ns)
{
	struct vmsync_port_frame frame;
	int ret = 0;

	while (!ret && vmsync_port_next(&l->in, &frame)) {
		if (frame.type == VMSYNC_PORT_STATE ||
		    frame.type == VMSYNC_PORT_TAKEN ||
		    frame.type == VMSYNC_PORT_DATA)
			pass_on(l, &frame);
		if (frame.type != VMSYNC_PORT_REQUEST)
			continue;
		l->last_ns = came_ns;
		if (vmsyncd_limit_take(&l->beacons, came_ns))
			ret = answer(l, &frame, came_ns);
		else
			drop(l, came_ns);
	}
	return ret;
}

void vmsyncd_link_work(struct vmsyncd_link *l, short revents)
{
	uint64_t now_ns;
	uint8_t *room;
	ssize_t n;
	size_t max;
	int ret = 0;

	if (l->fd < 0 || !revents)
		return;
	if (revents & POLLOUT)
		ret = vmsync_port_flush(&l->out, l->fd);
	if (!ret && revents & (POLLIN | POLLHUP | POLLERR)) {
		room = vmsync_port_room(&l->in, &max);
		n = read(l->fd, room,
			 max < VMSYNC_PORT_READ ? max : VMSYNC_PORT_READ);
		now_ns = vmsync_port_now();
		if (n > 0) {
			spend(l, now_ns, (uint64_t)n);
			vmsync_port_fed(&l->in, (size_t)n);
			ret = take(l, now_ns);
		} else if (!n || (errno != EAGAIN && errno != EINTR)) {
			ret = n ? -errno : -ECONNRESET;
		}
	}
	if (ret)
		hang_up(l, -ret, vmsync_port_now());
}

void vmsyncd_link_end(struct vmsyncd_link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	if (l->untold)
		tracepoint(vmsync_port, drop, l->peer_pid, l->id, l->untold);
	if (!l->path[0])
		return;
	fprintf(stderr,
		"vmsyncd: %s: %llu beacons answered, %llu dropped, %llu unsent, "
		"%llu bytes skipped\n",
		l->path, (unsigned long long)l->answered,
		(unsigned long long)l->dropped, (unsigned long long)l->unsent,
		(unsigned long long)l->in.counts.skipped);
	l->fd = -1;
}
