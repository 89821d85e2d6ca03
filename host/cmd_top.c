// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "fuse/fail.h"
#include "top/page.h"
#include "top/screen.h"

static const char help[] =
"usage: vmsync top [OPTION]... METRICS [LATER]\n"
"\n"
"Shows, again and again, which VMs are denied CPU, who had it meanwhile, and what\n"
"they leave the guest for: from METRICS, the file that a running\n"
"\n"
"  vmsync live --analyze --metrics=METRICS ...\n"
"\n"
"writes. With LATER, two copies of it, what was between them. In a terminal keys\n"
"are as in top: h says which, q ends.\n"
"\n"
"  -b, --batch         one page after the other, without keys; so it is where\n"
"                      the output is no terminal\n"
"  -n, --number=N      end after N pages\n"
"  -d, --delay=N       N seconds between readings (1)\n"
"  -s, --sort=KEY      denied, wanted, got, exits or name (denied)\n"
"  -w, --width=N       so many columns (a terminal's, or 80)\n"
"  -h, --help          this text\n"
"\n"
"  vmsync top /run/vmsync-live/vmsync.prom\n";

#define LEAST_DELAY_NS 500000000
#define MOST_DELAY_NS  60000000000
#define MOST_COLUMNS   1000

struct arguments {
	bool batch;
	unsigned long pages;
	unsigned long columns;
	int64_t delay_ns;
	enum top_sort sort;
};

/* What is shown. @later: NULL: it is read again and again. */
struct shown {
	const struct arguments *args;
	const char *path;
	const char *later;
	struct top_snapshot before;
	struct top_snapshot now;
	struct top_rates rates;
	struct top_view view;
	struct ctf_error e;
};

static int take_number(const char *name, const char *value, unsigned long least,
		       unsigned long most, unsigned long *n)
{
	char *end;

	*n = strtoul(value, &end, 10);
	if (*end || end == value || *value == '-' || *n < least || *n > most)
		return cmd_usage_error("top", "--%s=%s: give %lu to %lu", name,
				       value, least, most);
	return 0;
}

static int take_sort(struct arguments *args, const char *value)
{
	int i;

	for (i = 0; i < TOP_SORTS; i++) {
		if (strcmp(value, top_sort_name((enum top_sort)i)))
			continue;
		args->sort = (enum top_sort)i;
		return 0;
	}
	return cmd_usage_error("top", "--sort=%s: give denied, wanted, got, exits "
			       "or name", value);
}

static int take_delay(struct arguments *args, const char *value)
{
	int ret = cmd_seconds("top", value, &args->delay_ns);

	if (ret || (args->delay_ns >= LEAST_DELAY_NS &&
		    args->delay_ns <= MOST_DELAY_NS))
		return ret;
	return cmd_usage_error("top", "--delay=%s: give 0.5 to 60", value);
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	switch (option) {
	case 'n':
		return take_number("number", value, 1, 1000000000, &args->pages);
	case 'w':
		return take_number("width", value, TOP_COLUMNS, MOST_COLUMNS,
				   &args->columns);
	case 'd':
		return take_delay(args, value);
	case 's':
		return take_sort(args, value);
	}
	args->batch = true;
	return 0;
}

static int rates_find(struct shown *s)
{
	top_rates_free(&s->rates);
	if (top_rates_find(&s->rates, &s->before, &s->now, s->view.sort))
		return vmsync_fail_memory(&s->e);
	return 0;
}

/* What cannot be read now may be, later: what was is shown until then. */
static int read_again(struct shown *s)
{
	struct top_snapshot next = { .analysed_ns = 0 };

	s->view.note = NULL;
	if (top_snapshot_read(s->path, &next, &s->e)) {
		s->view.note = s->e.msg;
		return s->e.code == -ENOMEM ? -ENOMEM : 0;
	}
	if (next.analysed_ns == s->now.analysed_ns && next.analysed_ns) {
		s->view.note = "nothing new: vmsync live has ended, or it waits";
		top_snapshot_free(&next);
		return 0;
	}
	top_snapshot_free(&s->before);
	s->before = s->now;
	s->now = next;
	return rates_find(s);
}

static int read_first(struct shown *s)
{
	int ret = top_snapshot_read(s->path, &s->now, &s->e);

	if (ret || !s->later)
		return ret;
	s->before = s->now;
	memset(&s->now, 0, sizeof(s->now));
	ret = top_snapshot_read(s->later, &s->now, &s->e);
	if (!ret)
		ret = rates_find(s);
	if (!ret && !s->rates.elapsed_ns)
		ret = vmsync_fail(&s->e, -EINVAL, "name the earlier one first",
				  "%s is not later than %s", s->later, s->path);
	return ret;
}

static int batch(struct shown *s)
{
	const struct timespec delay = { s->view.interval_ns / 1000000000,
					s->view.interval_ns % 1000000000 };
	unsigned long n;
	int ret = 0;

	for (n = 0; !ret && (n < s->args->pages || !s->args->pages); n++) {
		if (!s->later) {
			nanosleep(&delay, NULL);
			ret = read_again(s);
		}
		if (n && !ret)
			putchar('\n');
		if (!ret)
			top_page_write(stdout, &s->view, &s->rates, &s->now);
		if (!cmd_flush("top"))
			return EXIT_TROUBLE;
		if (s->later)
			break;
	}
	return ret ? cmd_error("top", &s->e) : 0;
}

static int show(struct shown *s, bool keys)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	int ret;

	if (!f)
		return vmsync_fail_memory(&s->e);
	top_screen_size(&s->view.columns, &s->view.rows);
	if (keys)
		top_page_keys(f);
	else if (s->view.columns < TOP_COLUMNS || s->view.rows < TOP_ROWS)
		fprintf(f, "%d columns and %d rows\nare needed\n", TOP_COLUMNS,
			TOP_ROWS);
	else
		top_page_write(f, &s->view, &s->rates, &s->now);
	if (fclose(f))
		ret = vmsync_fail_memory(&s->e);
	else
		ret = top_screen_show(text, n);
	free(text);
	return ret;
}

/* Whether it is one of the keys that change something; 'q' is not. */
static bool key_take(struct shown *s, int key)
{
	static const char sorts[TOP_SORTS + 1] = "DWGEN";
	const char *sort = key > 0 ? strchr(sorts, key & ~0x20) : NULL;

	if (key == '+' && s->view.interval_ns * 2 <= MOST_DELAY_NS)
		s->view.interval_ns *= 2;
	else if (key == '-' && s->view.interval_ns / 2 >= LEAST_DELAY_NS)
		s->view.interval_ns /= 2;
	else if (sort && (key | 0x20) >= 'a' && (key | 0x20) <= 'z')
		s->view.sort = (enum top_sort)(sort - sorts);
	else
		return false;
	return true;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Until that time, or for ever. */
static int wait_key(const struct shown *s, struct top_screen *screen, int64_t until_ns)
{
	int64_t ms = (until_ns - now_ns() + 999999) / 1000000;

	return top_screen_wait(screen, s->later ? -1 : ms < 0 ? 0 : (int)ms);
}

static int screen_loop(struct shown *s, struct top_screen *screen)
{
	int64_t until_ns = now_ns() + s->view.interval_ns;
	unsigned long pages = 0;
	bool keys = false;
	int ret = show(s, keys);

	while (!ret) {
		int key = wait_key(s, screen, until_ns);

		if (key == TOP_END || key == 'q')
			return 0;
		if (key == TOP_NO_KEY && now_ns() >= until_ns && !s->later) {
			if (s->args->pages && ++pages >= s->args->pages)
				return 0;
			ret = read_again(s);
			until_ns = now_ns() + s->view.interval_ns;
		} else if (key > 0) {
			keys = !keys && (key == 'h' || key == '?');
			if (key_take(s, key))
				ret = rates_find(s);
		}
		if (!ret)
			ret = show(s, keys);
	}
	return ret;
}

static int in_terminal(struct shown *s)
{
	struct top_screen screen;
	int ret = top_screen_open(&screen, &s->e);

	if (ret)
		return cmd_error("top", &s->e);
	ret = screen_loop(s, &screen);
	top_screen_close(&screen);
	/* Who has taken the terminal away needs no word of it. */
	if (ret == -EIO)
		return EXIT_TROUBLE;
	return ret ? cmd_error("top", &s->e) : 0;
}

static int run(struct shown *s)
{
	int ret = read_first(s);

	if (ret)
		ret = cmd_error("top", &s->e);
	else if (s->args->batch || !top_screen_is())
		ret = batch(s);
	else
		ret = in_terminal(s);
	top_rates_free(&s->rates);
	top_snapshot_free(&s->before);
	top_snapshot_free(&s->now);
	return ret;
}

int cmd_top(int argc, char **argv)
{
	static const struct option table[] = {
		{ "batch", no_argument, NULL, 'b' },
		{ "number", required_argument, NULL, 'n' },
		{ "delay", required_argument, NULL, 'd' },
		{ "sort", required_argument, NULL, 's' },
		{ "width", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = { "top", help, ":bn:d:s:w:h",
						    table, take };
	struct arguments args = { .delay_ns = 1000000000, .columns = 80 };
	struct shown s = { .args = &args };
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	if (optind == argc || optind + 2 < argc)
		return cmd_usage_error("top", "give the file that vmsync live "
				       "--metrics writes, and perhaps a later one");
	s.path = argv[optind];
	s.later = argv[optind + 1];
	s.view = (struct top_view){ .columns = (int)args.columns,
				    .sort = args.sort,
				    .interval_ns = args.delay_ns };
	return run(&s);
}
