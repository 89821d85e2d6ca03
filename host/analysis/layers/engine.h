/* SPDX-License-Identifier: MIT */
/*
 * Layers at work: events go in, in the order of time, and out come the states
 * in which objects were, each as soon as it has ended, and the objects, as soon
 * as nothing more is to be told of them. Memory grows with the objects that are
 * open at a time, and never with time.
 */
#ifndef VMSYNC_LAYERS_ENGINE_H
#define VMSYNC_LAYERS_ENGINE_H

#include "analysis/layers/layer.h"
#include "analysis/layers/names.h"
#include "analysis/layers/objects.h"
#include "analysis/layers/value.h"

/**
 * struct layers_sink - who is told
 * @span:	a state has ended
 * @object:	nothing more is told of it, and it is the sink's to free
 * Both return 0 or a negative errno, which ends all.
 */
struct layers_sink {
	int (*span)(void *ctx, const struct layers_object *obj,
		    const struct layers_span *span);
	int (*object)(void *ctx, struct layers_object *obj);
	void *ctx;
};

/**
 * struct layers_track - a track, of whichever layers have one of this name
 * @states, @sightings: what makes its states: "state", or "seen"
 * @ended:	objects of which nothing more was told, @timed_out: for too long
 * @crowded_out: there were too many
 * @orphans:	ends of something that had not begun
 * @restarted:	states that began while they were open
 * @number:	a sink's own, 0 at first
 */
struct layers_track {
	char name[33];
	char about[128];
	int64_t timeout_ns;
	uint32_t most;
	bool states;
	bool sightings;
	uint64_t ended;
	uint64_t timed_out;
	uint64_t crowded_out;
	uint64_t orphans;
	uint64_t restarted;
	uint32_t number;
};

/**
 * struct layers_user - a layer that is used
 * @tracks:	owned: which one each of the layer's is
 * @bindings:	owned, [@n_bindings] by number of the trace
 * @matched:	events that met the conditions of some block
 */
struct layers_user {
	struct layer *layer;
	uint32_t *tracks;
	struct layers_binding *bindings;
	size_t n_bindings;
	struct layers_reader reader;
	uint64_t matched;
};

/**
 * struct layers_engine - see layers_engine_init()
 * @keep_spans:	so many are kept with their objects; there is no more room then
 * @keep_all:	as many as there are
 * @from_ns, @until_ns: of the recording; events make it longer, not shorter
 * @now_ns:	of the last event
 * @events:	that some layer wanted
 */
struct layers_engine {
	struct layers_sink sink;
	uint64_t keep_spans;
	bool keep_all;
	VMSYNC_ARRAY(struct layers_user) users;
	VMSYNC_ARRAY(struct layers_track) tracks;
	struct layers_names names;
	struct layers_objects objects;
	uint64_t events;
	int64_t from_ns;
	int64_t until_ns;
	int64_t now_ns;
	int error;
};

/** layers_engine_init() - of one that is all 0: nothing is recorded yet */
void layers_engine_init(struct layers_engine *g);

/** layers_engine_span() - something was recorded from then until then */
void layers_engine_span(struct layers_engine *g, int64_t from_ns,
			int64_t until_ns);

/**
 * layers_engine_add() - use a layer, which is the engine's from now on
 * Return: 0, -ENOMEM, or -EINVAL where a track of it has "seen" and another
 * layer's of this name has "state".
 */
int layers_engine_add(struct layers_engine *g, struct layer *l);

/**
 * layers_engine_trace() - a trace, by its number, from 0; after all layers
 * @want:	[ctf_trace_classes()] set for classes that some layer means
 */
int layers_engine_trace(struct layers_engine *g, const struct ctf_trace *t,
			uint8_t *want);

/** layers_engine_begin() - after all traces; 0 or -ENOMEM */
int layers_engine_begin(struct layers_engine *g);

/** layers_engine_event() - of trace @trace; 0 or a negative errno */
int layers_engine_event(struct layers_engine *g, size_t trace,
			const struct ctf_event *ev);

/** layers_engine_end() - nothing comes any more; 0 or a negative errno */
int layers_engine_end(struct layers_engine *g);

void layers_engine_free(struct layers_engine *g);

#endif /* VMSYNC_LAYERS_ENGINE_H */
