/* SPDX-License-Identifier: MIT */
/* Files in the folder that a rewrite fills, and nowhere else. */
#ifndef CTF_OUTDIR_H
#define CTF_OUTDIR_H

#include "ctf/internal.h"
#include "ctf/rewrite.h"

struct outdir {
	const char *path;
	int fd;
	int index_fd;		/* of its folder index, or -1 */
};

struct outfile {
	const struct outdir *dir;
	const char *name;
	bool is_index;
	int fd;
};

int outdir_open(struct outdir *d, const char *path, struct ctf_error *e);
int outdir_add_index(struct outdir *d, struct ctf_error *e);
void outdir_close(struct outdir *d);

int outfile_create(struct outfile *f, const struct outdir *d, const char *name,
		   bool is_index, struct ctf_error *e);
int outfile_write(struct outfile *f, const void *buf, size_t len, uint64_t off,
		  struct ctf_error *e);
int outfile_close(struct outfile *f, struct ctf_error *e);

/* rewrite_meta.c */
int rewrite_metadata(const struct ctf_trace *t, const struct outdir *d,
		     const struct ctf_rewrite *how, struct ctf_error *e);

/* index.c: LTTng's index of one stream */
struct index {
	struct outfile f;
	uint64_t at;
	uint8_t *buf;
	size_t n, cap;
};

bool index_wanted(const struct ctf_stream *s);
int index_create(struct index *x, const struct outdir *d,
		 const struct ctf_stream *s, struct ctf_error *e);
int index_add(struct index *x, uint64_t offset, const struct ctf_packet *p,
	      struct ctf_error *e);
int index_close(struct index *x, struct ctf_error *e);

#endif /* CTF_OUTDIR_H */
