// SPDX-License-Identifier: MIT
#include "memory/monitor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "libvirt/virsh.h"

#define PATIENCE_S 10
#define MOST_BYTES (4 << 20)
#define MOST_EVENTS 1000 /* that may come before an answer */

static const char *remedy(int err)
{
	switch (err) {
	case ENOENT:
	case ECONNREFUSED:
		return "give QEMU -qmp unix:PATH,server=on,wait=off";
	case EAGAIN:
		return "does another program have this monitor? QEMU serves one";
	case EACCES:
		return "be root";
	}
	return "";
}

static int failed(const struct memory_monitor *m, int err, struct ctf_error *e)
{
	return vmsync_fail(e, -err, remedy(err), "%s: %s", m->path,
			   err == ECONNRESET ? "QEMU hung up" : strerror(err));
}

/* One line, to be freed. */
static int line_read(struct memory_monitor *m, char **line, struct ctf_error *e)
{
	size_t n = 0, size = 0;
	char *text = NULL, *more;
	ssize_t got;

	for (;;) {
		if (n + 1 >= size) {
			size = size ? 2 * size : 4096;
			more = size <= MOST_BYTES ? realloc(text, size) : NULL;
			if (!more)
				break;
			text = more;
		}
		/* Lines are short but one; what is behind one is not read early. */
		got = recv(m->fd, text + n, size - 1 - n, MSG_PEEK);
		if (got > 0) {
			char *end = memchr(text + n, '\n', (size_t)got);

			got = end ? end + 1 - (text + n) : got;
			got = recv(m->fd, text + n, (size_t)got, 0);
		}
		if (got <= 0) {
			int err = got ? errno : ECONNRESET;

			free(text);
			return failed(m, err, e);
		}
		n += (size_t)got;
		text[n] = 0;
		if (text[n - 1] == '\n') {
			*line = text;
			return 0;
		}
	}
	free(text);
	return failed(m, EMSGSIZE, e);
}

static bool has_key(const char *text, const char *key)
{
	char mark[64];

	snprintf(mark, sizeof(mark), "\"%s\"", key);
	return strstr(text, mark);
}

/* The next answer; what QEMU tells by itself in between is passed over. */
static int answer_read(struct memory_monitor *m, char **reply, struct ctf_error *e)
{
	int i, ret;

	for (i = 0; i < MOST_EVENTS; i++) {
		ret = line_read(m, reply, e);
		if (ret)
			return ret;
		/* An event has both of these, and may tell of an error, too. */
		if (!(has_key(*reply, "event") && has_key(*reply, "timestamp")) &&
		    (has_key(*reply, "return") || has_key(*reply, "error")))
			return 0;
		free(*reply);
	}
	return failed(m, EPROTO, e);
}

static int say(struct memory_monitor *m, const char *command, struct ctf_error *e)
{
	size_t n = strlen(command);

	if (send(m->fd, command, n, MSG_NOSIGNAL) == (ssize_t)n &&
	    send(m->fd, "\n", 1, MSG_NOSIGNAL) == 1)
		return 0;
	return failed(m, errno == EPIPE ? ECONNRESET : errno, e);
}

static int ask(struct memory_monitor *m, const char *command, char **reply,
	       struct ctf_error *e)
{
	int ret;

	if (!m->path)
		return vmsync_virsh_monitor(NULL, m->domain, command, reply, e);
	ret = say(m, command, e);
	return ret ? ret : answer_read(m, reply, e);
}

int memory_monitor_ask(struct memory_monitor *m, const char *command, char **reply,
		       struct ctf_error *e)
{
	char *why;
	int ret = ask(m, command, reply, e);

	if (ret || has_key(*reply, "return"))
		return ret;
	why = memory_reply_text(*reply, "desc");
	free(*reply);
	*reply = NULL;
	ret = vmsync_fail(e, -EREMOTEIO, "", "QEMU's monitor: %.200s",
			  why ? why : "an answer that is none");
	free(why);
	return ret;
}

static int connect_to(struct memory_monitor *m, struct ctf_error *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	if (strlen(m->path) >= sizeof(addr.sun_path))
		return failed(m, ENAMETOOLONG, e);
	strcpy(addr.sun_path, m->path);
	m->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (m->fd < 0 ||
	    setsockopt(m->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(m->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
	    connect(m->fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    getsockopt(m->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return failed(m, errno, e);
	m->pid = peer.pid;
	return 0;
}

int memory_monitor_open(struct memory_monitor *m, const char *path,
			struct ctf_error *e)
{
	char *text = NULL;
	int ret;

	*m = (struct memory_monitor){ .path = path, .fd = -1 };
	ret = connect_to(m, e);
	if (!ret)
		ret = line_read(m, &text, e);
	if (!ret && !has_key(text, "QMP"))
		ret = vmsync_fail(e, -EPROTO, remedy(ENOENT),
				  "%s: no monitor of QEMU's that speaks QMP", path);
	free(text);
	text = NULL;
	if (!ret)
		ret = memory_monitor_ask(m, "{\"execute\": \"qmp_capabilities\"}",
					 &text, e);
	free(text);
	if (ret)
		memory_monitor_close(m);
	return ret;
}

void memory_monitor_domain(struct memory_monitor *m, const char *uuid)
{
	*m = (struct memory_monitor){ .domain = uuid, .fd = -1 };
}

void memory_monitor_close(struct memory_monitor *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

int memory_monitor_human(struct memory_monitor *m, const char *command, char **text,
			 struct ctf_error *e)
{
	char request[256], *reply;
	int ret;

	snprintf(request, sizeof(request),
		 "{\"execute\": \"human-monitor-command\", "
		 "\"arguments\": {\"command-line\": \"%s\"}}", command);
	ret = memory_monitor_ask(m, request, &reply, e);
	if (ret)
		return ret;
	*text = memory_reply_text(reply, "return");
	free(reply);
	return *text ? 0 :
		       vmsync_fail(e, -EPROTO, "", "QEMU's monitor: %s: no text",
				   command);
}

/* Behind "KEY":, at its value, or NULL. */
static const char *value_of(const char *reply, const char *key)
{
	char mark[64];
	const char *p;

	snprintf(mark, sizeof(mark), "\"%s\"", key);
	p = strstr(reply, mark);
	if (!p)
		return NULL;
	p += strlen(mark);
	p += strspn(p, " ");
	if (*p != ':')
		return NULL;
	return p + 1 + strspn(p + 1, " ");
}

bool memory_reply_number(const char *reply, const char *key, uint64_t *out)
{
	const char *p = value_of(reply, key);
	char *end;

	if (!p || *p < '0' || *p > '9')
		return false;
	errno = 0;
	*out = strtoull(p, &end, 10);
	return !errno && *end != '.' && *end != 'e' && *end != 'E';
}

/* What stands for one character of what QEMU prints; others are left as ?. */
static char escaped(const char **p)
{
	char c = *(*p)++;

	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		*p += strnlen(*p, 4);
		return '?';
	}
	return c;
}

char *memory_reply_text(const char *reply, const char *key)
{
	const char *p = value_of(reply, key);
	char *text, *out;

	if (!p || *p != '"')
		return NULL;
	text = out = malloc(strlen(p) + 1);
	if (!text)
		return NULL;
	for (p++; *p && *p != '"';) {
		if (*p == '\\' && p[1]) {
			p++;
			*out++ = escaped(&p);
		} else {
			*out++ = *p++;
		}
	}
	*out = 0;
	return text;
}
