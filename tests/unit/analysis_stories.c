// SPDX-License-Identifier: MIT
/*
 * Stories: tests/analysis/NAME.story says in words and events what happens to a
 * virtual CPU, and below a line "---" what the model is to make of it. README
 * of that folder says how to read and write them. With a name as argument, that
 * story is told and what came of it is printed.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/why.h"
#include "check.h"

#define FOLDER	  "tests/analysis"
#define MAX_WORDS 12
#define MAX_LINES 512

struct story {
	const char *path;
	int line;
	struct analysis_model *m;
	bool wakeups;
	bool counters;
	int64_t begin_ns;
	int64_t end_ns;
	char *told[MAX_LINES]; /* what came out */
	int n_told;
	struct analysis_why *why;
	int64_t stays_ns; /* sums of these */
	int64_t waits_ns;
	int64_t charges_ns;
};

static void die(const struct story *s, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", s->path, s->line, what);
	exit(2);
}

/* ------------------------------------------------------------ what comes out
 */

static void say(struct story *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct story *s, const char *format, ...)
{
	va_list ap;

	if (s->n_told == MAX_LINES)
		die(s, "more comes out than a story can hold");
	va_start(ap, format);
	if (vasprintf(&s->told[s->n_told++], format, ap) < 0)
		die(s, "out of memory");
	va_end(ap);
}

static int tid_of(const struct story *s, uint32_t vcpu)
{
	return analysis_model_vcpu_id(s->m, vcpu).tid;
}

static const char *thread_text(const struct story *s, uint32_t thread,
			       char *buf, size_t size)
{
	const struct analysis_thread *t;

	if (thread == ANALYSIS_NONE)
		return "-";
	t = analysis_model_thread(s->m, thread);
	snprintf(buf, size, "%s:%d", t->name, t->tid);
	return buf;
}

static void stay(void *ctx, const struct analysis_stay *y)
{
	static const char *const places[ANALYSIS_PLACES] = {
		"guest", "kvm", "poll", "user", "unknown",
	};
	struct story *s = ctx;
	char buf[64];

	s->stays_ns += y->until_ns - y->from_ns;
	if (analysis_state_waits(y->state))
		s->waits_ns += y->until_ns - y->from_ns;
	say(s, "%d %s %" PRId64 "..%" PRId64 " in %s of %s", tid_of(s, y->vcpu),
	    analysis_state_key(y->state), y->from_ns, y->until_ns,
	    places[y->place], thread_text(s, y->thread, buf, sizeof(buf)));
}

static void charge(void *ctx, const struct analysis_charge *c)
{
	static const char *const by[] = {"unknown", "nobody", "irq", "task",
					 "vcpu"};
	struct story *s = ctx;
	char who[96], thread[64];

	s->charges_ns += c->until_ns - c->from_ns;
	switch (c->who.by) {
	case ANALYSIS_BY_TASK:
		thread_text(s, c->who.id, who, sizeof(who));
		break;
	case ANALYSIS_BY_VCPU:
		snprintf(who, sizeof(who), "%d of %s", tid_of(s, c->who.id),
			 thread_text(s, c->who.thread, thread, sizeof(thread)));
		break;
	default:
		who[0] = '\0';
	}
	say(s, "%d charge %" PRId64 "..%" PRId64 " %s%s%s", tid_of(s, c->vcpu),
	    c->from_ns, c->until_ns, by[c->who.by], who[0] ? " " : "", who);
}

static void parts_text(const int64_t *ns, char *buf, size_t size)
{
	size_t n = 0;
	int i;

	buf[0] = '\0';
	for (i = 0; i < ANALYSIS_STATES; i++) {
		if (ns[i])
			n += (size_t)snprintf(
				buf + n, size - n, " %s %" PRId64,
				analysis_state_key((enum analysis_state)i),
				ns[i]);
	}
}

static void left(void *ctx, const struct analysis_exit *x)
{
	static const char *const isa[] = {"unknown", "vmx", "svm"};
	struct story *s = ctx;
	char parts[512];

	parts_text(x->ns, parts, sizeof(parts));
	if (x->told)
		say(s, "%d exit %" PRId64 "..%" PRId64 "%s %s:%u%s",
		    tid_of(s, x->vcpu), x->from_ns, x->until_ns,
		    x->ended ? "" : " open", isa[x->isa], x->reason, parts);
	else
		say(s, "%d exit %" PRId64 "..%" PRId64 "%s not told%s",
		    tid_of(s, x->vcpu), x->from_ns, x->until_ns,
		    x->ended ? "" : " open", parts);
}

static void wake(void *ctx, const struct analysis_wake *w)
{
	struct story *s = ctx;
	char parts[512], thread[64], waker[64];

	parts_text(w->ns, parts, sizeof(parts));
	say(s, "%d wake %" PRId64 "..%" PRId64 " %s by %s%s",
	    tid_of(s, w->vcpu), w->from_ns, w->until_ns,
	    thread_text(s, w->thread, thread, sizeof(thread)),
	    thread_text(s, w->waker, waker, sizeof(waker)), parts);
}

/* ------------------------------------------------------------- what goes in */

static int64_t number(const struct story *s, const char *word)
{
	char *end;
	long long n = strtoll(word ? word : "", &end, 0);

	if (!word || *end || end == word)
		die(s, "a number is missing");
	return n;
}

/* A state as sched_switch tells it: R, R+ (preempted), S, D, T, X. */
static int64_t task_state(const struct story *s, const char *word)
{
	static const struct {
		const char *name;
		int64_t state;
	} states[] = {{"R", 0}, {"R+", 256}, {"S", 1},	{"D", 2},
		      {"T", 4}, {"t", 8},    {"X", 16}, {"Z", 32}};
	size_t i;

	for (i = 0; word && i < sizeof(states) / sizeof(states[0]); i++) {
		if (!strcmp(states[i].name, word))
			return states[i].state;
	}
	return number(s, word);
}

struct verb {
	const char *name;
	enum analysis_kind kind;
};

static const struct verb verbs[] = {
	{"other", ANALYSIS_EV_OTHER},	  {"switch", ANALYSIS_EV_SWITCH},
	{"waking", ANALYSIS_EV_WAKING},	  {"wakeup", ANALYSIS_EV_WAKEUP},
	{"migrate", ANALYSIS_EV_MIGRATE}, {"irq", ANALYSIS_EV_IRQ_IN},
	{"irqend", ANALYSIS_EV_IRQ_OUT},  {"thread", ANALYSIS_EV_THREAD},
	{"gone", ANALYSIS_EV_GONE},	  {"entry", ANALYSIS_EV_ENTRY},
	{"exit", ANALYSIS_EV_EXIT},	  {"userexit", ANALYSIS_EV_USER_EXIT},
	{"run", ANALYSIS_EV_RUN},	  {"lost", ANALYSIS_EV_LOST},
	{"halted", ANALYSIS_EV_HALTED},	  {"poll", ANALYSIS_EV_POLL},
};

static const struct verb *verb_of(const struct story *s, const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (word && !strcmp(verbs[i].name, word))
			return &verbs[i];
	}
	die(s, "no such event");
	return NULL;
}

/* svm:hlt, vmx:hlt, svm:0x64, ... */
static void reason(const struct story *s, const char *word,
		   struct analysis_event *ev)
{
	const char *value = word ? strchr(word, ':') : NULL;

	if (!value)
		die(s, "no reason");
	ev->isa = word[0] == 'v' ? ANALYSIS_ISA_VMX : ANALYSIS_ISA_SVM;
	if (!strcmp(value, ":hlt"))
		ev->reason = ev->isa == ANALYSIS_ISA_VMX ? 12 : 0x78;
	else
		ev->reason = (uint32_t)number(s, value + 1);
}

static void name_of(struct analysis_event *ev, const char *word)
{
	ev->named = word != NULL;
	if (word)
		memcpy(ev->name, word, strnlen(word, ANALYSIS_NAME));
}

/* The words after the verb. */
static void details(const struct story *s, char **w, struct analysis_event *ev)
{
	switch (ev->kind) {
	case ANALYSIS_EV_SWITCH:
		ev->current = (int32_t)number(s, w[0]);
		ev->prev_state = task_state(s, w[1]);
		ev->tid = (int32_t)number(s, w[2]);
		name_of(ev, w[3]);
		break;
	case ANALYSIS_EV_WAKING:
	case ANALYSIS_EV_WAKEUP:
	case ANALYSIS_EV_MIGRATE:
		ev->tid = (int32_t)number(s, w[0]);
		ev->target = (uint32_t)number(s, w[1]);
		break;
	case ANALYSIS_EV_THREAD:
		ev->tid = (int32_t)number(s, w[0]);
		ev->pid = (int32_t)number(s, w[1]);
		name_of(ev, w[2]);
		break;
	case ANALYSIS_EV_GONE:
		ev->tid = (int32_t)number(s, w[0]);
		break;
	case ANALYSIS_EV_EXIT:
		reason(s, w[0], ev);
		break;
	case ANALYSIS_EV_USER_EXIT:
		ev->reason = (uint32_t)number(s, w[0]);
		break;
	case ANALYSIS_EV_LOST:
		ev->until_ns = number(s, w[0]);
		break;
	case ANALYSIS_EV_HALTED:
		ev->halt_ns = number(s, w[0]);
		ev->reason = w[1] && !strcmp(w[1], "slept");
		break;
	case ANALYSIS_EV_POLL:
		ev->old_poll_ns = number(s, w[0]);
		ev->reason = (uint32_t)number(s, w[1]);
		break;
	default:
		break;
	}
}

static void begin(struct story *s)
{
	struct analysis_sink sink = {.stay = stay, .charge = charge, .exit = left,
				     .wake = wake, .ctx = s};

	if (s->m)
		return;
	s->m = analysis_model_new(s->begin_ns, s->wakeups);
	CHECK(s->m);
	analysis_model_sink(s->m, &sink);
}

/* vcpu TID id N pid PID [guest MACHINE CPU] */
static void vcpu(struct story *s, char **w)
{
	struct analysis_vcpu_id id = {
		.tid = (int32_t)number(s, w[1]),
		.vcpu_id = (int32_t)number(s, w[3]),
		.pid = (int32_t)number(s, w[5]),
	};

	if (w[6]) {
		id.machine = (uint32_t)number(s, w[7]);
		id.cpu = (uint32_t)number(s, w[8]);
	}
	begin(s);
	CHECK(analysis_model_vcpu(s->m, &id) != ANALYSIS_NONE);
}

/* TIME cpu N VERB ..., or TIME guest MACHINE N VERB ... */
static void event(struct story *s, char **w)
{
	bool guest = w[1] && !strcmp(w[1], "guest");
	struct analysis_event ev = {
		.ns = number(s, w[0]),
		.machine = guest ? (uint32_t)number(s, w[2]) : ANALYSIS_HOST,
		.cpu = (uint32_t)number(s, w[guest ? 3 : 2]),
		.kind = verb_of(s, w[guest ? 4 : 3])->kind,
		.current = ANALYSIS_NOT_SAID,
		.vcpu_id = -1,
	};

	begin(s);
	details(s, w + (guest ? 5 : 4), &ev);
	analysis_model_event(s->m, &ev);
}

/* why GUEST TID: at the end, in the whole story */
static void why_in(struct story *s, char **w)
{
	struct analysis_sink sink;

	begin(s);
	s->why = analysis_why_new(s->m, (uint32_t)number(s, w[1]),
				  (int32_t)number(s, w[2]), s->begin_ns,
				  INT64_MAX);
	CHECK(s->why);
	sink = analysis_why_sink(s->why);
	analysis_model_sink(s->m, &sink);
}

static void causes(struct story *s, const struct analysis_why_node *n,
		   int depth)
{
	size_t i;

	say(s, "why %d %s: %" PRId64, depth, n->what, n->ns);
	for (i = 0; i < n->n_children; i++)
		causes(s, &n->child[i], depth + 1);
}

static int64_t leaves_ns(const struct analysis_why_node *n)
{
	int64_t ns = n->n_children ? 0 : n->ns;
	size_t i;

	for (i = 0; i < n->n_children; i++)
		ns += leaves_ns(&n->child[i]);
	return ns;
}

static void why_out(struct story *s)
{
	struct analysis_why_node root;

	if (!s->why)
		return;
	CHECK(!analysis_why_tree(s->why, s->end_ns, &root));
	causes(s, &root, 0);
	CHECK_EQ(leaves_ns(&root), s->end_ns - s->begin_ns);
	analysis_why_node_free(&root);
	analysis_why_free(s->why);
}

/* What the kernel may count of each virtual CPU. */
static void counters_out(struct story *s)
{
	uint32_t i;

	for (i = 0; s->counters && i < analysis_model_vcpus(s->m); i++) {
		const struct analysis_slack *k = analysis_model_slack(s->m, i);
		const struct analysis_halts *h = analysis_model_halts(s->m, i);

		say(s,
		    "%d kernel ran -%" PRId64 "+%" PRId64 " delay -%" PRId64
		    "+%" PRId64,
		    tid_of(s, i), k->ran_less_ns, k->ran_more_ns,
		    k->delay_less_ns, k->delay_more_ns);
		if (h->count)
			say(s,
			    "%d halts %" PRIu64 " slept %" PRIu64 ": %" PRId64
			    " of it failed %" PRId64 "-%" PRId64
			    " polled %" PRId64 "-%" PRId64,
			    tid_of(s, i), h->count, h->slept, h->slept_ns,
			    h->failed_ns, h->failed_less_ns, h->polled_ns,
			    h->polled_less_ns);
	}
}

static void in(struct story *s, char **w)
{
	if (!strcmp(w[0], "begin"))
		s->begin_ns = number(s, w[1]);
	else if (!strcmp(w[0], "no-wakeups"))
		s->wakeups = false;
	else if (!strcmp(w[0], "vcpu"))
		vcpu(s, w);
	else if (!strcmp(w[0], "why"))
		why_in(s, w);
	else if (!strcmp(w[0], "counters"))
		s->counters = true;
	else if (!strcmp(w[0], "end")) {
		s->end_ns = number(s, w[1]);
		CHECK(!analysis_model_end(s->m, s->end_ns));
		why_out(s);
		counters_out(s);
	} else
		event(s, w);
}

/* ------------------------------------------------------------------- telling
 */

static int words(char *line, char **w)
{
	int n = 0;
	char *p;

	for (p = strtok(line, " \t\n"); p && n < MAX_WORDS;
	     p = strtok(NULL, " \t\n"))
		w[n++] = p;
	w[n] = NULL;
	return n;
}

static void expect_line(struct story *s, const char *line, int i)
{
	const char *got = i < s->n_told ? s->told[i] : "(nothing more)";

	if (!strcmp(got, line)) {
		CHECK(true);
		return;
	}
	fprintf(stderr, "%s:%d:\n  wanted %s\n  got    %s\n", s->path, s->line,
		line, got);
	CHECK(!"a line of the story differs");
}

static void told(struct story *s, bool print)
{
	int i;

	for (i = 0; i < s->n_told; i++) {
		if (print)
			puts(s->told[i]);
		free(s->told[i]);
	}
}

static void tell(const char *path, bool print)
{
	struct story s = {.path = path, .wakeups = true};
	char *line = NULL, *w[MAX_WORDS + 1];
	bool result = false;
	FILE *f = fopen(path, "r");
	size_t size = 0;
	int n = 0;

	if (!f)
		die(&s, "cannot be read");
	while (getline(&line, &size, f) > 0) {
		s.line++;
		line[strcspn(line, "\n")] = '\0';
		if (!line[0] || line[0] == '#')
			continue;
		if (!strcmp(line, "---"))
			result = true;
		else if (!result && words(line, w))
			in(&s, w);
		else if (result && !print)
			expect_line(&s, line, n++);
	}
	free(line);
	fclose(f);
	if (!print)
		CHECK(n == s.n_told);
	CHECK_EQ(s.waits_ns, s.charges_ns);
	CHECK_EQ(s.stays_ns,
		 (s.end_ns - s.begin_ns) * analysis_model_vcpus(s.m));
	told(&s, print);
	analysis_model_free(s.m);
}

static int is_story(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 6 && !strcmp(d->d_name + n - 6, ".story");
}

int main(int argc, char **argv)
{
	struct dirent **d;
	char path[512];
	int i, n;

	if (argc == 2) {
		snprintf(path, sizeof(path), FOLDER "/%s.story", argv[1]);
		tell(path, true);
		return 0;
	}
	n = scandir(FOLDER, &d, is_story, alphasort);
	CHECK(n > 0);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), FOLDER "/%s", d[i]->d_name);
		tell(path, false);
		free(d[i]);
	}
	if (n > 0)
		free(d);
	return check_done();
}
