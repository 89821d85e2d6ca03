// SPDX-License-Identifier: MIT
#include "base/sample.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NS_DIGITS 9

/* A label's value, unescaped in place. Behind its quote, or NULL where there is none. */
static char *unescape(char *s)
{
	char *to = s;

	for (; *s && *s != '"'; s++) {
		if (*s == '\\' && s[1]) {
			s++;
			*to++ = *s == 'n' ? '\n' : *s;
		} else {
			*to++ = *s;
		}
	}
	if (!*s)
		return NULL;
	*to = '\0';
	return s + 1;
}

/* NAME="VALUE", and so on, up to the brace. Behind that, or NULL. */
static char *labels_parse(char *s, struct vmsync_sample *out)
{
	while (*s != '}') {
		char *name = s, *end = strstr(s, "=\"");

		if (!end || out->n == VMSYNC_SAMPLE_LABELS)
			return NULL;
		*end = '\0';
		out->label[out->n].name = name;
		out->label[out->n++].value = end + 2;
		s = unescape(end + 2);
		if (!s || (*s != ',' && *s != '}'))
			return NULL;
		s += *s == ',';
	}
	return s + 1;
}

int vmsync_sample_parse(char *line, struct vmsync_sample *out)
{
	char *s = line;

	line[strcspn(line, "\n")] = '\0';
	if (!*line || *line == '#')
		return 0;
	*out = (struct vmsync_sample){ .name = line };
	s += strcspn(s, "{ ");
	if (*s == '{') {
		*s = '\0';
		s = labels_parse(s + 1, out);
	}
	if (!s || *s != ' ' || !s[1])
		return -EINVAL;
	*s = '\0';
	out->value = s + 1;
	return 1;
}

const char *vmsync_sample_label(const struct vmsync_sample *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (!strcmp(s->label[i].name, name))
			return s->label[i].value;
	}
	return NULL;
}

int64_t vmsync_sample_ns(const struct vmsync_sample *s)
{
	const char *p = s->value + (*s->value == '-');
	char *end;
	unsigned long long seconds = strtoull(p, &end, 10);
	int64_t ns = 0;
	int i = 0;

	if (*p < '0' || *p > '9' || seconds >= INT64_MAX / 1000000000)
		return INT64_MAX;
	if (*end == '.')
		end++;
	for (; i < NS_DIGITS; i++)
		ns = 10 * ns + (*end >= '0' && *end <= '9' ? *end++ - '0' : 0);
	ns += (int64_t)seconds * 1000000000;
	return p == s->value ? ns : -ns;
}
