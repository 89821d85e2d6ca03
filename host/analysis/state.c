// SPDX-License-Identifier: MIT
#include "analysis/state.h"

static const struct {
	const char *name;
	const char *key;
} states[ANALYSIS_STATES] = {
	[ANALYSIS_GUEST] = {"guest", "guest"},
	[ANALYSIS_GUEST_IDLE] = {"guest idle", "guest_idle"},
	[ANALYSIS_HOST_IRQ] = {"host interrupt", "host_irq"},
	[ANALYSIS_HYPERVISOR] = {"hypervisor", "hypervisor"},
	[ANALYSIS_POLLING] = {"halt polling", "polling"},
	[ANALYSIS_USER_SPACE] = {"user space", "user_space"},
	[ANALYSIS_PREEMPTED] = {"preempted", "preempted"},
	[ANALYSIS_WAKING] = {"waking", "waking"},
	[ANALYSIS_HALTED] = {"halted", "halted"},
	[ANALYSIS_BLOCKED] = {"blocked", "blocked"},
	[ANALYSIS_STOPPED] = {"stopped", "stopped"},
	[ANALYSIS_UNKNOWN] = {"unknown", "unknown"},
};

const char *analysis_state_name(enum analysis_state s)
{
	return states[s].name;
}

const char *analysis_state_key(enum analysis_state s)
{
	return states[s].key;
}
