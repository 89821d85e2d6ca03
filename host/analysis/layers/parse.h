/* SPDX-License-Identifier: MIT */
/* The two halves of the parser; for host/analysis/layers/ only, see layer.h. */
#ifndef VMSYNC_LAYERS_PARSE_H
#define VMSYNC_LAYERS_PARSE_H

#include "analysis/layers/lex.h"

struct layer_parser {
	struct layer_lexer lex;
	struct layer *layer;
};

/*
 * All of them return false where something is wrong, which is said, or memory
 * is out.
 */

/** layer_parse_text() - parts, up to what can be none */
bool layer_parse_text(struct layer_parser *p, struct layer_range *out);

/** layer_parse_field() - a field alone */
bool layer_parse_field(struct layer_parser *p, uint32_t *field);

/** layer_parse_condition() - FIELD OPERATOR LITERAL, added to the layer's */
bool layer_parse_condition(struct layer_parser *p);

/** layer_parse_number() - a whole number, decimal or 0x...: is the slice one?
 */
bool layer_parse_number(struct layer_slice s, int64_t *number);

#endif /* VMSYNC_LAYERS_PARSE_H */
