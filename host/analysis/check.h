/* SPDX-License-Identifier: MIT */
/*
 * The analysis against the kernel's counters over the same time. What the trace
 * tells cannot be more than the kernel counted; it is less by what happened
 * before and after the recording.
 */
#ifndef VMSYNC_ANALYSIS_CHECK_H
#define VMSYNC_ANALYSIS_CHECK_H

#include "analysis/analysis.h"
#include "analysis/counters.h"

/* The kernel adds up time that is not steered, events' is, by at most 500 ppm. */
#define ANALYSIS_CHECK_PPM 500

enum analysis_verdict {
	ANALYSIS_SAME,
	ANALYSIS_FEWER, /* the kernel counted more: outside the recording */
	ANALYSIS_MORE,	/* the analysis or the recording is wrong */
};

/**
 * struct analysis_check_row - one figure
 * @vcpu:	number of the virtual CPU, ANALYSIS_NONE: of the VM @pid
 * @is_time:	ns, else a count
 * @tolerance:	ours may be more by so much: each transition's, added up
 * @tolerance_less: ours may be less by so much
 */
struct analysis_check_row {
	uint32_t vcpu;
	int32_t pid;
	const char *what;
	bool is_time;
	uint64_t ours;
	uint64_t kernels;
	uint64_t tolerance;
	uint64_t tolerance_less;
	enum analysis_verdict verdict;
};

/** struct analysis_check - all of them */
struct analysis_check {
	VMSYNC_ARRAY(struct analysis_check_row) rows;
};

/**
 * analysis_check_file() - compare with what tools/vmsync-counters wrote
 * @c:		to be freed with vmsync_array_free(&c->rows), after an error too
 * Return: 0, or a negative errno; an error where nothing can be compared.
 */
int analysis_check_file(const struct analysis *a, const char *path,
			struct analysis_check *c, struct ctf_error *e);

/** analysis_check_agrees() - nothing is more than the kernel counted */
bool analysis_check_agrees(const struct analysis_check *c);

/** analysis_check_text() - a table */
void analysis_check_text(FILE *f, const struct analysis *a,
			 const struct analysis_check *c);

/** analysis_check_json() - an array */
void analysis_check_json(FILE *f, const struct analysis_check *c);

#endif /* VMSYNC_ANALYSIS_CHECK_H */
