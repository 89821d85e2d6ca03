/* SPDX-License-Identifier: MIT */
/*
 * What each virtual CPU did, window by window: a sink of the model. Memory
 * grows with the number of windows, which is limited.
 */
#ifndef VMSYNC_ANALYSIS_WINDOWS_H
#define VMSYNC_ANALYSIS_WINDOWS_H

#include "analysis/model.h"
#include "sync/base/array.h"

#define ANALYSIS_WINDOWS_MOST 10000

/** struct analysis_window - of one virtual CPU, times by state */
struct analysis_window {
	int64_t ns[ANALYSIS_STATES];
};

/**
 * struct analysis_windows - all 0: there are none
 * @window_ns:	length of each but the last one
 * @n:		windows
 * @vcpus:	by number, [@n] each, owned
 */
struct analysis_windows {
	int64_t from_ns;
	int64_t until_ns;
	int64_t window_ns;
	uint32_t n;
	VMSYNC_ARRAY(struct analysis_window *) vcpus;
	bool failed;
};

/**
 * analysis_windows_init() - from @from_ns to @until_ns
 * @window_ns:	0: none
 * Return: 0, or -E2BIG if these were more than ANALYSIS_WINDOWS_MOST.
 */
int analysis_windows_init(struct analysis_windows *w, int64_t from_ns,
			  int64_t until_ns, int64_t window_ns);

/** analysis_windows_free() - free what it owns */
void analysis_windows_free(struct analysis_windows *w);

/** analysis_windows_sink() - for analysis_model_sink() */
struct analysis_sink analysis_windows_sink(struct analysis_windows *w);

/** analysis_window_of() - of a virtual CPU; NULL: it was not met */
const struct analysis_window *
analysis_window_of(const struct analysis_windows *w, uint32_t vcpu,
		   uint32_t window);

/** analysis_window_begin() - when it begins; of window @n the end of all */
int64_t analysis_window_begin(const struct analysis_windows *w,
			      uint32_t window);

#endif /* VMSYNC_ANALYSIS_WINDOWS_H */
