// SPDX-License-Identifier: MIT
/* Layers as a file of Parquet: their states. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "export/layers_values.h"
#include "export/parquet_column.h"
#include "export/parquet_file.h"

/* @is_begun: what is the same in all rows is known, which it is not at first */
struct state {
	int fd;
	bool is_begun;
	struct parquet *file;
	struct export_origin origin;
	char uuid[37];
	struct layers_values row;
};

static int begin(struct layers_export *x, const char *path)
{
	struct state *d = calloc(1, sizeof(*d));

	x->state = d;
	if (!d)
		return -ENOMEM;
	d->fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (d->fd < 0)
		return -errno;
	d->file = parquet_new(EXPORT_LAYERS, d->fd, PARQUET_ROWS);
	return d->file ? 0 : -ENOMEM;
}

static int constants(struct layers_export *x)
{
	struct state *d = x->state;
	int ret;

	if (d->is_begun)
		return 0;
	d->is_begun = true;
	d->origin = layers_origin(x, d->uuid);
	ret = parquet_constant(d->file, EXPORT_BOOT, &d->origin.boot);
	return ret ? ret :
		     parquet_constant(d->file, EXPORT_REALTIME,
				      &d->origin.realtime);
}

static int span(void *ctx, const struct layers_object *obj,
		const struct layers_span *s)
{
	struct layers_export *x = ctx;
	struct state *d = x->state;
	int ret = constants(x);

	layers_values_make(&d->row, x, obj, s);
	return ret ? ret : parquet_row(d->file, d->row.value);
}

static int object(void *ctx, struct layers_object *obj)
{
	(void)ctx;
	layers_object_free(obj);
	return 0;
}

static int end(struct layers_export *x)
{
	struct state *d = x->state;
	int ret = constants(x);

	if (!ret)
		ret = parquet_end(d->file);
	/* Some file systems say only now that there is no room. */
	if (close(d->fd) && !ret)
		ret = -errno;
	d->fd = -1;
	return ret;
}

static void state_free(struct layers_export *x)
{
	struct state *d = x->state;

	if (!d)
		return;
	if (d->fd >= 0)
		close(d->fd);
	parquet_free(d->file);
	free(d);
}

const struct layers_format layers_parquet = {
	.name = "parquet",
	.span = span,
	.object = object,
	.begin = begin,
	.end = end,
	.free = state_free,
};
