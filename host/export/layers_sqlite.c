// SPDX-License-Identifier: MIT
/*
 * Layers as tables of SQLite: tracks, objects, their states and their links,
 * each of all layers. A state's row comes before its object's, which is known
 * when it is let go: by then the object has its number.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/layers.h"

#ifdef VMSYNC_SQLITE
#include "export/cell.h"
#include "export/database.h"
#include "export/export.h"

#define TEXT (4 * LAYERS_TEXT + 1) /* a byte may become \xHH */

enum table { TRACKS, OBJECTS, STATES, LINKS, TABLES };

static const struct export_columns tables[TABLES] = {
	[TRACKS] = { "tracks",
		     { "track", "name", "about", "objects", "timed_out",
		       "crowded_out", "not_begun", "restarted" },
		     8,
		     .texts = 1u << 1 | 1u << 2 },
	[OBJECTS] = { "objects",
		      { "object", "track", "key", "name", "from_ns", "until_ns",
			"failures", "cause", "cause_place", "cause_ns" },
		      10,
		      .texts = 1u << 2 | 1u << 3 | 1u << 7 | 1u << 8,
		      .nones = 1u << 3 | 1u << 7 | 1u << 8 | 1u << 9 },
	[STATES] = { "states",
		     { "object", "from_ns", "until_ns", "state", "place",
		       "self_ns", "depth", "nested", "failed", "unfinished" },
		     10,
		     .texts = 1u << 3 | 1u << 4,
		     .nones = 1u << 4 },
	[LINKS] = { "links",
		    { "object", "n", "to_track", "to_key" },
		    4,
		    .texts = 1u << 3 },
};

/*
 * An object that was let go and came again is two of one key: what links to it
 * may mean either. Figures are those of vmsync layers, but percentiles.
 */
static const char after[] =
	"create index objects_key on objects (key, track);"
	"create index states_from on states (from_ns, object);"
	"create index states_object on states (object);"
	"create index links_object on links (object);"

	"create view figures as select t.name as track, s.nested, s.state,"
	" s.place, count(*) as states, sum(s.unfinished) as unfinished,"
	" sum(s.failed) as failed, sum(s.until_ns - s.from_ns) as total_ns,"
	" sum(s.self_ns) as self_ns, max(s.until_ns - s.from_ns) as longest_ns"
	" from states s join objects o using (object) join tracks t"
	" using (track) group by o.track, s.nested, s.state, s.place;"

	"create view linked as select l.object, l.n, o.object as to_object"
	" from links l join objects o on o.key = l.to_key"
	" and o.track = l.to_track;"

	"pragma user_version = 1;"
	"commit;";

struct state {
	struct database base;
	struct bulk *bulk[TABLES];
};

static struct export_value text(const char *s, char *buf)
{
	return cell_text(export_text(s, buf, TEXT));
}

static struct export_value name_text(const struct layers_export *x,
				     uint32_t name, char *buf)
{
	return name == LAYERS_NO_NAME ?
		       cell_none() :
		       text(layers_name_text(&x->engine->names, name), buf);
}

static int fail(struct layers_export *x, int error)
{
	const struct state *d = x->state;

	if (error)
		snprintf(x->why, sizeof(x->why), "%s", d->base.why);
	return error;
}

static int put(struct layers_export *x, enum table t,
	       const struct export_value *v)
{
	struct state *d = x->state;

	return fail(x, database_row(&d->base, d->bulk[t], v));
}

static uint32_t number_of(struct layers_export *x,
			  const struct layers_object *obj)
{
	struct layers_object *known = (struct layers_object *)obj;

	if (!obj->number)
		known->number = ++x->numbers;
	return obj->number;
}

static int span(void *ctx, const struct layers_object *obj,
		const struct layers_span *s)
{
	struct layers_export *x = ctx;
	char state[TEXT], place[TEXT];
	const struct export_value v[EXPORT_COLUMNS] = {
		cell_number(number_of(x, obj)),
		cell_number(s->from_ns - x->offset_ns),
		cell_number(s->until_ns - x->offset_ns),
		name_text(x, s->name, state),
		name_text(x, s->place, place),
		cell_number(s->self_ns),
		cell_number(s->depth),
		cell_number((s->flags & LAYERS_NESTED) != 0),
		cell_number((s->flags & LAYERS_FAILED) != 0),
		cell_number((s->flags & LAYERS_UNFINISHED) != 0),
	};

	return put(x, STATES, v);
}

static int links(struct layers_export *x, const struct layers_object *obj)
{
	char key[TEXT];
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < obj->links.count; i++) {
		const struct export_value v[EXPORT_COLUMNS] = {
			cell_number(obj->number),
			cell_number((int64_t)i),
			cell_number(obj->links.at[i].track),
			text(obj->links.at[i].key, key),
		};

		ret = put(x, LINKS, v);
	}
	return ret;
}

static int object(void *ctx, struct layers_object *obj)
{
	struct layers_export *x = ctx;
	char key[TEXT], name[TEXT], cause[TEXT], place[TEXT];
	const struct export_value v[EXPORT_COLUMNS] = {
		cell_number(number_of(x, obj)),
		cell_number(obj->track),
		text(obj->key, key),
		obj->name ? text(obj->name, name) : cell_none(),
		cell_number(obj->first_ns - x->offset_ns),
		cell_number(obj->last_ns - x->offset_ns),
		cell_number(obj->failures),
		obj->cause ? text(obj->cause, cause) : cell_none(),
		obj->cause ? name_text(x, obj->cause_place, place) : cell_none(),
		obj->cause ? cell_number(obj->cause_ns - x->offset_ns) : cell_none(),
	};
	int ret = put(x, OBJECTS, v);

	if (!ret)
		ret = links(x, obj);
	layers_object_free(obj);
	return ret;
}

static int tracks(struct layers_export *x)
{
	char name[TEXT], about[TEXT];
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < x->engine->tracks.count; i++) {
		const struct layers_track *t = &x->engine->tracks.at[i];
		const struct export_value v[EXPORT_COLUMNS] = {
			cell_number((int64_t)i),
			text(t->name, name),
			text(t->about, about),
			cell_number((int64_t)t->ended),
			cell_number((int64_t)t->timed_out),
			cell_number((int64_t)t->crowded_out),
			cell_number((int64_t)t->orphans),
			cell_number((int64_t)t->restarted),
		};

		ret = put(x, TRACKS, v);
	}
	return ret;
}

static int begin(struct layers_export *x, const char *path)
{
	struct state *d = calloc(1, sizeof(*d));
	int t, ret;

	x->state = d;
	if (!d)
		return -ENOMEM;
	ret = database_open(&d->base, path, sqlite3_threadsafe());
	for (t = 0; !ret && t < TABLES; t++)
		ret = database_table(&d->base, &tables[t], t <= OBJECTS,
				     &d->bulk[t]);
	return fail(x, ret);
}

static int end(struct layers_export *x)
{
	struct state *d = x->state;
	int t, ret = tracks(x);

	for (t = 0; !ret && t < TABLES; t++)
		ret = database_flush(&d->base, d->bulk[t]);
	if (!ret)
		ret = database_rows_end(&d->base);
	return fail(x, ret ? ret : database_do(&d->base, after));
}

static void state_free(struct layers_export *x)
{
	struct state *d = x->state;
	int t;

	if (!d)
		return;
	database_stop(&d->base);
	for (t = 0; t < TABLES; t++)
		bulk_free(d->bulk[t]);
	database_close(&d->base);
	free(d);
}

#else

static int span(void *ctx, const struct layers_object *obj,
		const struct layers_span *s)
{
	(void)ctx;
	(void)obj;
	(void)s;
	return 0;
}

static int object(void *ctx, struct layers_object *obj)
{
	(void)ctx;
	layers_object_free(obj);
	return 0;
}

static int begin(struct layers_export *x, const char *path)
{
	(void)path;
	snprintf(x->why, sizeof(x->why),
		 "this vmsync was built without libsqlite3");
	return -ENOTSUP;
}

static int end(struct layers_export *x)
{
	(void)x;
	return 0;
}

static void state_free(struct layers_export *x)
{
	(void)x;
}

#endif

const struct layers_format layers_sqlite = {
	.name = "sqlite",
	.span = span,
	.object = object,
	.begin = begin,
	.end = end,
	.free = state_free,
};
