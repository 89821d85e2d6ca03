/* SPDX-License-Identifier: MIT */
/* One line of what series.h writes, read again. */
#ifndef VMSYNC_BASE_SAMPLE_H
#define VMSYNC_BASE_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#define VMSYNC_SAMPLE_LABELS 8

/**
 * struct vmsync_sample - a series and its value
 * @label:	[@n], as they were before they were written; all are of the line
 * @value:	a number, or +Inf
 */
struct vmsync_sample {
	const char *name;
	struct {
		const char *name;
		const char *value;
	} label[VMSYNC_SAMPLE_LABELS];
	size_t n;
	const char *value;
};

/**
 * vmsync_sample_parse() - a line, which is changed
 * Return: 1; 0: it is a comment, or empty; -EINVAL: it is neither.
 */
int vmsync_sample_parse(char *line, struct vmsync_sample *out);

/** vmsync_sample_label() - the value of a label, or NULL */
const char *vmsync_sample_label(const struct vmsync_sample *s, const char *name);

/** vmsync_sample_ns() - a value in seconds, as ns; what is no number, or too large, is INT64_MAX */
int64_t vmsync_sample_ns(const struct vmsync_sample *s);

#endif /* VMSYNC_BASE_SAMPLE_H */
