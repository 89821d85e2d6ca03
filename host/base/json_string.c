// SPDX-License-Identifier: MIT
#include "base/json_string.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/utf8.h"

void vmsync_json_string(FILE *f, const char *s)
{
	fputc('"', f);
	while (s && *s) {
		uint32_t code;
		size_t n = utf8_char(s, &code);

		if (!n)
			fprintf(f, "\\\\x%02x", (unsigned char)*s);
		else if (code == '\\')
			fputs("\\\\\\\\", f);
		else if (code == '"')
			fputs("\\\"", f);
		else if (utf8_is_control(code))
			fprintf(f, "\\u%04x", code);
		else
			fwrite(s, 1, n, f);
		s += n ? n : 1;
	}
	fputc('"', f);
}

void vmsync_json_unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1] == '\\') {
			s++;
		} else if (*s == '\\' && s[1] == 'x' &&
			   isxdigit((unsigned char)s[2]) &&
			   isxdigit((unsigned char)s[3])) {
			char hex[3] = { s[2], s[3], 0 };

			*out++ = (char)strtoul(hex, NULL, 16);
			s += 3;
			continue;
		}
		*out++ = *s;
	}
	*out = '\0';
}
