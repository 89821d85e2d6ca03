// SPDX-License-Identifier: MIT
/* Records 2 * 9999 LTTng-UST events of many shapes. */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "ust-shapes.h"

#include <unistd.h>

int main(void)
{
	unsigned char bytes[64];
	int i;

	for (i = 0; i < 64; i++)
		bytes[i] = (unsigned char)('A' + i % 26);
	for (i = 1; i < 10000; i++) {
		lttng_ust_tracepoint(shapes, all, i,
				     i % 3 ? "hello \"world\"" : "x", bytes,
				     1 + (unsigned int)i % 60);
		lttng_ust_tracepoint(shapes, small, i);
		/* Time for the consumer; and gaps beyond compact headers. */
		if (i % 500 == 0)
			usleep(150000);
	}
	return 0;
}
