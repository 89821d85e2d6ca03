// SPDX-License-Identifier: MIT
/*
 * A record is a word: the time since the record before it, whose, and whether
 * it is an entry. A time that does not fit follows in a word of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "fuse/runs.h"

#define WORDS	  (32u << 10)	/* kept in memory */
#define MAX_WHOM  (1u << 20)	/* a trace may claim any number of threads */
#define LATE	  UINT32_MAX	/* the time is in the next word */
#define ENTRY	  (1ull << 32)
#define WHO_SHIFT 33

struct who {
	int32_t tid;
	int32_t vcpu_id;
};

struct vmsync_runs {
	uint64_t word[WORDS];
	uint32_t n;		/* words there */
	uint32_t at;		/* next to be read */
	bool reading;		/* or adding */
	int fd;			/* -1: all are in memory */
	uint64_t written;	/* words in the file */
	uint64_t read;
	int64_t last_ns;
	struct who *who;
	uint32_t n_who, room;
	uint32_t *slot;		/* hash of @who, its places + 1; 2 * room of them */
};

struct vmsync_runs *vmsync_runs_new(void)
{
	struct vmsync_runs *r = calloc(1, sizeof(*r));

	if (r)
		r->fd = -1;
	return r;
}

void vmsync_runs_free(struct vmsync_runs *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	free(r->who);
	free(r->slot);
	free(r);
}

static uint32_t *slot_of(const struct vmsync_runs *r, int32_t tid, int32_t vcpu)
{
	uint32_t mask = 2 * r->room - 1;
	uint32_t i = ((uint32_t)tid * 2654435761u + (uint32_t)vcpu) & mask;

	while (r->slot[i] && (r->who[r->slot[i] - 1].tid != tid ||
			      r->who[r->slot[i] - 1].vcpu_id != vcpu))
		i = (i + 1) & mask;
	return &r->slot[i];
}

static int grow(struct vmsync_runs *r)
{
	uint32_t room = r->room ? 2 * r->room : 64, i;
	uint32_t *slot = calloc(2 * room, sizeof(*slot));
	struct who *who = realloc(r->who, room * sizeof(*who));

	if (who)
		r->who = who;
	if (!who || !slot) {
		free(slot);
		return -ENOMEM;
	}
	free(r->slot);
	r->slot = slot;
	r->room = room;
	for (i = 0; i < r->n_who; i++)
		*slot_of(r, who[i].tid, who[i].vcpu_id) = i + 1;
	return 0;
}

/* The number of a thread; beyond the limit they are nobody's, number 0. */
static int who_of(struct vmsync_runs *r, int32_t tid, int32_t vcpu_id,
		  uint32_t *number)
{
	uint32_t *slot;

	if (r->n_who == r->room && grow(r))
		return -ENOMEM;
	if (!r->n_who) {
		r->who[r->n_who++] = (struct who){ 0, -1 };
		*slot_of(r, 0, -1) = 1;
	}
	slot = slot_of(r, tid, vcpu_id);
	if (!*slot && r->n_who < MAX_WHOM) {
		r->who[r->n_who++] = (struct who){ tid, vcpu_id };
		*slot = r->n_who;
	}
	*number = *slot ? *slot - 1 : 0;
	return 0;
}

static const char *folder(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/var/tmp";
}

static int file_open(void)
{
	char path[4096];
	int fd = open(folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || strlen(folder()) > sizeof(path) - 32)
		return fd;
	/* Not every file system can make one without a name. */
	strcpy(path, folder());
	strcat(path, "/vmsync-runs-XXXXXX");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int file_fail(struct ctf_error *e, int error)
{
	return vmsync_fail(e, -error,
			   "set TMPDIR to a folder with room for some "
			   "hundredths of the trace",
			   "%.400s: a file for the runs of virtual CPUs: %s",
			   folder(), strerror(error));
}

/* Puts what is in memory into the file. */
static int flush(struct vmsync_runs *r, struct ctf_error *e)
{
	const char *p = (const char *)r->word;
	size_t left = r->n * sizeof(*r->word);

	if (r->fd < 0)
		r->fd = file_open();
	if (r->fd < 0)
		return file_fail(e, errno);
	while (left) {
		ssize_t done = write(r->fd, p, left);

		if (done < 0 && errno != EINTR)
			return file_fail(e, errno);
		if (done > 0) {
			p += done;
			left -= (size_t)done;
		}
	}
	r->written += r->n;
	r->n = 0;
	return 0;
}

int vmsync_runs_add(struct vmsync_runs *r, const struct vmsync_run_end *end,
		    struct ctf_error *e)
{
	uint64_t since = (uint64_t)end->ns - (uint64_t)r->last_ns;
	uint32_t number;

	if (r->n + 2 > WORDS) {
		int ret = flush(r, e);

		if (ret)
			return ret;
	}
	if (who_of(r, end->tid, end->vcpu_id, &number))
		return vmsync_fail_memory(e);
	r->word[r->n++] = (uint64_t)number << WHO_SHIFT |
			  (end->entry ? ENTRY : 0) |
			  (since < LATE ? since : LATE);
	if (since >= LATE)
		r->word[r->n++] = (uint64_t)end->ns;
	r->last_ns = end->ns;
	return 0;
}

int vmsync_runs_rewind(struct vmsync_runs *r, struct ctf_error *e)
{
	int ret = 0;

	if (r->fd >= 0 && !r->reading)
		ret = flush(r, e);
	r->reading = true;
	if (r->fd >= 0)
		r->n = 0;
	r->at = 0;
	r->read = 0;
	r->last_ns = 0;
	return ret;
}

/* The next part of the file, and no more. */
static int refill(struct vmsync_runs *r, struct ctf_error *e)
{
	uint64_t n = r->written - r->read;
	char *p = (char *)r->word;
	off_t at = (off_t)(r->read * sizeof(*r->word));
	size_t left;

	if (n > WORDS)
		n = WORDS;
	for (left = n * sizeof(*r->word); left;) {
		ssize_t done = pread(r->fd, p, left, at);

		if (!done || (done < 0 && errno != EINTR))
			return file_fail(e, done ? errno : EIO);
		if (done > 0) {
			p += done;
			at += done;
			left -= (size_t)done;
		}
	}
	r->read += n;
	r->n = (uint32_t)n;
	r->at = 0;
	return 0;
}

/* The next word: 1, 0 behind the last, or an error. */
static int word_next(struct vmsync_runs *r, uint64_t *word, struct ctf_error *e)
{
	if (r->at == r->n && r->read < r->written) {
		int ret = refill(r, e);

		if (ret)
			return ret;
	}
	if (r->at == r->n)
		return 0;
	*word = r->word[r->at++];
	return 1;
}

int vmsync_runs_next(struct vmsync_runs *r, struct vmsync_run_end *end,
		     struct ctf_error *e)
{
	const struct who *who;
	uint64_t word = 0, ns;
	int ret = word_next(r, &word, e);

	if (ret <= 0)
		return ret;
	ns = (uint64_t)r->last_ns + (uint32_t)word;
	if ((uint32_t)word == LATE) {
		ret = word_next(r, &ns, e);
		if (ret <= 0)
			return ret;
	}
	r->last_ns = (int64_t)ns;
	who = &r->who[word >> WHO_SHIFT];
	*end = (struct vmsync_run_end){
		.ns = r->last_ns,
		.tid = who->tid,
		.vcpu_id = who->vcpu_id,
		.entry = word & ENTRY,
	};
	return 1;
}
