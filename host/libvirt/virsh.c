// SPDX-License-Identifier: MIT
#include "libvirt/virsh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "base/run.h"
#include "uapi/vmsync_port.h"

#define URI "qemu:///system"
#define NOT_THERE 127
#define MOST_BYTES (4 << 20)

static const char channel[] =
	"<channel type='unix'>\n"
	"  <target type='virtio' name='" VMSYNC_PORT_NAME "'/>\n"
	"</channel>\n";

/* virsh COMMAND --domain NAME ARGUMENT...; its output into @out, -1: nowhere. */
static int virsh(const char *uri, const char *command, const char *name,
		 const char *const arguments[], int out, struct ctf_error *e)
{
	const char *argv[VMSYNC_RUN_ARGS] = {
		"virsh", "-q", "-c", uri ? uri : URI, command, "--domain", name,
	};
	char said[200];
	size_t i;
	int ret;

	for (i = 0; arguments && arguments[i]; i++)
		argv[7 + i] = arguments[i];
	ret = vmsync_run_into(argv, NULL, out, said, sizeof(said));
	if (!ret)
		return 0;
	return vmsync_fail(e, ret == NOT_THERE ? -ENOENT : -EIO,
			   ret == NOT_THERE ? "install libvirt-clients" : "",
			   "virsh %s: %s", command,
			   said[0] ? said : "failed, and does not say why");
}

/* As virsh(), and what it wrote: to be freed. */
static int ask(const char *uri, const char *command, const char *name,
	       const char *const arguments[], char **text, struct ctf_error *e)
{
	int fd = memfd_create("virsh", MFD_CLOEXEC), ret;
	off_t n;

	*text = NULL;
	if (fd < 0)
		return vmsync_fail(e, -errno, "", "memory: %s", strerror(errno));
	ret = virsh(uri, command, name, arguments, fd, e);
	n = lseek(fd, 0, SEEK_END);
	if (!ret && n >= 0 && n < MOST_BYTES)
		*text = calloc(1, (size_t)n + 1);
	if (!ret && (!*text || pread(fd, *text, (size_t)n, 0) != n))
		ret = vmsync_fail(e, -EIO, "", "virsh %s: not read", command);
	close(fd);
	return ret;
}

int vmsync_virsh_domain(const char *uri, const char *name, bool stored,
			struct vmsync_domain *d, struct ctf_error *e)
{
	static const char *const inactive[] = { "--inactive", NULL };
	char *text;
	int ret = ask(uri, "dumpxml", name, stored ? inactive : NULL, &text, e);

	if (!ret && vmsync_domain_read(d, text, strlen(text)))
		ret = vmsync_fail(e, -EINVAL, "", "virsh dumpxml: its output is "
				  "not understood");
	free(text);
	return ret;
}

/* "Persistent:     yes" */
static bool says(const char *text, const char *key, const char *value)
{
	const char *p = strstr(text, key);

	if (!p)
		return false;
	p += strlen(key);
	p += strspn(p, " ");
	return !strncmp(p, value, strlen(value));
}

int vmsync_virsh_state(const char *uri, const char *name,
		       struct vmsync_virsh_state *state, struct ctf_error *e)
{
	char *text;
	int ret = ask(uri, "dominfo", name, NULL, &text, e);

	if (!ret) {
		/* The name is in it as well, before these. */
		const char *p = strstr(text, "\nUUID:");

		state->persistent = p && says(p, "\nPersistent:", "yes");
		state->running = p && !says(p, "\nState:", "shut off");
	}
	free(text);
	return ret;
}

int vmsync_virsh_channel(const char *uri, const char *name, bool stored, bool add,
			 struct ctf_error *e)
{
	char file[] = "/tmp/vmsync-channel-XXXXXX";
	const char *const arguments[] = {
		"--file", file, stored ? "--config" : "--live", NULL,
	};
	int fd = mkostemp(file, O_CLOEXEC), ret;

	if (fd < 0)
		return vmsync_fail(e, -errno, "", "%s: %s", file,
				   strerror(errno));
	if (write(fd, channel, strlen(channel)) != (ssize_t)strlen(channel))
		ret = vmsync_fail(e, -errno, "", "%s: %s", file,
				  strerror(errno));
	else
		ret = virsh(uri, add ? "attach-device" : "detach-device", name,
			    arguments, -1, e);
	close(fd);
	unlink(file);
	return ret;
}

int vmsync_virsh_monitor(const char *uri, const char *name, const char *command,
			 char **reply, struct ctf_error *e)
{
	const char *const arguments[] = { command, NULL };

	return ask(uri, "qemu-monitor-command", name, arguments, reply, e);
}
