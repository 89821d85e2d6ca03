// SPDX-License-Identifier: MIT
#include "record/client.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json_string.h"
#include "fuse/fail.h"

/* Seconds that vmsyncd, which never waits for anybody, may take for an answer. */
#define PATIENCE_S 5
#define MOST_BYTES 65536

static const char *remedy(int err)
{
	switch (err) {
	case ENOENT:
	case ECONNREFUSED:
		return "start vmsyncd (systemctl start vmsyncd.socket vmsyncd)";
	case EACCES:
		return "be root, or a member of the group vmsync";
	case EAGAIN:
		return "vmsyncd does not answer";
	}
	return "";
}

/* Return: a descriptor, on which @what was asked. */
static int ask(const char *path, const char *what, struct ctf_error *e)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, err = ENAMETOOLONG;

	if (strlen(path) >= sizeof(addr.sun_path))
		return vmsync_fail(e, -err, remedy(err), "%s: %s", path,
				strerror(err));
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) &&
	    !connect(fd, (struct sockaddr *)&addr, sizeof(addr)) &&
	    /* Who is refused is told why, and may not be listened to. */
	    (send(fd, what, strlen(what), MSG_NOSIGNAL) >= 0 || errno == EPIPE ||
	     errno == ECONNRESET))
		return fd;
	err = errno;
	if (fd >= 0)
		close(fd);
	return vmsync_fail(e, -err, remedy(err), "%s: %s", path, strerror(err));
}

/*
 * A message as a text.
 * Return: its bytes, 0 at the end, or a negative errno and @e.
 */
static ssize_t hear(int fd, const char *path, char *text, size_t size,
		    struct ctf_error *e)
{
	ssize_t n = recv(fd, text, size - 1, 0);

	/* Who hangs up on what we asked said why before, and that is still there. */
	if (n < 0 && errno == ECONNRESET)
		n = recv(fd, text, size - 1, 0);
	if (n < 0)
		return vmsync_fail(e, -errno, remedy(errno), "%s: %s", path,
				strerror(errno));
	text[n] = 0;
	if (strncmp(text, "error: ", 7))
		return n;
	return vmsync_fail(e, -EPERM, "", "%s: %s", path, text + 7);
}

static int list_add(struct vmsync_client_list *list, const char *text)
{
	char *copy = strdup(text), **p;

	if (!copy)
		return -ENOMEM;
	if (!list->daemon) {
		list->daemon = copy;
		return 0;
	}
	p = realloc(list->guest, (list->n + 1) * sizeof(*p));
	if (!p) {
		free(copy);
		return -ENOMEM;
	}
	list->guest = p;
	p[list->n++] = copy;
	return 0;
}

int vmsync_client_list(const char *path, struct vmsync_client_list *list,
		       struct ctf_error *e)
{
	int fd = ask(path, "status", e), ret = 0;
	char *text = malloc(MOST_BYTES);
	ssize_t n = 0;

	memset(list, 0, sizeof(*list));
	if (fd >= 0 && !text)
		ret = vmsync_fail(e, -ENOMEM, "", "out of memory");
	while (fd >= 0 && !ret && (n = hear(fd, path, text, MOST_BYTES, e)) > 0) {
		if (list_add(list, text))
			ret = vmsync_fail(e, -ENOMEM, "", "out of memory");
	}
	if (fd < 0 || n < 0)
		ret = fd < 0 ? fd : (int)n;
	else if (!ret && !list->daemon)
		ret = vmsync_fail(e, -EPROTO, "is it a vmsyncd?",
			       "%s: no answer", path);
	if (fd >= 0)
		close(fd);
	free(text);
	if (ret)
		vmsync_client_free(list);
	return ret;
}

void vmsync_client_free(struct vmsync_client_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		free(list->guest[i]);
	free(list->guest);
	free(list->daemon);
	memset(list, 0, sizeof(*list));
}

bool vmsync_client_field(const char *object, const char *key, char *out,
			 size_t size)
{
	char mark[64];
	const char *p;
	size_t n;

	out[0] = 0;
	snprintf(mark, sizeof(mark), "\n\"%s\": ", key);
	p = strstr(object, mark);
	if (!p)
		return false;
	p += strlen(mark);
	n = strcspn(p, "\n");
	n -= n && p[n - 1] == ',';
	if (n >= 2 && p[0] == '"') {
		p++;
		n -= 2;
	}
	if (n >= size)
		return false;
	memcpy(out, p, n);
	out[n] = 0;
	return true;
}

/* @name as vmsyncd would print it. Return: to be freed, or NULL. */
static char *as_json(const char *name)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	vmsync_json_string(f, name);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	text[size - 1] = 0;
	return text;
}

bool vmsync_client_called(const char *name, const char *uuid, const char *by)
{
	char *text = as_json(by);
	bool is = text && (!strcmp(name, text + 1) || (*by && !strcmp(uuid, by)));

	free(text);
	return is;
}

/* Ask, and be told "ok". Return: a descriptor that does not block, or -errno. */
static int ask_ok(const char *path, const char *what, struct ctf_error *e)
{
	char text[256];
	int fd = ask(path, what, e);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = hear(fd, path, text, sizeof(text), e);
	if (n >= 0 && strcmp(text, "ok"))
		n = vmsync_fail(e, -EPROTO, "is it a vmsyncd?", "%s: no answer",
			     path);
	if (n < 0) {
		close(fd);
		return (int)n;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

int vmsync_client_attach(const char *path, uint64_t serial, struct ctf_error *e)
{
	char text[64];

	snprintf(text, sizeof(text), "attach %" PRIu64, serial);
	return ask_ok(path, text, e);
}

int vmsync_client_recorder(const char *path, struct ctf_error *e)
{
	return ask_ok(path, "recorder", e);
}

int vmsync_client_ask(const char *path, const char *text, struct ctf_error *e)
{
	char line[1024];

	if (snprintf(line, sizeof(line), "ask %s", text) >= (int)sizeof(line))
		return vmsync_fail(e, -E2BIG, "", "%s: that is too long to ask",
				   path);
	return ask(path, line, e);
}

ssize_t vmsync_client_answer(int fd, const char *path, char *text, size_t size,
			     struct ctf_error *e)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	while (poll(&pfd, 1, -1) < 0 && errno == EINTR)
		;
	return hear(fd, path, text, size, e);
}

int vmsync_client_send(int fd, const struct vmsync_port_frame *frame)
{
	uint8_t bytes[VMSYNC_PORT_MAX];
	size_t n = vmsync_port_write(frame, bytes);

	return send(fd, bytes, n, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int vmsync_client_take(int fd, struct vmsync_port_frame *frame)
{
	uint8_t bytes[VMSYNC_PORT_MAX];
	ssize_t n;

	do {
		n = recv(fd, bytes, sizeof(bytes), 0);
		if (n < 0)
			return errno == EINTR ? -EAGAIN : -errno;
		if (!n)
			return -ECONNRESET;
	} while (!vmsync_port_read(bytes, (size_t)n, frame));
	return 0;
}
