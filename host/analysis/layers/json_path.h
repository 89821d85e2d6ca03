/* SPDX-License-Identifier: MIT */
/*
 * One value out of a text of JSON that a trace holds: notifications of services
 * are such. The text may be anything. It is gone through once, up to the value;
 * nothing is allocated, nothing recurses, and what is not JSON has no value.
 */
#ifndef VMSYNC_LAYERS_JSON_PATH_H
#define VMSYNC_LAYERS_JSON_PATH_H

#include "analysis/layers/layer.h"

/**
 * layers_json_get() - the value at the end of a path
 * @s:		[@n] the text
 * @keys:	[@n_keys] of objects; of arrays, the number of an element from 0
 * @buf:	[@size] for a string with escapes, of which as much is taken as
 * goes in
 * @out:	in @s, or in @buf: a string without its quotes, a number, true,
 * false Return: false where there is none, or it is null, an object or an
 * array.
 */
bool layers_json_get(const char *s, size_t n, const struct layer_slice *keys,
		     uint32_t n_keys, char *buf, size_t size,
		     struct layer_slice *out);

#endif /* VMSYNC_LAYERS_JSON_PATH_H */
