// SPDX-License-Identifier: MIT
/*
 * LTTng's index files: where each packet is, big endian, version 1.1. A header
 * of four numbers, then nine numbers of 64 bits a packet.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ctf/outdir.h"

#define INDEX_MAGIC	0xC1F1DCC1u
#define INDEX_ENTRY	72
#define INDEX_HEADER	16
#ifndef INDEX_FLUSH	/* fuzzing takes less, to flush often */
#define INDEX_FLUSH	65536
#endif

static void put(uint8_t **p, uint64_t v, unsigned int bytes)
{
	while (bytes--)
		*(*p)++ = (uint8_t)(v >> 8 * bytes);
}

static char *index_name(const struct ctf_stream *s, const char *dir)
{
	char *p;

	return asprintf(&p, "%s%s.idx", dir, s->name) < 0 ? NULL : p;
}

/* Whether the trace has an index of this stream. */
bool index_wanted(const struct ctf_stream *s)
{
	struct stat st;
	bool yes = false;
	char *p;

	if (asprintf(&p, "%s/index/%s.idx", s->trace->path, s->name) < 0)
		return false;
	yes = !stat(p, &st);
	free(p);
	return yes;
}

static int flush(struct index *x, struct ctf_error *e)
{
	int ret = outfile_write(&x->f, x->buf, x->n, x->at, e);

	x->at += x->n;
	x->n = 0;
	return ret;
}

int index_create(struct index *x, const struct outdir *d,
		 const struct ctf_stream *s, struct ctf_error *e)
{
	char *name = index_name(s, "");
	uint8_t *p;
	int ret;

	memset(x, 0, sizeof(*x));
	x->f.fd = -1;
	if (!name || vec_grow(&x->buf, &x->cap, INDEX_FLUSH, 1)) {
		free(name);
		return fail_nomem(e);
	}
	ret = outfile_create(&x->f, d, name, true, e);
	x->f.name = name;
	if (ret)
		return ret;
	p = x->buf;
	put(&p, INDEX_MAGIC, 4);
	put(&p, 1, 4);
	put(&p, 1, 4);
	put(&p, INDEX_ENTRY, 4);
	x->n = INDEX_HEADER;
	return 0;
}

int index_add(struct index *x, uint64_t offset, const struct ctf_packet *pk,
	      struct ctf_error *e)
{
	uint8_t *p;
	int ret = 0;

	if (x->n + INDEX_ENTRY > INDEX_FLUSH)
		ret = flush(x, e);
	p = x->buf + x->n;
	put(&p, offset, 8);
	put(&p, pk->size * 8, 8);
	put(&p, pk->content, 8);
	put(&p, pk->begin, 8);
	put(&p, pk->end, 8);
	put(&p, pk->discarded, 8);
	put(&p, pk->stream_id, 8);
	put(&p, pk->instance, 8);
	put(&p, pk->seq, 8);
	x->n += INDEX_ENTRY;
	return ret;
}

int index_close(struct index *x, struct ctf_error *e)
{
	int ret = 0, closed;

	if (x->f.fd >= 0)
		ret = flush(x, e);
	closed = outfile_close(&x->f, ret ? NULL : e);
	free((char *)x->f.name);
	free(x->buf);
	memset(x, 0, sizeof(*x));
	x->f.fd = -1;
	return ret ? ret : closed;
}
