/* SPDX-License-Identifier: MIT */
/* Layers that come with vmsync, by name. */
#ifndef VMSYNC_LAYERS_FIND_H
#define VMSYNC_LAYERS_FIND_H

#include "analysis/layers/layer.h"

/**
 * layer_find() - read a layer by its name, or by the path of its file
 * @what:	a path where a '/' is in it, or where it ends in ".layer"
 * Names are looked up in $VMSYNC_LAYERS, if that is set, or where they were
 * installed, or beside the tool in the source tree.
 */
struct layer *layer_find(const char *what, struct ctf_error *e);

/**
 * layer_names() - all there are, sorted
 * @n:		how many
 * Return: owned, each of them and the list; NULL where memory is out, or none.
 */
char **layer_names(size_t *n);

#endif /* VMSYNC_LAYERS_FIND_H */
