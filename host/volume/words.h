/* SPDX-License-Identifier: MIT */
/* What operations, parts and outcomes are called, in text and as JSON. */
#ifndef VMSYNC_VOLUME_WORDS_H
#define VMSYNC_VOLUME_WORDS_H

#include "volume/paths.h"
#include "volume/request.h"

/** struct volume_word - @key: of JSON; @text: for people */
struct volume_word {
	const char *key;
	const char *text;
};

extern const struct volume_word volume_ops[VOLUME_OPS];
extern const struct volume_word volume_followeds[VOLUME_FOLLOWED];

/* By enum volume_place_kind. */
extern const struct volume_word volume_places[];

/* By the cut with which a part begins. */
extern const struct volume_word volume_parts[VOLUME_PARTS];

#endif /* VMSYNC_VOLUME_WORDS_H */
