/* SPDX-License-Identifier: MIT */
/* What the verbs of a layer do to an object; for host/analysis/layers/ only. */
#ifndef VMSYNC_LAYERS_STATES_H
#define VMSYNC_LAYERS_STATES_H

#include "analysis/layers/engine.h"

/** layers_state() - its state is another one from @ns on */
void layers_state(struct layers_engine *g, struct layers_object *obj,
		  uint32_t name, uint32_t place, int64_t ns);

/** layers_seen() - it is at @place */
void layers_seen(struct layers_engine *g, struct layers_object *obj,
		 uint32_t place, int64_t ns);

/** struct layers_begun - of a begin; @parent 0: the last one that is open */
struct layers_begun {
	uint64_t id;
	uint64_t parent;
	uint32_t name;
	uint32_t place;
};

void layers_begin(struct layers_engine *g, struct layers_object *obj,
		  const struct layers_begun *b, int64_t ns);

/** layers_end() - the state with this id ends; false: it is not open */
bool layers_end(struct layers_engine *g, struct layers_object *obj, uint64_t id,
		bool failed, int64_t ns);

/** layers_took() - a state that took @took_ns ends */
void layers_took(struct layers_engine *g, struct layers_object *obj,
		 uint32_t name, uint32_t place, int64_t took_ns, int64_t ns);

/** layers_failed() - the first one is what is told */
void layers_failed(struct layers_engine *g, struct layers_object *obj,
		   const char *cause, uint32_t place, int64_t ns);

/**
 * layers_object_end() - nothing more is told of it
 * @known:	its state ended at @ns, too; otherwise nobody knows when
 */
void layers_object_end(struct layers_engine *g, struct layers_object *obj,
		       bool known, int64_t ns);

#endif /* VMSYNC_LAYERS_STATES_H */
