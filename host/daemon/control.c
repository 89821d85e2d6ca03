// SPDX-License-Identifier: MIT
#include "daemon/control.h"

#include <errno.h>
#include <grp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "port/now.h"

#define MOST_GROUPS 256
#define FIRST_INHERITED 3
#define IN_ROUND 16

enum { HOOK = VMSYNC_CONTROL_CLIENTS, NEW };

void vmsync_control_init(struct vmsync_control *c)
{
	size_t i;

	memset(c, 0, sizeof(*c));
	c->fd = c->hook = -1;
	for (i = 0; i < VMSYNC_CONTROL_CLIENTS; i++)
		c->client[i].fd = -1;
}

static int address(struct sockaddr_un *addr, const char *path)
{
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	strcpy(addr->sun_path, path);
	return 0;
}

/* Another vmsyncd is there if it can be connected to. */
static int take_over(const struct sockaddr_un *addr, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (!connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ||
	    errno == EAGAIN)
		ret = -EADDRINUSE;
	else if (errno == ECONNREFUSED && unlink(addr->sun_path))
		ret = -errno;
	close(fd);
	return ret;
}

int vmsync_control_bind(struct vmsync_control *c, const char *path, int type)
{
	const struct group *group = getgrnam(VMSYNC_CONTROL_GROUP);
	struct sockaddr_un addr;
	int fd, ret = address(&addr, path);
	mode_t mask;

	if (!ret)
		ret = take_over(&addr, type);
	if (ret)
		return ret;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	mask = umask(0177);
	ret = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ? -errno : 0;
	umask(mask);
	if (!ret && type == SOCK_SEQPACKET && listen(fd, 16))
		ret = -errno;
	if (!ret && group &&
	    (chown(path, (uid_t)-1, group->gr_gid) || chmod(path, 0660)))
		ret = -errno;
	if (ret) {
		close(fd);
		return ret;
	}
	*(type == SOCK_SEQPACKET ? &c->fd : &c->hook) = fd;
	return 0;
}

int vmsync_control_inherit(struct vmsync_control *c)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int i, n, type;
	socklen_t len = sizeof(type);

	if (!pid || !fds || strtol(pid, NULL, 10) != getpid())
		return 0;
	n = atoi(fds);
	for (i = FIRST_INHERITED; i < FIRST_INHERITED + n; i++) {
		if (getsockopt(i, SOL_SOCKET, SO_TYPE, &type, &len))
			return -errno;
		if (type == SOCK_SEQPACKET && c->fd < 0)
			c->fd = i;
		else if (type == SOCK_DGRAM && c->hook < 0)
			c->hook = i;
		else
			return -EPROTOTYPE;
	}
	return 0;
}

void vmsync_control_ready(void)
{
	static const char ready[] = "READY=1";
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr;
	socklen_t len;
	int fd;

	if (!path || address(&addr, path))
		return;
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	/* A name that is in no folder. */
	if (addr.sun_path[0] == '@')
		addr.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, ready, strlen(ready), MSG_NOSIGNAL, (struct sockaddr *)&addr,
	       len);
	close(fd);
}

/* Root, or one who has the group vmsync, as its own or besides. */
static bool may(int fd, struct ucred *peer)
{
	const struct group *group;
	gid_t groups[MOST_GROUPS];
	socklen_t len = sizeof(*peer), n = sizeof(groups);
	size_t i;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &len))
		return false;
	if (!peer->uid)
		return true;
	group = getgrnam(VMSYNC_CONTROL_GROUP);
	if (!group)
		return false;
	if (peer->gid == group->gr_gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n))
		return false;
	for (i = 0; i < n / sizeof(groups[0]); i++) {
		if (groups[i] == group->gr_gid)
			return true;
	}
	return false;
}

static void welcome(struct vmsync_control *c)
{
	int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct vmsync_client new = { .fd = fd };
	struct ucred peer = { 0 };
	size_t i;

	if (fd < 0)
		return;
	if (!may(fd, &peer)) {
		vmsync_client_say(&new, "error: only root and members of the group "
				  VMSYNC_CONTROL_GROUP " may ask");
		close(fd);
		return;
	}
	new.uid = peer.uid;
	new.pid = peer.pid;
	for (i = 0; i < VMSYNC_CONTROL_CLIENTS; i++) {
		if (c->client[i].fd >= 0)
			continue;
		c->client[i] = new;
		return;
	}
	vmsync_client_say(&new, "error: too many ask at once");
	close(fd);
}

static void bye(struct vmsync_client *client, struct vmsync_guests *g)
{
	struct vmsyncd_guest *guest = vmsyncd_guest_by_serial(g, client->guest);

	if (guest)
		vmsyncd_link_left(&guest->link);
	close(client->fd);
	client->fd = -1;
}

static size_t recorded(const struct vmsync_control *c)
{
	size_t i, n = 0;

	for (i = 0; i < VMSYNC_CONTROL_CLIENTS; i++)
		n += c->client[i].fd >= 0 && c->client[i].guest;
	return n;
}

static void attach(const struct vmsync_control *c, struct vmsync_client *client,
		   struct vmsync_guests *g, const char *what)
{
	struct vmsyncd_guest *guest =
		vmsyncd_guest_by_serial(g, strtoull(what, NULL, 10));

	if (!guest) {
		vmsync_client_say(client, "error: no such guest");
	} else if (guest->link.reader >= 0) {
		vmsync_client_say(client, "error: somebody else records it");
	} else if (recorded(c) >= VMSYNC_CONTROL_RECORDED) {
		vmsync_client_say(client, "error: too many guests are recorded");
	} else if (vmsync_client_say(client, "ok")) {
		guest->link.reader = client->fd;
		client->guest = guest->serial;
		return;
	}
	bye(client, g);
}

/* What is there that ends when its recorder does, or that asks while there is none. */
static void recorder_left(struct vmsync_control *c, struct vmsync_guests *g)
{
	size_t i;

	for (i = 0; i < VMSYNC_CONTROL_CLIENTS; i++) {
		if (c->client[i].fd < 0 || !c->client[i].ask)
			continue;
		vmsync_client_say(&c->client[i], "error: the flight recorder ended");
		bye(&c->client[i], g);
	}
}

/* Return: why not, a message, or NULL. */
static const char *take_word(struct vmsync_control *c,
			     struct vmsync_client *client, const char *text)
{
	if (!strcmp(text, "status")) {
		client->listing = true;
	} else if (!strcmp(text, "recorder")) {
		if (vmsync_ask_recorder(c->client))
			return "error: a flight recorder is there already";
		client->recorder = vmsync_client_say(client, "ok");
	} else if (!strncmp(text, "ask ", 4) && !client->ask) {
		c->asks += c->asks == UINT32_MAX ? 2 : 1;
		return vmsync_ask(c->client, client, c->asks, text + 4);
	} else {
		return "error: not understood";
	}
	return NULL;
}

/* Return: there may be more. */
static bool read_one(struct vmsync_control *c, struct vmsync_client *client,
		     struct vmsync_guests *g)
{
	struct vmsyncd_guest *guest = vmsyncd_guest_by_serial(g, client->guest);
	static char text[VMSYNC_CONTROL_BYTES];
	struct vmsync_client *over;
	struct vmsync_port_frame frame;
	const char *why;
	ssize_t n = recv(client->fd, text, sizeof(text) - 1, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		bye(client, g);
		if (client->recorder)
			recorder_left(c, g);
		return false;
	}
	text[n] = 0;
	if (guest) {
		if (vmsync_port_read((const uint8_t *)text, (size_t)n, &frame))
			vmsyncd_link_ask(&guest->link, &frame);
		return true;
	}
	if (client->recorder) {
		over = vmsync_ask_answer(c->client, text);
		if (over)
			bye(over, g);
		return true;
	}
	if (!strncmp(text, "attach ", 7) && strlen(text) == (size_t)n) {
		attach(c, client, g, text + 7);
		return client->fd >= 0;
	}
	why = take_word(c, client, text);
	if (why) {
		vmsync_client_say(client, why);
		bye(client, g);
	}
	return false;
}

static bool print(struct vmsync_client *client, const struct vmsync_guests *g,
		  const struct vmsyncd_guest *guest)
{
	char *line = NULL;
	size_t size;
	FILE *f = open_memstream(&line, &size);
	bool ok;

	if (!f)
		return false;
	if (guest)
		vmsyncd_guest_print(f, guest, vmsync_port_now());
	else
		fprintf(f, "{\n\"version\": \"" VMSYNC_VERSION
			"\",\n\"pid\": %d,\n\"guests\": %zu\n}", getpid(), g->n);
	ok = !fclose(f) && vmsync_client_say(client, line);
	free(line);
	return ok;
}

/* So many as the client takes now. */
static void list(struct vmsync_client *client, struct vmsync_guests *g)
{
	size_t i;

	if (!client->greeted && !print(client, g, NULL))
		goto failed;
	client->greeted = true;
	for (i = 0; i < g->n; i++) {
		if (g->guest[i]->serial <= client->told)
			continue;
		if (!print(client, g, g->guest[i]))
			goto failed;
		client->told = g->guest[i]->serial;
	}
	bye(client, g);
	return;
failed:
	if (errno != EAGAIN)
		bye(client, g);
}

void vmsync_control_wait(const struct vmsync_control *c,
			 struct pollfd pfd[VMSYNC_CONTROL_FDS])
{
	size_t i;

	for (i = 0; i < VMSYNC_CONTROL_CLIENTS; i++)
		pfd[i] = (struct pollfd){
			.fd = c->client[i].fd,
			.events = c->client[i].listing ? POLLOUT : POLLIN,
		};
	pfd[HOOK] = (struct pollfd){ .fd = c->hook, .events = POLLIN };
	pfd[NEW] = (struct pollfd){ .fd = c->fd, .events = POLLIN };
}

static bool hook_said(int fd)
{
	char text[64];
	int n;

	/* What it says is not believed: how things are is looked at. */
	for (n = 0; n < 1024 && recv(fd, text, sizeof(text), MSG_DONTWAIT) >= 0;)
		n++;
	return n;
}

bool vmsync_control_work(struct vmsync_control *c, struct vmsync_guests *g,
			 const struct pollfd pfd[VMSYNC_CONTROL_FDS])
{
	int i, k;

	for (i = 0; i < VMSYNC_CONTROL_CLIENTS; i++) {
		struct vmsync_client *client = &c->client[i];

		if (client->fd < 0 || !pfd[i].revents)
			continue;
		for (k = 0; !client->listing && k < IN_ROUND; k++) {
			if (!read_one(c, client, g))
				break;
		}
		if (client->fd >= 0 && client->listing)
			list(client, g);
	}
	if (pfd[NEW].revents)
		welcome(c);
	return pfd[HOOK].revents && hook_said(c->hook);
}

void vmsync_control_check(struct vmsync_control *c, struct vmsync_guests *g)
{
	size_t i;

	for (i = 0; i < VMSYNC_CONTROL_CLIENTS; i++) {
		if (c->client[i].fd >= 0 && c->client[i].guest &&
		    !vmsyncd_guest_by_serial(g, c->client[i].guest))
			bye(&c->client[i], g);
	}
}
