// SPDX-License-Identifier: MIT
#include "live/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "live/file.h"
#include "live/names.h"

/* Sessions, traces or streams that want the same name. */
#define ALIKE_MAX 10000

/*
 * A trace.
 * @path:	as the relayd calls it, owned
 * @folder:	where it is, owned
 * @metadata:	bytes of it that are there
 * @seen:	bytes of it that came since the session was attached to
 */
struct trace {
	char *path;
	char *folder;
	uint64_t metadata;
	uint64_t seen;
};

/*
 * A stream, of a trace's metadata or of packets.
 * @channel:	as the relayd calls it, owned; NULL: metadata
 * @path:	of the file, owned
 * @size:	of all that is whole
 * @again:	what is there already may come
 * @passed:	there was a packet, or one that is lost, and this is when it was:
 * @begin, @end: raw clock values
 * @discarded:	as of that packet
 * @number:	the ledger's
 */
struct spool {
	size_t trace;
	char *channel;
	char *path;
	uint64_t size;
	bool again;
	bool passed;
	uint64_t begin;
	uint64_t end;
	uint64_t packets;
	uint64_t discarded;
	size_t number;
};

/*
 * @ledger:	NULL: nobody wants to know
 * @host, @base: folders of the machine and, if nobody had that name, of the session;
 *		owned
 * @folder:	of the session, NULL: there is none to go on with
 * @told:	the same, or of the one before; owned
 * @before:	what came of the sessions before
 * @bytes:	that came in all
 * @fd:		of the packet that comes, and how many bytes of it are there
 */
struct live_store {
	const char *dir;
	uint64_t limit;
	struct live_ledger *ledger;
	char *host;
	char *base;
	char *folder;
	char *told;
	VMSYNC_ARRAY(struct trace) traces;
	VMSYNC_ARRAY(struct spool) files;
	struct live_sums before;
	uint64_t bytes;
	size_t open;
	int fd;
	uint64_t part;
};

struct live_store *live_store_new(const char *dir, uint64_t limit)
{
	struct live_store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->dir = dir;
	s->limit = limit;
	s->fd = -1;
	return s;
}

void live_store_ledger(struct live_store *s, struct live_ledger *l)
{
	s->ledger = l;
}

static void add_sums(struct live_sums *sums, const struct live_store *s)
{
	size_t i;

	sums->sessions += s->folder != NULL;
	sums->bytes = s->bytes;
	for (i = 0; i < s->files.count; i++) {
		sums->packets += s->files.at[i].packets;
		sums->discarded += s->files.at[i].discarded;
	}
}

struct live_sums live_store_sums(const struct live_store *s)
{
	struct live_sums sums = s->before;

	add_sums(&sums, s);
	return sums;
}

void live_store_forget(struct live_store *s)
{
	size_t i;

	add_sums(&s->before, s);
	if (s->ledger && s->folder)
		live_ledger_end(s->ledger);
	for (i = 0; i < s->traces.count; i++) {
		free(s->traces.at[i].path);
		free(s->traces.at[i].folder);
	}
	for (i = 0; i < s->files.count; i++) {
		free(s->files.at[i].channel);
		free(s->files.at[i].path);
	}
	vmsync_array_free(&s->traces);
	vmsync_array_free(&s->files);
	s->folder = NULL;
}

void live_store_free(struct live_store *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	live_store_forget(s);
	free(s->host);
	free(s->base);
	free(s->told);
	free(s);
}

const char *live_store_folder(const struct live_store *s)
{
	return s->told ? s->told : "";
}

/* "BASE", or "BASE-2" and so on, whichever is the first that @make makes. */
static int make_alike(char **out, const char *base,
		      int (*make)(const char *path), struct ctf_error *e)
{
	int i, err = EEXIST;

	for (i = 1; err == EEXIST && i < ALIKE_MAX; i++) {
		free(*out);
		if ((i == 1 ? asprintf(out, "%s", base) :
			      asprintf(out, "%s-%d", base, i)) < 0) {
			*out = NULL;
			return vmsync_fail_memory(e);
		}
		err = make(*out) ? errno : 0;
	}
	return err ? vmsync_fail_file(e, -err, *out) : 0;
}

static int make_folder(const char *path)
{
	return mkdir(path, 0777);
}

static int make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	return fd < 0 ? -1 : close(fd);
}

/* The session is to be known again by what it has. */
static void go_on(struct live_store *s)
{
	size_t i;

	for (i = 0; i < s->traces.count; i++)
		s->traces.at[i].seen = 0;
	for (i = 0; i < s->files.count; i++)
		s->files.at[i].again = true;
}

int live_store_begin(struct live_store *s, const struct live_session *session,
		     struct ctf_error *e)
{
	char host[LIVE_FILE_NAME], name[LIVE_FILE_NAME];

	if (s->folder) {
		go_on(s);
		return 0;
	}
	live_name_clean(session->hostname, strlen(session->hostname), host);
	live_name_clean(session->name, strlen(session->name), name);
	free(s->host);
	free(s->base);
	s->host = s->base = NULL;
	if (asprintf(&s->host, "%s/%s", s->dir, host) < 0 ||
	    asprintf(&s->base, "%s/%s", s->host, name) < 0)
		return vmsync_fail_memory(e);
	return 0;
}

/* The session's, with its first stream: who could not attach leaves nothing. */
static int session_folder(struct live_store *s, struct ctf_error *e)
{
	int ret;

	if (s->folder)
		return 0;
	if (make_folder(s->host) && errno != EEXIST)
		return vmsync_fail_file(e, -errno, s->host);
	ret = make_alike(&s->told, s->base, make_folder, e);
	s->folder = ret ? NULL : s->told;
	return ret;
}

/* All of a trace's folder but the last part, which is made by who calls. */
static int make_parents(char *path, size_t from, struct ctf_error *e)
{
	char *p;
	int ret = 0;

	for (p = strchr(path + from, '/'); !ret && p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (make_folder(path) && errno != EEXIST)
			ret = vmsync_fail_file(e, -errno, path);
		*p = '/';
	}
	return ret;
}

/* That of a trace without a path is called "trace". */
static int trace_folder(const struct live_store *s, struct trace *t,
			struct ctf_error *e)
{
	char *name = live_name_path(t->path), *base = NULL;
	int ret;

	if (!name)
		return vmsync_fail_memory(e);
	if (asprintf(&base, "%s/%s", s->folder, *name ? name : "trace") < 0) {
		free(name);
		return vmsync_fail_memory(e);
	}
	free(name);
	ret = make_parents(base, strlen(s->folder) + 1, e);
	if (!ret)
		ret = make_alike(&t->folder, base, make_folder, e);
	free(base);
	return ret;
}

static int find_trace(struct live_store *s, const char *path, size_t *out,
		      struct ctf_error *e)
{
	struct trace t = { .path = NULL }, *place;
	int ret;

	for (*out = 0; *out < s->traces.count; ++*out)
		if (!strcmp(s->traces.at[*out].path, path))
			return 0;
	t.path = strdup(path);
	ret = t.path ? trace_folder(s, &t, e) : vmsync_fail_memory(e);
	place = ret ? NULL : vmsync_array_add(&s->traces);
	if (place) {
		*place = t;
		return 0;
	}
	free(t.path);
	free(t.folder);
	return ret ? ret : vmsync_fail_memory(e);
}

static bool is_file(const struct spool *f, size_t trace,
		    const struct live_stream *stream)
{
	if (f->trace != trace)
		return false;
	return stream->metadata ? !f->channel :
				  f->channel && !strcmp(f->channel,
							stream->channel);
}

/* Makes the file of a stream, which is empty as yet: it says what is recorded. */
static int make_stream(const struct live_store *s, struct spool *f,
		       const struct live_stream *stream, struct ctf_error *e)
{
	const struct trace *t = &s->traces.at[f->trace];
	char name[LIVE_FILE_NAME] = "metadata", *base;
	int ret;

	if (!stream->metadata) {
		f->channel = strdup(stream->channel);
		if (!f->channel)
			return vmsync_fail_memory(e);
		live_name_clean(f->channel, strlen(f->channel), name);
		if (!strcmp(name, "metadata"))
			strcpy(name, "_metadata");
	}
	if (asprintf(&base, "%s/%s", t->folder, name) < 0)
		return vmsync_fail_memory(e);
	ret = make_alike(&f->path, base, make_file, e);
	free(base);
	if (!ret && s->ledger && !stream->metadata &&
	    live_ledger_file(s->ledger, t->folder, strrchr(f->path, '/') + 1,
			     &f->number))
		ret = vmsync_fail_memory(e);
	return ret;
}

int live_store_stream(struct live_store *s, const struct live_stream *stream,
		      size_t *file, struct ctf_error *e)
{
	struct spool f = { .again = false }, *place;
	int ret = session_folder(s, e);

	if (!ret)
		ret = find_trace(s, stream->path, &f.trace, e);
	if (ret)
		return ret;
	for (*file = 0; *file < s->files.count; ++*file)
		if (is_file(&s->files.at[*file], f.trace, stream))
			return 0;
	if (s->files.count >= LIVE_STREAMS_MAX)
		return vmsync_fail(e, -EFBIG, "", "%.400s: more than %d streams",
				   s->folder, LIVE_STREAMS_MAX);
	ret = make_stream(s, &f, stream, e);
	place = ret ? NULL : vmsync_array_add(&s->files);
	if (place) {
		*place = f;
		return 0;
	}
	free(f.channel);
	free(f.path);
	return ret ? ret : vmsync_fail_memory(e);
}

static int count_bytes(struct live_store *s, size_t n, struct ctf_error *e)
{
	if (s->limit && n > s->limit - s->bytes)
		return vmsync_fail(e, -EFBIG, "give a larger --limit",
				   "%.400s: the limit of %llu MiB is reached",
				   s->told,
				   (unsigned long long)(s->limit >> 20));
	s->bytes += n;
	return 0;
}

static int metadata_write(struct live_store *s, struct trace *t,
			  const struct spool *f, int fd, const uint8_t *bytes,
			  size_t n, struct ctf_error *e)
{
	uint64_t left = t->metadata > t->seen ? t->metadata - t->seen : 0;
	size_t old = n < left ? n : (size_t)left;
	int ret = live_file_same(f->path, fd, bytes, old, t->seen, e);

	if (!ret && t->metadata + (n - old) > LIVE_METADATA_MAX)
		ret = vmsync_fail(e, -EFBIG, "",
				  "%.400s: more metadata than can be read",
				  f->path);
	if (!ret)
		ret = count_bytes(s, n - old, e);
	if (!ret)
		ret = live_file_write(f->path, fd, bytes + old, n - old, t->metadata, e);
	if (ret)
		return ret;
	t->metadata += n - old;
	t->seen += n;
	return 0;
}

int live_store_metadata(struct live_store *s, size_t file, const uint8_t *bytes,
			size_t n, struct ctf_error *e)
{
	const struct spool *f = &s->files.at[file];
	int fd = live_file_open(f->path, O_RDWR, e);

	if (fd < 0)
		return fd;
	return live_file_close(f->path, fd,
			  metadata_write(s, &s->traces.at[f->trace], f, fd,
					 bytes, n, e),
			  e);
}

bool live_store_readable(const struct live_store *s, size_t file)
{
	return s->traces.at[s->files.at[file].trace].seen;
}

bool live_store_has(const struct live_store *s, size_t file,
		    const struct live_index *packet)
{
	const struct spool *f = &s->files.at[file];

	if (!f->again || !f->passed)
		return false;
	return packet->begin < f->begin ||
	       (packet->begin == f->begin && packet->end <= f->end);
}

int live_store_open(struct live_store *s, size_t file, struct ctf_error *e)
{
	s->fd = live_file_open(s->files.at[file].path, O_WRONLY, e);
	s->open = file;
	s->part = 0;
	return s->fd < 0 ? s->fd : 0;
}

int live_store_part(struct live_store *s, const uint8_t *bytes, size_t n,
		    struct ctf_error *e)
{
	const struct spool *f = &s->files.at[s->open];
	int ret = count_bytes(s, n, e);

	if (!ret)
		ret = live_file_write(f->path, s->fd, bytes, n, f->size + s->part, e);
	s->part += ret ? 0 : n;
	return ret;
}

const char *live_store_coming(const struct live_store *s, struct ctf_part *part)
{
	const struct spool *f = &s->files.at[s->open];

	*part = (struct ctf_part){ .name = strrchr(f->path, '/') + 1,
				   .metadata = s->traces.at[f->trace].metadata,
				   .from = f->size,
				   .to = f->size + s->part };
	return s->traces.at[f->trace].folder;
}

static void pass(struct spool *f, const struct live_index *packet)
{
	f->again = false;
	f->passed = true;
	f->begin = packet->begin;
	f->end = packet->end;
}

void live_store_pass(struct live_store *s, size_t file,
		     const struct live_index *packet)
{
	struct spool *f = &s->files.at[file];

	pass(f, packet);
	if (s->ledger)
		live_ledger_lost(s->ledger, f->number, packet->end);
}

int live_store_close(struct live_store *s, const struct live_index *packet,
		     bool whole, struct ctf_error *e)
{
	struct spool *f = &s->files.at[s->open];
	int fd = s->fd, ret = 0;

	s->fd = -1;
	if (!whole) {
		/* Also where a write ended half done: the disk is full. */
		if (ftruncate(fd, (off_t)f->size))
			ret = vmsync_fail_file(e, -errno, f->path);
		s->bytes -= s->part;
		return live_file_close(f->path, fd, ret, e);
	}
	f->size += s->part;
	pass(f, packet);
	f->packets++;
	f->discarded = packet->discarded;
	ret = live_file_close(f->path, fd, ret, e);
	if (!ret && s->ledger)
		live_ledger_packet(s->ledger, f->number, f->size,
				   s->traces.at[f->trace].metadata);
	return ret;
}
