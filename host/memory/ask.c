// SPDX-License-Identifier: MIT
#include "memory/ask.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "port/now.h"
#include "record/client.h"
#include "record/fetch.h"
#include "uapi/vmsync_pages.h"

#define SECOND 1000000000ull
#define AGAIN_MS 250
#define LOOK_US	 4000 /* between two questions whether a look is done */

/* An agent answers at once; a look takes a second for 100 GiB, a part far less. */
#define SILENT_NS (10 * SECOND)
#define LOOK_NS	  (120 * SECOND)
/* Both looks of a TiB, a list of runs, take seconds; a guest that sends less, and slowly, ends. */
#define FETCH_NS  (300 * SECOND)

/* Of an earlier session the agent is told when its asker hangs up. */
#define OTHERS_NS (5 * SECOND)
#define REFUSED	  3 /* answers without a session, to the requests for one */

int memory_ask_open(struct memory_asked *a, const char *control, uint64_t serial,
		    struct ctf_error *e)
{
	*a = (struct memory_asked){ .fd = -1 };
	while (!a->session) {
		if (getrandom(&a->session, sizeof(a->session), 0) < 0)
			return vmsync_fail(e, -errno, "", "%s", strerror(errno));
	}
	a->fd = vmsync_client_attach(control, serial, e);
	return a->fd < 0 ? a->fd : 0;
}

void memory_ask_close(struct memory_asked *a)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

static int silent(struct ctf_error *e)
{
	return vmsync_fail(e, -ETIMEDOUT,
			   "does a vmsync-agent run in it, as new as this vmsync?",
			   "the guest's agent does not answer");
}

static int send_to(struct memory_asked *a, struct vmsync_port_frame *frame,
		   struct ctf_error *e)
{
	int ret;

	frame->session = a->session;
	ret = vmsync_client_send(a->fd, frame);
	return !ret || ret == -EAGAIN ?
		       0 :
		       vmsync_fail(e, ret, "has vmsyncd ended?", "vmsyncd: %s",
				   strerror(-ret));
}

/* The next frame; 0, -EAGAIN: none came for some time; or another error. */
static int hear(struct memory_asked *a, struct vmsync_port_frame *frame,
		struct ctf_error *e)
{
	struct pollfd pfd = { .fd = a->fd, .events = POLLIN };
	int ret = vmsync_client_take(a->fd, frame);

	if (ret == -EAGAIN && poll(&pfd, 1, AGAIN_MS) > 0)
		ret = vmsync_client_take(a->fd, frame);
	if (!ret || ret == -EAGAIN)
		return ret;
	return vmsync_fail(e, ret, "has it ended?", "vmsyncd: %s", strerror(-ret));
}

/* Return: 1: it is done, 0: not yet, or a negative errno and @e. */
static int state_take(const struct memory_asked *a, uint8_t look,
		      const struct vmsync_port_frame *frame, uint64_t waited_ns,
		      unsigned int *refused, struct ctf_error *e)
{
	char text[VMSYNC_PORT_TEXT_MAX + 1];

	if (frame->type != VMSYNC_PORT_STATE)
		return 0;
	if (frame->session == a->session) {
		snprintf(text, sizeof(text), "%.*s", frame->n,
			 (const char *)frame->data);
		if (frame->state == VMSYNC_PORT_STATE_FAILED)
			return vmsync_fail(e, -EIO, "", "in the guest: %s", text);
		return frame->state == VMSYNC_PORT_STATE_STOPPED &&
		       frame->look >= look;
	}
	if (!frame->session && ++*refused >= REFUSED)
		return vmsync_fail(e, -EACCES, "take --no-pages away from it",
				   "the guest's agent does not tell of its memory");
	if (frame->session && waited_ns > OTHERS_NS)
		return vmsync_fail(e, -EBUSY, "wait until that ends",
				   "the guest's agent records for somebody");
	return 0;
}

int memory_ask_look(struct memory_asked *a, uint8_t look, struct ctf_error *e)
{
	uint64_t began_ns = vmsync_port_now(), heard_ns = began_ns, now_ns;
	struct vmsync_port_frame request = { .type = VMSYNC_PORT_PAGES,
					     .look = look };
	struct vmsync_port_frame frame;
	unsigned int refused = 0;
	int ret = -EAGAIN;

	for (;;) {
		/* It asks again where nothing comes. */
		if (ret == -EAGAIN)
			ret = send_to(a, &request, e);
		if (!ret)
			ret = hear(a, &frame, e);
		now_ns = vmsync_port_now();
		if (!ret) {
			heard_ns = now_ns;
			ret = state_take(a, look, &frame, now_ns - began_ns,
					 &refused, e);
			if (ret)
				return ret > 0 ? 0 : ret;
			usleep(LOOK_US);
			ret = -EAGAIN;
		}
		if (ret != -EAGAIN)
			return ret;
		if (now_ns - heard_ns > SILENT_NS || now_ns - began_ns > LOOK_NS)
			return silent(e);
	}
}

/* The guest's list of files is here: is there what was asked for, and no more? */
static int list_check(const struct vmsync_fetch *f, uint64_t pages,
		      struct ctf_error *e)
{
	uint64_t most = VMSYNC_PORT_LOOKS * (pages + VMSYNC_PAGES_HEADER);

	if (f->n == VMSYNC_PORT_LOOKS && f->total <= most)
		return 0;
	return vmsync_fail(e, -EPROTO, "",
			   "the guest's agent has %zu files of %" PRIu64 " bytes, and "
			   "not 2 of free pages", f->n, f->total);
}

static int fetch(struct memory_asked *a, struct vmsync_fetch *f, uint64_t pages,
		 struct ctf_error *e)
{
	uint64_t began_ns = vmsync_port_now(), heard_ns = began_ns, now_ns;
	struct vmsync_port_frame frame;
	int ret = 1;

	while (!f->done) {
		if (ret == 1 || ret == -EAGAIN) {
			vmsync_fetch_next(f, &frame);
			ret = send_to(a, &frame, e);
		}
		if (!ret)
			ret = hear(a, &frame, e);
		if (!ret) {
			heard_ns = vmsync_port_now();
			ret = frame.type == VMSYNC_PORT_DATA &&
			      frame.session == a->session ?
				      vmsync_fetch_take(f, &frame, e) : 0;
			if (ret >= 0 && f->file && list_check(f, pages, e))
				return -EPROTO;
		}
		if (ret < 0 && ret != -EAGAIN)
			return ret;
		now_ns = vmsync_port_now();
		if (now_ns - heard_ns > SILENT_NS || now_ns - began_ns > FETCH_NS)
			return silent(e);
	}
	return list_check(f, pages, e);
}

/* What nftw() finds; it takes no argument for its function. */
static char found[VMSYNC_PORT_LOOKS][4096];
static size_t n_found;

static int find(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_F && n_found < VMSYNC_PORT_LOOKS)
		snprintf(found[n_found++], sizeof(found[0]), "%s", path);
	return 0;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path), 0;
}

static int looks_read(const char *folder, uint64_t pages,
		      struct memory_look look[2], struct ctf_error *e)
{
	struct memory_look first;
	int ret;

	n_found = 0;
	nftw(folder, find, 8, FTW_PHYS);
	if (n_found != VMSYNC_PORT_LOOKS)
		return vmsync_fail(e, -EPROTO, "", "the guest's agent sent no two looks");
	ret = memory_look_read(&look[0], found[0], pages, e);
	if (!ret)
		ret = memory_look_read(&look[1], found[1], pages, e);
	if (!ret && look[1].begin_ns < look[0].begin_ns) {
		first = look[1];
		look[1] = look[0];
		look[0] = first;
	}
	return ret;
}

int memory_ask_fetch(struct memory_asked *a, uint64_t pages,
		     struct memory_look look[2], struct ctf_error *e)
{
	char top[] = "/tmp/vmsync-pages-XXXXXX", folder[sizeof(top) + 8];
	struct vmsync_fetch f;
	int ret;

	memset(look, 0, 2 * sizeof(*look));
	if (!mkdtemp(top))
		return vmsync_fail_file(e, -errno, top);
	snprintf(folder, sizeof(folder), "%s/pages", top);
	ret = vmsync_fetch_begin(&f, folder, VMSYNC_FETCH_BYTES, e);
	if (!ret) {
		ret = fetch(a, &f, pages, e);
		vmsync_fetch_end(&f);
	}
	if (!ret)
		ret = looks_read(folder, pages, look, e);
	nftw(top, drop, 8, FTW_PHYS | FTW_DEPTH);
	if (ret) {
		memory_look_free(&look[0]);
		memory_look_free(&look[1]);
	}
	return ret;
}
