// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/layers/parse.h"
#include "fuse/fail.h"

#define BIT(text) (1u << (text))

/* What a verb needs, and which options it may have. */
static const struct verb {
	const char *name;
	bool has_value;
	uint32_t options;
} verbs[LAYER_VERBS] = {
	[LAYER_STATE] = { "state", true, BIT(LAYER_PLACE) },
	[LAYER_SEEN] = { "seen", true, 0 },
	[LAYER_BEGIN] = { "begin", true,
			  BIT(LAYER_ID) | BIT(LAYER_PARENT) |
				  BIT(LAYER_PLACE) },
	[LAYER_END] = { "end", false, BIT(LAYER_ID) | BIT(LAYER_CAUSE) },
	[LAYER_TOOK] = { "took", true, BIT(LAYER_FOR) | BIT(LAYER_PLACE) },
	[LAYER_GONE] = { "gone", false, 0 },
	[LAYER_FAIL] = { "fail", true, BIT(LAYER_PLACE) },
	[LAYER_NAME] = { "name", true, 0 },
	[LAYER_LINK] = { "link", false, 0 },
	[LAYER_REKEY] = { "rekey", false, 0 },
};

static const char *const option_names[LAYER_TEXTS] = {
	[LAYER_ID] = "id",	  [LAYER_PARENT] = "in", [LAYER_PLACE] = "at",
	[LAYER_CAUSE] = "failed", [LAYER_FOR] = "for",
};

static const struct unit {
	const char *name;
	int64_t ns;
} units[] = {
	{ "ns", 1 },	     { "us", 1000 },	     { "ms", 1000000 },
	{ "s", 1000000000 }, { "min", 60000000000 },
};

bool layer_slice_is(struct layer_slice a, const char *s)
{
	return a.len == strlen(s) && !memcmp(a.s, s, a.len);
}

static bool word_is(const struct layer_parser *p, const char *s)
{
	return p->lex.token.kind == LAYER_TOKEN_WORD &&
	       layer_slice_is(p->lex.token.text, s);
}

static bool sign_take(struct layer_parser *p, const char *sign)
{
	if (!layer_lex_is(&p->lex, sign))
		return layer_lex_fail(&p->lex, "'%s' is missing", sign);
	layer_lex_next(&p->lex);
	return true;
}

/* Names of layers and tracks: what a command line and a report can hold. */
static bool name_take(struct layer_parser *p, const char *what,
		      struct layer_slice *out)
{
	struct layer_slice word = p->lex.token.text;
	uint32_t i;

	if (p->lex.token.kind != LAYER_TOKEN_WORD)
		return layer_lex_fail(&p->lex, "the name of a %s is missing",
				      what);
	for (i = 0; i < word.len; i++) {
		if (strchr("*?/$@:", word.s[i]))
			return layer_lex_fail(&p->lex,
					      "'%c' in the name of a %s",
					      word.s[i], what);
	}
	if (word.len > 32)
		return layer_lex_fail(&p->lex, "a name of more than 32 bytes");
	*out = word;
	layer_lex_next(&p->lex);
	return true;
}

static void about_take(struct layer_parser *p, struct layer_slice *out)
{
	if (p->lex.token.kind != LAYER_TOKEN_STRING)
		return;
	*out = p->lex.token.text;
	layer_lex_next(&p->lex);
}

static bool unit_find(struct layer_slice s, int64_t *ns)
{
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (layer_slice_is(s, units[i].name)) {
			*ns = units[i].ns;
			return true;
		}
	}
	return false;
}

/* "60s", "60 s" */
static bool duration_take(struct layer_parser *p, int64_t *ns)
{
	struct layer_slice word = p->lex.token.text, digits = word;
	int64_t number, unit;

	while (digits.len && (digits.s[digits.len - 1] < '0' ||
			      digits.s[digits.len - 1] > '9'))
		digits.len--;
	if (p->lex.token.kind != LAYER_TOKEN_WORD ||
	    !layer_parse_number(digits, &number) || number <= 0 ||
	    number > 1000000000)
		return layer_lex_fail(&p->lex, "no time: write it as 60s, or "
					       "500 ms");
	if (digits.len == word.len) {
		layer_lex_next(&p->lex);
		word = p->lex.token.text;
		if (p->lex.token.kind != LAYER_TOKEN_WORD)
			word.len = 0;
	} else {
		word.s += digits.len;
		word.len -= digits.len;
	}
	if (!unit_find(word, &unit))
		return layer_lex_fail(&p->lex, "a time is in ns, us, ms, s or "
					       "min");
	if (number > LAYER_MOST_NS / unit)
		return layer_lex_fail(&p->lex, "a time is 30 years at most");
	*ns = number * unit;
	layer_lex_next(&p->lex);
	return true;
}

static bool track_find(const struct layer *l, struct layer_slice name,
		       uint32_t *track)
{
	uint32_t i;

	for (i = 0; i < l->tracks.count; i++) {
		if (name.len == l->tracks.at[i].name.len &&
		    !memcmp(name.s, l->tracks.at[i].name.s, name.len))
			break;
	}
	*track = i;
	return i < l->tracks.count;
}

static bool most_take(struct layer_parser *p, uint32_t *most)
{
	int64_t n;

	if (!layer_parse_number(p->lex.token.text, &n) || n <= 0 || n > 1 << 24)
		return layer_lex_fail(&p->lex, "no number of objects");
	*most = (uint32_t)n;
	layer_lex_next(&p->lex);
	return true;
}

/* track NAME ["ABOUT"] [, timeout TIME] [, most NUMBER] */
static bool track_statement(struct layer_parser *p)
{
	struct layer_track t = { 0 }, *at;
	uint32_t known;

	if (p->layer->tracks.count == LAYER_MAX_TRACKS)
		return layer_lex_fail(&p->lex, "more than %u tracks",
				      LAYER_MAX_TRACKS);
	if (track_find(p->layer, p->lex.token.text, &known))
		return layer_lex_fail(&p->lex, "there is a track of this name "
					       "already");
	if (!name_take(p, "track", &t.name))
		return false;
	about_take(p, &t.about);
	while (layer_lex_is(&p->lex, ",")) {
		layer_lex_next(&p->lex);
		if (word_is(p, "timeout") && !t.timeout_ns) {
			layer_lex_next(&p->lex);
			if (!duration_take(p, &t.timeout_ns))
				return false;
		} else if (word_is(p, "most") && !t.most) {
			layer_lex_next(&p->lex);
			if (!most_take(p, &t.most))
				return false;
		} else {
			return layer_lex_fail(&p->lex, "here goes timeout or "
						       "most, each once");
		}
	}
	at = vmsync_array_add(&p->layer->tracks);
	if (!at)
		return vmsync_fail_memory(p->lex.e), false;
	*at = t;
	return true;
}

/* The name of an event, or what it may look like. */
static bool event_take(struct layer_parser *p, struct layer_slice *out)
{
	if (p->lex.token.kind != LAYER_TOKEN_WORD &&
	    p->lex.token.kind != LAYER_TOKEN_STRING)
		return layer_lex_fail(&p->lex,
				      "the name of an event is missing");
	*out = p->lex.token.text;
	layer_lex_next(&p->lex);
	return true;
}

static bool needs_statement(struct layer_parser *p)
{
	struct layer_slice *at = vmsync_array_add(&p->layer->needs);

	if (!at)
		return vmsync_fail_memory(p->lex.e), false;
	return event_take(p, at);
}

static bool event_statement(struct layer_parser *p)
{
	struct layer_block *b = vmsync_array_add(&p->layer->blocks);

	if (!b)
		return vmsync_fail_memory(p->lex.e), false;
	*b = (struct layer_block){
		.conditions.first = (uint32_t)p->layer->conditions.count,
		.actions.first = (uint32_t)p->layer->actions.count,
	};
	return event_take(p, &b->event);
}

static bool where_statement(struct layer_parser *p)
{
	struct layer_block *b = vmsync_array_last(&p->layer->blocks);

	if (!b)
		return layer_lex_fail(&p->lex,
				      "'where' belongs below an event");
	if (b->actions.n)
		return layer_lex_fail(&p->lex, "'where' comes before what the "
					       "event does");
	layer_lex_next(&p->lex);
	b->conditions.n++;
	return layer_parse_condition(p);
}

static bool track_take(struct layer_parser *p, uint32_t *track)
{
	if (p->lex.token.kind != LAYER_TOKEN_WORD)
		return layer_lex_fail(&p->lex,
				      "the name of a track is missing");
	if (!track_find(p->layer, p->lex.token.text, track))
		return layer_lex_fail(&p->lex, "no track '%.*s' was described",
				      (int)p->lex.token.text.len,
				      p->lex.token.text.s);
	layer_lex_next(&p->lex);
	return true;
}

static bool option_take(struct layer_parser *p, struct layer_action *a)
{
	const struct verb *v = &verbs[a->verb];
	bool *flag = NULL;
	int i;

	if (a->verb == LAYER_END && word_is(p, "quiet"))
		flag = &a->quiet;
	else if (a->verb == LAYER_SEEN && word_is(p, "known"))
		flag = &a->known;
	if (flag) {
		*flag = true;
		layer_lex_next(&p->lex);
		return true;
	}
	for (i = 0; i < LAYER_TEXTS; i++) {
		if ((v->options & BIT(i)) && word_is(p, option_names[i]))
			break;
	}
	if (i == LAYER_TEXTS)
		return layer_lex_fail(&p->lex, "'%s' has no such option",
				      v->name);
	if (a->text[i].n)
		return layer_lex_fail(&p->lex, "'%s' is said twice",
				      option_names[i]);
	layer_lex_next(&p->lex);
	if (!layer_parse_text(p, &a->text[i]))
		return false;
	if (i != LAYER_FOR)
		return true;
	/* "for FIELD, ms": the unit is the last thing of the line. */
	if (!sign_take(p, ","))
		return false;
	if (!unit_find(p->lex.token.text, &a->unit_ns))
		return layer_lex_fail(&p->lex, "a time is in ns, us, ms, s or "
					       "min");
	layer_lex_next(&p->lex);
	return true;
}

/* What cannot be seen of one option alone. */
static bool action_check(struct layer_parser *p, const struct layer_action *a)
{
	struct layer_track *t = &p->layer->tracks.at[a->track];

	if (a->verb == LAYER_END && !a->text[LAYER_VALUE].n &&
	    !a->text[LAYER_ID].n)
		return layer_lex_fail(&p->lex,
				      "which state ends? '=' or 'id' is "
				      "missing");
	if (a->verb == LAYER_TOOK && !a->text[LAYER_FOR].n)
		return layer_lex_fail(&p->lex, "how long? 'for' is missing");
	t->states |= a->verb == LAYER_STATE;
	t->sightings |= a->verb == LAYER_SEEN;
	if (t->states && t->sightings)
		return layer_lex_fail(&p->lex,
				      "track '%.*s' has 'state' already: "
				      "'seen' is for another track",
				      (int)t->name.len, t->name.s);
	return true;
}

static bool action_rest(struct layer_parser *p, struct layer_action *a)
{
	if (a->verb == LAYER_LINK)
		return sign_take(p, ",") && track_take(p, &a->to) &&
		       layer_parse_text(p, &a->text[LAYER_TO_KEY]);
	if (a->verb == LAYER_REKEY)
		return sign_take(p, ",") &&
		       layer_parse_text(p, &a->text[LAYER_TO_KEY]);
	if (verbs[a->verb].has_value || layer_lex_is(&p->lex, "=")) {
		if (a->verb == LAYER_GONE)
			return layer_lex_fail(&p->lex, "'gone' has a key only");
		if (!sign_take(p, "=") ||
		    !layer_parse_text(p, &a->text[LAYER_VALUE]))
			return false;
	}
	while (layer_lex_is(&p->lex, ",")) {
		layer_lex_next(&p->lex);
		if (!option_take(p, a))
			return false;
	}
	return true;
}

static bool action_statement(struct layer_parser *p, enum layer_verb verb)
{
	struct layer_block *b = vmsync_array_last(&p->layer->blocks);
	struct layer_action a = { .verb = verb }, *at;

	if (!b)
		return layer_lex_fail(&p->lex, "'%s' belongs below an event",
				      verbs[verb].name);
	layer_lex_next(&p->lex);
	if (!track_take(p, &a.track) ||
	    !layer_parse_text(p, &a.text[LAYER_KEY]) || !action_rest(p, &a) ||
	    !action_check(p, &a))
		return false;
	at = vmsync_array_add(&p->layer->actions);
	if (!at)
		return vmsync_fail_memory(p->lex.e), false;
	*at = a;
	b->actions.n++;
	return true;
}

static bool statement(struct layer_parser *p)
{
	int v;

	if (word_is(p, "layer"))
		return layer_lex_fail(&p->lex, "'layer' is said once, first");
	if (word_is(p, "track"))
		return layer_lex_next(&p->lex), track_statement(p);
	if (word_is(p, "event"))
		return layer_lex_next(&p->lex), event_statement(p);
	if (word_is(p, "needs"))
		return layer_lex_next(&p->lex), needs_statement(p);
	if (word_is(p, "where"))
		return where_statement(p);
	for (v = 0; v < LAYER_VERBS; v++) {
		if (word_is(p, verbs[v].name))
			return action_statement(p, (enum layer_verb)v);
	}
	return layer_lex_fail(&p->lex,
			      "a line begins with needs, track, event, where, "
			      "state, seen, begin, end, took, gone, fail, "
			      "name, link or rekey");
}

static bool file(struct layer_parser *p)
{
	if (!word_is(p, "layer"))
		return layer_lex_fail(&p->lex,
				      "a file begins with 'layer NAME'");
	layer_lex_next(&p->lex);
	if (!name_take(p, "layer", &p->layer->name))
		return false;
	about_take(p, &p->layer->about);
	for (;;) {
		if (!layer_lex_line_ends(&p->lex))
			return layer_lex_fail(&p->lex,
					      "the line should end here");
		while (p->lex.token.kind == LAYER_TOKEN_LINE)
			layer_lex_next(&p->lex);
		if (p->lex.token.kind == LAYER_TOKEN_END)
			break;
		if (!statement(p))
			return false;
	}
	return p->layer->actions.count ||
	       layer_lex_fail(&p->lex, "no event does anything in this file");
}

/* Return: its text, owned, or NULL. */
static char *file_read(const char *path, size_t *n, struct ctf_error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = malloc(LAYER_MAX_BYTES + 1);
	ssize_t got = fd >= 0 && text ? 1 : -1;
	struct stat st;

	*n = 0;
	if (fd >= 0 && (fstat(fd, &st) || S_ISDIR(st.st_mode))) {
		errno = EISDIR;
		got = -1;
	}
	while (got > 0 && *n <= LAYER_MAX_BYTES) {
		got = read(fd, text + *n, LAYER_MAX_BYTES + 1 - *n);
		*n += got > 0 ? (size_t)got : 0;
	}
	if (got < 0)
		vmsync_fail_file(e, errno ? -errno : -EIO, path);
	else if (*n > LAYER_MAX_BYTES)
		vmsync_fail(e, -EFBIG, "a layer is a text of some lines",
			    "%.400s: more than %u bytes", path,
			    LAYER_MAX_BYTES);
	if (fd >= 0)
		close(fd);
	if (got >= 0 && *n <= LAYER_MAX_BYTES)
		return text;
	free(text);
	return NULL;
}

struct layer *layer_read(const char *path, struct ctf_error *e)
{
	struct layer_parser p = { .layer = calloc(1, sizeof(*p.layer)) };
	size_t n = 0;

	if (!p.layer) {
		vmsync_fail_memory(e);
		return NULL;
	}
	p.layer->path = strdup(path);
	p.layer->file = p.layer->path ? file_read(path, &n, e) : NULL;
	if (!p.layer->path)
		vmsync_fail_memory(e);
	if (p.layer->file) {
		layer_lex_begin(&p.lex, p.layer->path, p.layer->file, n, e);
		if (file(&p))
			return p.layer;
	}
	layer_free(p.layer);
	return NULL;
}

void layer_free(struct layer *l)
{
	if (!l)
		return;
	free(l->path);
	free(l->file);
	vmsync_array_free(&l->needs);
	vmsync_array_free(&l->tracks);
	vmsync_array_free(&l->sources);
	vmsync_array_free(&l->keys);
	vmsync_array_free(&l->cuts);
	vmsync_array_free(&l->fields);
	vmsync_array_free(&l->alternatives);
	vmsync_array_free(&l->parts);
	vmsync_array_free(&l->conditions);
	vmsync_array_free(&l->actions);
	vmsync_array_free(&l->blocks);
	free(l);
}
