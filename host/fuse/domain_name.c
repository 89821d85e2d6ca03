// SPDX-License-Identifier: MIT
#include "fuse/domain_name.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fuse/fail.h"
#include "base/utf8.h"

#define UUID_FORM  "{\"uuid\": \"%36[0-9a-fA-F-]\",%n"
#define NAME_BEGIN "\"name\": \""
#define NAME_END   "\"}\n"

static bool is_escape(const char *s)
{
	static const char hex[] = "0123456789abcdefABCDEF";

	if (*s == 'u')
		return strspn(s + 1, hex) >= 4;
	return *s && strchr("\"\\/bfnrt", *s);
}

/* Somebody may have written into the file. */
static bool is_json(const char *s)
{
	uint32_t code;
	size_t n;

	for (; *s; s += n) {
		n = utf8_char(s, &code);
		if (!n || utf8_is_control(code) || code == '"')
			return false;
		if (code == '\\' && !is_escape(s + 1))
			return false;
		n += code == '\\';
	}
	return true;
}

static bool take_name(const char *line, struct vmsync_domain_name *d)
{
	size_t len = strlen(line), begin = strlen(NAME_BEGIN),
	       end = strlen(NAME_END);

	if (len <= begin + end || len - begin - end >= sizeof(d->name) ||
	    strncmp(line, NAME_BEGIN, begin) ||
	    strcmp(line + len - end, NAME_END))
		return false;
	len -= begin + end;
	memcpy(d->name, line + begin, len);
	d->name[len] = '\0';
	return is_json(d->name);
}

static bool read_file(const char *path, struct vmsync_domain_name *d)
{
	char line[sizeof(d->name) + 32];
	int all = 0;
	FILE *f = fopen(path, "re");
	bool ok;

	if (!f)
		return false;
	ok = fgets(line, sizeof(line), f) &&
	     sscanf(line, UUID_FORM, d->uuid, &all) == 1 && all &&
	     fgets(line, sizeof(line), f) && take_name(line, d);
	fclose(f);
	return ok;
}

void vmsync_domain_name_find(const char *trace, struct vmsync_domain_name *d)
{
	static const char *const ups[] = { "", "/.." };
	char path[4096 + 32];
	size_t i;

	for (i = 0; i < sizeof(ups) / sizeof(ups[0]); i++) {
		memset(d, 0, sizeof(*d));
		snprintf(path, sizeof(path), "%.4000s%s/" VMSYNC_DOMAIN_FILE,
			 trace, ups[i]);
		if (read_file(path, d))
			return;
	}
	memset(d, 0, sizeof(*d));
}

int vmsync_domain_name_save(const char *folder,
			    const struct vmsync_domain_name *d,
			    struct ctf_error *e)
{
	char path[4096 + 32];
	int ret = 0;
	FILE *f;

	if (!d->name[0])
		return 0;
	snprintf(path, sizeof(path), "%.4000s/" VMSYNC_DOMAIN_FILE, folder);
	f = fopen(path, "wxe");
	if (!f)
		return vmsync_fail_file(e, -errno, path);
	if (fprintf(f, "{\"uuid\": \"%s\",\n" NAME_BEGIN "%s" NAME_END, d->uuid,
		    d->name) < 0)
		ret = -EIO;
	if (fclose(f))
		ret = -errno;
	return ret ? vmsync_fail_file(e, ret, path) : 0;
}
