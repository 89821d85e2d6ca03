// SPDX-License-Identifier: MIT
/* The code of the events that events.h describes. */
#define TRACEPOINT_CREATE_PROBES
#define TRACEPOINT_DEFINE
#include "agent/events.h"
