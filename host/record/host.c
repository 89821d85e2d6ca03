// SPDX-License-Identifier: MIT
#include "record/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/run.h"
#include "fuse/fail.h"

/* The session daemon stays, as one that the user started would. */
static void daemon_start(void)
{
	static const char *const argv[] = {
		"lttng-sessiond", "-d", "--extra-kmod-probes=vmsync,vmsync-kvm",
		NULL,
	};
	char said[200];

	if (!geteuid() && !vmsync_tracing_daemon())
		vmsync_run(argv, NULL, said, sizeof(said));
}

/* Modules that are loaded have their events; none is loaded by us. */
static void probes_load(void)
{
	static const char *const core[] = { "modprobe", "-q",
					    "lttng-probe-vmsync", NULL };
	static const char *const kvm[] = { "modprobe", "-q",
					   "lttng-probe-vmsync-kvm", NULL };
	char said[200];

	if (geteuid() || access("/sys/module/vmsync_host", F_OK))
		return;
	vmsync_run(core, NULL, said, sizeof(said));
	vmsync_run(kvm, NULL, said, sizeof(said));
}

void record_host_init(struct record_host *h, const char *output, uint8_t events,
		      bool ring)
{
	memset(h, 0, sizeof(*h));
	snprintf(h->session, sizeof(h->session), "vmsync-record-%d", getpid());
	snprintf(h->home, sizeof(h->home), "%.4000s", output);
	snprintf(h->folder, sizeof(h->folder), "%s/host", h->home);
	h->tracing = (struct vmsync_tracing){
		.name = h->session,
		.output = h->folder,
		.home = geteuid() ? NULL : h->home,
		.events = events,
		.host = true,
		.ring = ring,
	};
}

int record_host_start(struct record_host *h, struct ctf_error *e)
{
	daemon_start();
	probes_load();
	if (vmsync_tracing_start(&h->tracing))
		return vmsync_fail(e, -EIO, "vmsync doctor says what is missing",
				   "the host cannot be recorded: %s",
				   h->tracing.said);
	h->recording = true;
	return 0;
}

void record_host_stop(struct record_host *h)
{
	char path[4200], said[sizeof(h->tracing.said)];

	if (!h->recording)
		return;
	/* What was not recorded is still to be said. */
	strcpy(said, h->tracing.said);
	h->cut = vmsync_tracing_stop(&h->tracing);
	if (!h->cut)
		strcpy(h->tracing.said, said);
	h->recording = false;
	snprintf(path, sizeof(path), "%s/.lttngrc", h->home);
	unlink(path);
}

int record_host_take(struct record_host *h, struct ctf_error *e)
{
	char said[sizeof(h->tracing.said)];

	if (!h->recording || !h->tracing.ring)
		return 0;
	strcpy(said, h->tracing.said);
	if (vmsync_tracing_take(&h->tracing))
		return vmsync_fail(e, -EIO, "", "the host's recording cannot be "
				   "taken: %s", h->tracing.said);
	strcpy(h->tracing.said, said);
	return 0;
}
