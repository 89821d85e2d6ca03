// SPDX-License-Identifier: MIT
/* Opening a trace folder, and what it says about itself. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctf/foreign.h"
#include "ctf/internal.h"

#define MAX_STREAMS	65536

#define NO_STREAM "if it is no stream file of this trace, move it out of the folder; else copy the whole trace again"

/* Digits by their value, so that channel0_10 comes behind channel0_9. */
int stream_name_cmp(const char *a, const char *b)
{
	while (*a && *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			size_t x, y;

			while (*a == '0' && isdigit((unsigned char)a[1]))
				a++;
			while (*b == '0' && isdigit((unsigned char)b[1]))
				b++;
			x = strspn(a, "0123456789");
			y = strspn(b, "0123456789");
			if (x != y)
				return x < y ? -1 : 1;
			if (memcmp(a, b, x))
				return memcmp(a, b, x);
			a += x;
			b += x;
		} else if (*a != *b) {
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		} else {
			a++;
			b++;
		}
	}
	return (unsigned char)*a - (unsigned char)*b;
}

static int by_name(const void *a, const void *b)
{
	const struct ctf_stream *x = a, *y = b;
	int c = stream_name_cmp(x->name, y->name);

	return c ? c : strcmp(x->name, y->name);
}

static char *join(struct arena *a, const char *dir, const char *name)
{
	size_t d = strlen(dir), n = strlen(name);
	char *p = arena_get(a, d + n + 2);

	if (p) {
		memcpy(p, dir, d);
		p[d] = '/';
		memcpy(p + d + 1, name, n);
	}
	return p;
}

/* Nothing can be read there, but the file says what was to be recorded. */
static int note_empty(struct ctf_trace *t, const char *name, struct ctf_error *e)
{
	if (t->n_empty >= MAX_STREAMS)
		return 0;
	if (vec_grow(&t->empty, &t->cap_empty, t->n_empty + 1,
		     sizeof(*t->empty)))
		return fail_nomem(e);
	t->empty[t->n_empty] = arena_text(&t->arena, name, strlen(name));
	return t->empty[t->n_empty++] ? 0 : fail_nomem(e);
}

static int open_stream(struct ctf_trace *t, size_t *cap, int dir,
		       const char *name, struct ctf_error *e)
{
	struct ctf_stream *s;
	struct stat st;

	if (fstatat(dir, name, &st, 0) < 0) {
		fail(e, -errno, "%s/%s: %s", t->path, name, strerror(errno));
		return remedy(e, "if it is a link, fetch what it leads to, or remove it");
	}
	if (!S_ISREG(st.st_mode))
		return 0;
	if (!st.st_size)
		return note_empty(t, name, e);
	if (t->n_streams >= MAX_STREAMS ||
	    vec_grow(&t->streams, cap, t->n_streams + 1, sizeof(*s)))
		return fail_nomem(e);
	s = memset(&t->streams[t->n_streams], 0, sizeof(*s));
	s->trace = t;
	s->size = (uint64_t)st.st_size;
	s->path = join(&t->arena, t->path, name);
	s->file = arena_get(&t->arena, sizeof(*s->file));
	if (!s->path || !s->file)
		return fail_nomem(e);
	s->file->path = s->path;
	s->name = s->path + strlen(t->path) + 1;
	t->n_streams++;
	return 0;
}

/* Which stream class the first packet is of. */
int stream_identify(struct ctf_stream *s, struct ctf_error *e)
{
	struct ctf_trace *t = s->trace;
	uint64_t slot[COMMON_SLOTS] = { 0 };
	size_t n = s->size < MAX_HEAD ? s->size : MAX_HEAD, i;
	uint8_t *buf = malloc(n);
	struct run r = { .slot = slot, .data = buf, .end = n * 8 };
	int ret;

	if (!buf)
		return fail_nomem(e);
	ret = stream_read(s, buf, n, 0, e);
	if (ret) {
		free(buf);
		return ret;
	}
	ret = run_head(&t->head, &r);
	free(buf);
	if (ret) {
		fail(e, -EINVAL, "%s: packet at byte 0: cut short in its head",
		     s->path);
		return remedy(e, NO_STREAM);
	}
	if (sem_has(&r, SEM_MAGIC) && r.sem[SEM_MAGIC] != CTF_MAGIC) {
		fail(e, -EINVAL,
		     "%s: packet at byte 0: does not begin with CTF's magic number",
		     s->path);
		return remedy(e, NO_STREAM);
	}
	for (i = 0; i < t->n_sclasses; i++)
		if (!sem_has(&r, SEM_STREAM_ID) ?
			    t->n_sclasses == 1 :
			    t->sclasses[i]->id == r.sem[SEM_STREAM_ID] ||
				    (t->n_sclasses == 1 &&
				     !t->sclasses[0]->has_id))
			s->sc = t->sclasses[i];
	if (!s->sc)
		return fail(e, -EINVAL,
			    "%s: packet at byte 0: of a stream class that the metadata does not declare",
			    s->path);
	return 0;
}

static int open_streams(struct ctf_trace *t, struct ctf_error *e)
{
	struct ctf_packet p;
	struct dirent *d;
	size_t cap = 0, i;
	int ret = 0;
	DIR *dir;

	dir = opendir(t->path);
	if (!dir)
		return fail(e, -errno, "%s: %s", t->path, strerror(errno));
	while (!ret && (d = readdir(dir)))
		if (d->d_name[0] != '.' && strcmp(d->d_name, "metadata"))
			ret = open_stream(t, &cap, dirfd(dir), d->d_name, e);
	closedir(dir);
	if (ret)
		return ret;
	if (t->n_streams)
		qsort(t->streams, t->n_streams, sizeof(*t->streams), by_name);
	for (i = 0; i < t->n_streams; i++) {
		t->streams[i].index = i;
		ret = stream_identify(&t->streams[i], e);
		if (!ret)
			ret = packet_read(&t->streams[i], 0, NULL, &p, e);
		if (ret)
			return ret;
	}
	return 0;
}

static int set_path(struct ctf_trace *t, const char *path, struct ctf_error *e)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	t->path = arena_text(&t->arena, path, len);
	if (!t->path)
		return fail_nomem(e);
	t->meta_path = join(&t->arena, t->path, "metadata");
	return t->meta_path ? 0 : fail_nomem(e);
}

/* From the text of the metadata to classes that can be run. */
int trace_compile(struct ctf_trace *t, struct ctf_error *e)
{
	int ret = t->is_json ? json_parse(t, e) : tsdl_parse(t, e);

	return ret ? ret : trace_build(t, e);
}

static bool same_metadata(const struct ctf_trace *a, const struct ctf_trace *b)
{
	return a->text_len == b->text_len &&
	       !memcmp(a->text, b->text, a->text_len);
}

/* Everything that comes of the metadata is @like's. */
static void use_metadata(struct ctf_trace *t, struct ctf_trace *like)
{
	struct ctf_trace own = *t;

	free(own.text);
	*t = *like;
	t->like = like;
	like->users++;
	t->users = 0;
	t->closed = false;
	t->arena = own.arena;
	t->path = own.path;
	t->meta_path = own.meta_path;
	t->named = own.named;
	t->scratch = own.scratch;
	t->streams = NULL;
	t->n_streams = 0;
	t->empty = NULL;
	t->n_empty = t->cap_empty = 0;
}

/* What is no trace folder is made one. */
static int set_folder(struct ctf_trace *t, const char *path,
		      struct ctf_error *e)
{
	int ret;

	if (!foreign_is(path))
		return set_path(t, path, e);
	t->named = arena_text(&t->arena, path, strlen(path));
	if (!t->named)
		return fail_nomem(e);
	ret = foreign_take(path, &t->scratch, e);
	return ret ? ret : set_path(t, t->scratch, e);
}

/* @bytes of it; 0: all. */
static int open_metadata(struct ctf_trace *t, struct ctf_trace *like,
			 uint64_t bytes, struct ctf_error *e)
{
	int ret = metadata_read(t, bytes, e);

	if (ret)
		return ret;
	if (like && like->like)
		like = like->like;
	if (!like || !same_metadata(t, like))
		return trace_compile(t, e);
	use_metadata(t, like);
	return 0;
}

static int open_all(struct ctf_trace *t, const char *path,
		    struct ctf_trace *like, struct ctf_error *e)
{
	int ret = set_folder(t, path, e);

	if (!ret)
		ret = open_metadata(t, like, 0, e);
	return ret ? ret : open_streams(t, e);
}

static int open_one(struct ctf_trace *t, const char *path, const char *name,
		    uint64_t metadata, struct ctf_trace *like,
		    struct ctf_error *e)
{
	size_t cap = 0;
	int ret = set_path(t, path, e), dir;

	if (!ret)
		ret = open_metadata(t, like, metadata, e);
	if (ret)
		return ret;
	dir = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail(e, -errno, "%s: %s", t->path, strerror(errno));
	ret = open_stream(t, &cap, dir, name, e);
	close(dir);
	if (!ret && !t->n_streams)
		ret = fail(e, -ENODATA, "%s/%s: empty", t->path, name);
	return ret ? ret : stream_identify(&t->streams[0], e);
}

struct ctf_trace *trace_open_file(const char *path, const char *name,
				  uint64_t metadata, struct ctf_trace *like,
				  struct ctf_error *e)
{
	struct ctf_trace *t = calloc(1, sizeof(*t));

	if (!t) {
		fail_nomem(e);
		return NULL;
	}
	if (open_one(t, path, name, metadata, like, e)) {
		ctf_trace_close(t);
		return NULL;
	}
	return t;
}

struct ctf_trace *ctf_trace_open_like(const char *path, struct ctf_trace *like,
				      struct ctf_error *e)
{
	struct ctf_trace *t = calloc(1, sizeof(*t));

	if (!t) {
		fail_nomem(e);
		return NULL;
	}
	if (open_all(t, path, like, e)) {
		ctf_trace_close(t);
		return NULL;
	}
	return t;
}

struct ctf_trace *ctf_trace_open(const char *path, struct ctf_error *e)
{
	return ctf_trace_open_like(path, NULL, e);
}

static void streams_free(struct ctf_trace *t)
{
	size_t i;

	for (i = 0; i < t->n_streams; i++) {
		file_forget(t->streams[i].file);
		free(t->streams[i].sections);
	}
	free(t->streams);
	free(t->empty);
	t->streams = NULL;
	t->empty = NULL;
	t->n_streams = 0;
	t->n_empty = t->cap_empty = 0;
}

static void metadata_free(struct ctf_trace *t)
{
	size_t i;

	for (i = 0; i < t->n_sclasses; i++)
		free(t->sclasses[i]->classes);
	free(t->sclasses);
	free(t->classes);
	free(t->clocks);
	free(t->env);
	free(t->text);
}

void ctf_trace_close(struct ctf_trace *t)
{
	struct ctf_trace *like;

	if (!t)
		return;
	streams_free(t);
	scratch_drop(t->scratch);
	t->scratch = NULL;
	t->closed = true;
	if (t->users)
		return;
	like = t->like;
	if (!like)
		metadata_free(t);
	arena_free(&t->arena);
	free(t);
	if (like && !--like->users && like->closed)
		ctf_trace_close(like);
}

const char *ctf_trace_path(const struct ctf_trace *t)
{
	return t->named ? t->named : t->path;
}

const char *ctf_trace_folder(const struct ctf_trace *t)
{
	return t->path;
}

bool ctf_trace_is_scratch(const struct ctf_trace *t)
{
	return t->scratch;
}

const char *ctf_trace_env(const struct ctf_trace *t, const char *key)
{
	size_t i;

	for (i = 0; i < t->n_env; i++)
		if (!strcmp(t->env[i].key, key))
			return t->env[i].value;
	return NULL;
}

const struct ctf_clock *ctf_trace_clock(const struct ctf_trace *t, size_t i)
{
	return i < t->n_clocks ? &t->clocks[i]->pub : NULL;
}

/* value * 10^9 / freq, rounded down, without overflow on the way */
static uint64_t cycles_to_ns(uint64_t value, uint64_t freq)
{
	return (uint64_t)((unsigned __int128)value * 1000000000u / freq);
}

uint64_t ctf_clock_ns(const struct ctf_clock *c, uint64_t value)
{
	uint64_t ns;

	if (!c)
		return value;
	ns = (uint64_t)c->offset_s * 1000000000u;
	if (c->freq == 1000000000)
		return ns + (uint64_t)c->offset + value;
	/* Whole cycles are added first: two roundings would be one too many. */
	if (c->offset >= 0 && !__builtin_add_overflow(value, (uint64_t)c->offset,
						      &value))
		return ns + cycles_to_ns(value, c->freq);
	if (c->offset < 0 && value >= -(uint64_t)c->offset)
		return ns + cycles_to_ns(value + (uint64_t)c->offset, c->freq);
	return ns - cycles_to_ns(-(value + (uint64_t)c->offset) + c->freq - 1,
				 c->freq);
}

size_t ctf_trace_classes(const struct ctf_trace *t)
{
	return t->n_classes;
}

const struct ctf_class *ctf_trace_class(const struct ctf_trace *t, size_t i)
{
	return i < t->n_classes ? &t->classes[i]->pub : NULL;
}

size_t ctf_trace_streams(const struct ctf_trace *t)
{
	return t->n_streams;
}

const struct ctf_stream *ctf_trace_stream(const struct ctf_trace *t, size_t i)
{
	return i < t->n_streams ? &t->streams[i] : NULL;
}

const char *ctf_trace_empty(const struct ctf_trace *t, size_t i)
{
	return i < t->n_empty ? t->empty[i] : NULL;
}

uint64_t ctf_stream_bytes(const struct ctf_stream *s)
{
	return s->size;
}

const char *ctf_stream_name(const struct ctf_stream *s)
{
	return s->name;
}

const struct ctf_trace *ctf_stream_trace(const struct ctf_stream *s)
{
	return s->trace;
}

const struct ctf_clock *ctf_stream_clock(const struct ctf_stream *s)
{
	return s->sc->clock;
}
