// SPDX-License-Identifier: MIT
#include "port/output.h"

#include <errno.h>
#include <unistd.h>

int vmsync_port_flush(struct vmsync_port_output *o, int fd)
{
	ssize_t n;

	if (!o->n)
		return 0;
	n = write(fd, o->bytes + o->at, o->n);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	o->at += (uint16_t)n;
	o->n -= (uint16_t)n;
	if (!o->n)
		o->at = 0;
	return 0;
}

void vmsync_port_add(struct vmsync_port_output *o,
		     const struct vmsync_port_frame *frame)
{
	o->n += (uint16_t)vmsync_port_write(frame, o->bytes + o->at + o->n);
}

int vmsync_port_send(struct vmsync_port_output *o, int fd,
		     const struct vmsync_port_frame *frame)
{
	uint16_t len;
	int ret;

	if (o->n)
		return -EAGAIN;
	len = (uint16_t)vmsync_port_write(frame, o->bytes);
	o->at = 0;
	o->n = len;
	ret = vmsync_port_flush(o, fd);
	if (!ret && o->n == len)
		ret = -EAGAIN;
	if (ret)
		o->n = o->at = 0;
	return ret;
}
