// SPDX-License-Identifier: MIT
/* libFuzzer: any bytes as the file "metadata". */
#include <stdlib.h>

#include "ctf/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctf_trace *t = calloc(1, sizeof(*t));
	char *raw = malloc(size + 1);
	struct ctf_error e = { 0 };

	if (!t || !raw)
		abort();
	memcpy(raw, data, size);
	t->path = ".";
	t->meta_path = "metadata";
	if (metadata_unpack(t, raw, size, &e) || trace_compile(t, &e)) {
		/* An error says what is wrong, in one line. */
		if (!e.code || !e.msg[0] || strchr(e.msg, '\n'))
			abort();
	}
	ctf_trace_close(t);
	return 0;
}
