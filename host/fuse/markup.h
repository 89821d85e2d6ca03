/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_FUSE_MARKUP_H
#define VMSYNC_FUSE_MARKUP_H

#include <stdio.h>

/**
 * markup_text() - what is UTF-8 as text of HTML or SVG, and of attributes in
 * quotes
 */
void markup_text(FILE *f, const char *s);

#endif /* VMSYNC_FUSE_MARKUP_H */
