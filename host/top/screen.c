// SPDX-License-Identifier: MIT
#include "top/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "fuse/fail.h"

#define ESC "\x1b"
/* Another page, without a cursor; and back. */
#define BEGIN ESC "[?1049h" ESC "[?25l"
#define END   ESC "[?25h" ESC "[?1049l"
#define HOME  ESC "[H"
#define LINE  ESC "[K\r\n" /* nothing of what was there is left in it */
#define REST  ESC "[J"

static int put(const char *s, size_t n)
{
	while (n) {
		ssize_t done = write(STDOUT_FILENO, s, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -EIO;
		s += done;
		n -= (size_t)done;
	}
	return 0;
}

bool top_screen_is(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* Keys come as they are typed, and are not shown; Ctrl-C is a signal still. */
static int raw(const struct top_screen *s)
{
	struct termios t = s->was;

	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
}

static void taken(sigset_t *set)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP };
	size_t i;

	sigemptyset(set);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(set, signals[i]);
}

int top_screen_open(struct top_screen *s, struct ctf_error *e)
{
	sigset_t set;

	taken(&set);
	s->signals = -1;
	if (!tcgetattr(STDIN_FILENO, &s->was)) {
		sigprocmask(SIG_BLOCK, &set, NULL);
		s->signals = signalfd(-1, &set, SFD_CLOEXEC);
	}
	if (s->signals < 0)
		return vmsync_fail(e, -errno, "", "the terminal: %s",
				   strerror(errno));
	if (!raw(s) && !put(BEGIN, sizeof(BEGIN) - 1))
		return 0;
	top_screen_close(s);
	return vmsync_fail(e, -EIO, "", "the terminal cannot be set");
}

void top_screen_close(struct top_screen *s)
{
	sigset_t set;

	put(END, sizeof(END) - 1);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &s->was);
	close(s->signals);
	taken(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void top_screen_size(int *columns, int *rows)
{
	struct winsize w = { .ws_row = 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_col || !w.ws_row)
		w = (struct winsize){ .ws_col = 80, .ws_row = 24 };
	*columns = w.ws_col;
	*rows = w.ws_row;
}

int top_screen_show(const char *text, size_t n)
{
	const char *end = text + n;
	int ret = put(HOME, sizeof(HOME) - 1);

	while (!ret && text < end) {
		size_t line = strcspn(text, "\n");

		ret = put(text, line);
		text += line + 1;
		if (!ret && text < end)
			ret = put(LINE, sizeof(LINE) - 1);
	}
	return ret ? ret : put(ESC "[K" REST, sizeof(ESC "[K" REST) - 1);
}

/* Asleep, the terminal is whoever's. */
static void stop(struct top_screen *s)
{
	put(END, sizeof(END) - 1);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &s->was);
	raise(SIGSTOP);
	raw(s);
	put(BEGIN, sizeof(BEGIN) - 1);
}

static int signal_take(struct top_screen *s)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof(info)) != sizeof(info))
		return TOP_END;
	if (info.ssi_signo == SIGTSTP)
		stop(s);
	return info.ssi_signo == SIGWINCH || info.ssi_signo == SIGTSTP ?
		       TOP_AGAIN :
		       TOP_END;
}

/* Of keys that are several characters, like arrows, there is none of ours. */
static int key_take(void)
{
	char keys[64];
	ssize_t n = read(STDIN_FILENO, keys, 1);

	if (n <= 0)
		return TOP_END;
	if (keys[0] != ESC[0])
		return (unsigned char)keys[0];
	while (poll(&(struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN }, 1,
		    20) > 0 &&
	       read(STDIN_FILENO, keys, sizeof(keys)) == sizeof(keys))
		;
	return TOP_NO_KEY;
}

int top_screen_wait(struct top_screen *s, int ms)
{
	struct pollfd pfd[] = {
		{ .fd = s->signals, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	int n = poll(pfd, 2, ms);

	if (n < 0)
		return errno == EINTR ? TOP_AGAIN : TOP_END;
	if (pfd[0].revents)
		return signal_take(s);
	return pfd[1].revents ? key_take() : TOP_NO_KEY;
}
