// SPDX-License-Identifier: MIT
/*
 * libFuzzer: any bytes as the file "metadata". What can be read can be written
 * with other offsets of its clocks, which become absolute, and one more entry of
 * its environment, and that can be read too.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctf/outdir.h"

#define OFFSET_S	(-11)
#define OFFSET		(-7)
#define ENV_KEY		"vmsync_fuzz"
#define ENV_VALUE	"written"

static struct outdir dir = { .fd = -1, .index_fd = -1 };
static char base[256];

static void wrong(const char *what)
{
	fprintf(stderr, "wrong: %s\n", what);
	abort();
}

static void clean_up(void)
{
	unlinkat(dir.fd, "metadata", 0);
	rmdir(base);
}

/* In memory: nothing of this is meant to reach a disk. */
static void set_up(void)
{
	const char *in = getenv("FUZZ_DIR");

	snprintf(base, sizeof(base), "%s/vmsync-fuzz-XXXXXX",
		 in ? in : "/dev/shm");
	dir.path = mkdtemp(base);
	dir.fd = dir.path ? open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (dir.fd < 0)
		wrong("no folder to write to");
	atexit(clean_up);
}

static struct ctf_trace *compile(const void *text, size_t size,
				 struct ctf_error *e)
{
	struct ctf_trace *t = calloc(1, sizeof(*t));
	char *raw = malloc(size + 1);

	if (!t || !raw)
		wrong("no memory");
	memcpy(raw, text, size);
	t->path = ".";
	t->meta_path = "metadata";
	e->code = 0;
	if (metadata_unpack(t, raw, size, e) || trace_compile(t, e)) {
		/* An error says what is wrong, in one line. */
		if (!e->code || !e->msg[0] || strchr(e->msg, '\n'))
			wrong("an error that says nothing");
		ctf_trace_close(t);
		return NULL;
	}
	return t;
}

/* Cycles before zero, however they are shared between the two numbers. */
static bool same_offset(const struct ctf_clock *c)
{
	return (__int128)c->offset_s * c->freq + c->offset ==
	       (__int128)OFFSET_S * c->freq + OFFSET;
}

/* Where CTF 2 has no trace class there is no place for an environment. */
static bool same_env(const struct ctf_trace *a, const struct ctf_trace *b,
		     bool moved)
{
	const char *value = ctf_trace_env(b, ENV_KEY);

	if (!moved || (a->is_json && !a->env_block.to))
		return a->n_env == b->n_env;
	return b->n_env == a->n_env + 1 && value;
}

static void compare(const struct ctf_trace *a, const struct ctf_trace *b,
		    bool moved)
{
	const struct ctf_clock *x, *y;
	size_t i;

	if (a->n_classes != b->n_classes || a->n_clocks != b->n_clocks ||
	    a->n_sclasses != b->n_sclasses)
		wrong("what was written has other classes");
	if (!same_env(a, b, moved))
		wrong("what was written has another environment");
	for (i = 0; (x = ctf_trace_clock(a, i)); i++) {
		y = ctf_trace_clock(b, i);
		if (strcmp(x->name, y->name) || x->freq != y->freq)
			wrong("what was written has other clocks");
		if (moved ? !same_offset(y) : x->offset_s != y->offset_s ||
					      x->offset != y->offset)
			wrong("the offsets of what was written");
		if (y->absolute != (x->absolute || (moved && !a->is_json)) &&
		    !x->is_implied)
			wrong("a clock is not absolute, or has become that");
	}
}

static void rewrite(const struct ctf_trace *t, bool move)
{
	struct ctf_rewrite how = { .set_offset = move, .offset_s = OFFSET_S,
				   .offset = OFFSET, .absolute = move,
				   .env_key = move ? ENV_KEY : NULL,
				   .env_value = ENV_VALUE };
	static char text[1 << 20];
	struct ctf_trace *again;
	struct ctf_error e;
	ssize_t n;
	int fd;

	if (dir.fd < 0)
		set_up();
	unlinkat(dir.fd, "metadata", 0);
	if (rewrite_metadata(t, &dir, &how, &e))
		wrong(e.msg);
	fd = openat(dir.fd, "metadata", O_RDONLY | O_CLOEXEC);
	n = pread(fd, text, sizeof(text), 0);
	if (fd < 0 || n < 0 || (size_t)n == sizeof(text))
		wrong("what was written is not there");
	close(fd);
	again = compile(text, (size_t)n, &e);
	if (!again)
		wrong(e.msg);
	compare(t, again, move);
	ctf_trace_close(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctf_error e;
	struct ctf_trace *t = compile(data, size, &e);

	if (!t)
		return 0;
	/* Writing costs more than reading: one in eight. */
	if (size % 8 == 0)
		rewrite(t, size % 16);
	ctf_trace_close(t);
	return 0;
}
