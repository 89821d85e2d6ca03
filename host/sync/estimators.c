// SPDX-License-Identifier: MIT
#include "sync/estimator.h"

const struct vmsync_estimator *const vmsync_estimators[VMSYNC_METHOD_COUNT] = {
	[VMSYNC_METHOD_EXACT] = &vmsync_exact_estimator,
	[VMSYNC_METHOD_PAIR] = &vmsync_tsc_pair_estimator,
	[VMSYNC_METHOD_BEACON] = &vmsync_beacon_estimator,
	[VMSYNC_METHOD_WINDOW] = &vmsync_window_estimator,
};
