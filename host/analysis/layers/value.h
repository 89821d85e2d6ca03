/* SPDX-License-Identifier: MIT */
/* What the texts and conditions of a layer are for an event. */
#ifndef VMSYNC_LAYERS_VALUE_H
#define VMSYNC_LAYERS_VALUE_H

#include "analysis/layers/layer.h"

#define LAYERS_TEXT \
	256 /* bytes of a key, a state's name, ...; what is more is cut */
#define LAYERS_POOL \
	16384 /* of all values of an event that had to be unescaped */

/** struct layers_text - a text that was put together, with a NUL behind it */
struct layers_text {
	uint32_t len;
	char s[LAYERS_TEXT + 1];
};

enum layers_value_kind {
	LAYERS_NONE,
	LAYERS_STRING,
	LAYERS_NUMBER,
};

/** struct layers_value - @s of an event; a number is printed by @base */
struct layers_value {
	enum layers_value_kind kind;
	bool is_signed;
	uint8_t base;
	struct layer_slice s;
	int64_t number;
};

/**
 * struct layers_class - a class of events, to a layer
 * @blocks:	[@n_blocks] of the layer's that it is meant by; owned, and so is
 * @field:	[sources of the layer], whose @type is NULL where there is none
 */
struct layers_class {
	uint32_t n_blocks;
	uint32_t *blocks;
	struct ctf_field *field;
};

/**
 * struct layers_binding - a layer and a trace
 * @told:	[sources of the layer] what the trace itself says, NULL:
 * nothing; owned
 * @cls:	[@n] by ctf_class.index
 */
struct layers_binding {
	const char **told;
	size_t n;
	struct layers_class *cls;
};

/** layers_bind() - find what the layer means in the trace; 0 or -ENOMEM */
int layers_bind(struct layers_binding *b, const struct layer *l,
		const struct ctf_trace *t);

void layers_unbind(struct layers_binding *b);

struct layers_cached {
	uint64_t stamp;
	struct layers_value value;
};

/**
 * struct layers_reader - the event at hand, and what was read of it
 * @stamp:	of this event: what is cached with another one is stale
 */
struct layers_reader {
	const struct layer *layer;
	const struct layers_binding *binding;
	const struct layers_class *cls;
	const struct ctf_event *ev;
	uint64_t stamp;
	struct layers_cached *sources;
	struct layers_cached *fields;
	uint32_t pool_used;
	char pool[LAYERS_POOL];
};

/** layers_reader_init() - 0 or -ENOMEM; layers_reader_free() either way */
int layers_reader_init(struct layers_reader *r, const struct layer *l);
void layers_reader_free(struct layers_reader *r);

/** layers_reader_event() - the next event, of the trace of @b */
void layers_reader_event(struct layers_reader *r,
			 const struct layers_binding *b,
			 const struct ctf_event *ev);

/** layers_holds() - do all conditions of a block hold? */
bool layers_holds(struct layers_reader *r, const struct layer_block *b);

/** layers_text_get() - false: the text has no value, as some field has none */
bool layers_text_get(struct layers_reader *r, struct layer_range text,
		     struct layers_text *out);

/** layers_duration_get() - the same of a number, maybe with a fraction, as ns
 */
bool layers_duration_get(struct layers_reader *r, struct layer_range text,
			 int64_t unit_ns, int64_t *ns);

#endif /* VMSYNC_LAYERS_VALUE_H */
