// SPDX-License-Identifier: MIT
#include "freeze/library.h"

#include <dlfcn.h>
#include <errno.h>

#include "fuse/fail.h"

int library_load(const char *soname, const char *const *names, void *functions,
		 struct ctf_error *e)
{
	void **function = functions;
	void *library = dlopen(soname, RTLD_NOW);

	for (; library && *names; names++) {
		*function = dlsym(library, *names);
		if (!*function++)
			library = NULL;
	}
	if (library)
		return 0;
	return vmsync_fail(e, -ENOENT, "is its package installed?",
			   "a library cannot be loaded: %.200s", dlerror());
}
