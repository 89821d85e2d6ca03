// SPDX-License-Identifier: MIT
#include <string.h>

#include "cmd.h"
#include "hosts/hosts.h"

/* A guest that was on one of them only is no more left out than on the other. */
static int say_left_out(const char *name, const struct vmsync_hosts *h)
{
	const struct vmsync_session *a = &h->on[0], *b = &h->on[1];
	int ret = 0;

	for (size_t i = 0; i < a->n_left_out; i++) {
		for (size_t k = 0; k < b->n_left_out; k++) {
			if (strcmp(ctf_trace_path(a->left_out[i].machine->traces[0]),
				   ctf_trace_path(b->left_out[k].machine->traces[0])))
				continue;
			cmd_say_left_out(name, &a->left_out[i].why);
			cmd_say_left_out(name, &b->left_out[k].why);
			ret = EXIT_FOUND;
		}
	}
	return ret;
}

int cmd_hosts_run(const char *name, char *const *argv, const struct cmd_session *s,
		  int (*act)(struct vmsync_hosts *h, void *arguments,
			     struct ctf_error *e),
		  void *arguments)
{
	struct vmsync_hosts h = { 0 };
	struct ctf_error e;
	size_t n = 0;
	int ret;

	if (!s->options.exchange)
		return CMD_GO_ON;
	while (argv[n])
		n++;
	ret = n ? vmsync_hosts_open(&h, argv, n, &s->options, cmd_progress(), &e) : 0;
	if (!ret) {
		vmsync_hosts_close(&h);
		return CMD_GO_ON;
	}
	if (ret > 0)
		ret = act(&h, arguments, &e);
	cmd_progress_end();
	fflush(stdout);
	if (ret < 0) {
		ret = cmd_error(name, &e);
	} else {
		ret |= say_left_out(name, &h);
		cmd_say_recorded(name, &h.on[0]);
		cmd_say_recorded(name, &h.on[1]);
	}
	vmsync_hosts_close(&h);
	return cmd_flush(name) ? ret : EXIT_TROUBLE;
}
