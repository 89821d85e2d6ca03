/* SPDX-License-Identifier: MIT */
/* Copies of babeltrace2 fields. */
#ifndef VMSYNC_BT2_FIELDS_H
#define VMSYNC_BT2_FIELDS_H

#include <babeltrace2/babeltrace.h>

/* Copies @src into @dst, a field of the same class. Return: 0, or -1. */
int field_copy(bt_field *dst, const bt_field *src);
/* Copies payload and contexts of an event of the same class. */
int event_copy(bt_event *dst, const bt_event *src);

#endif /* VMSYNC_BT2_FIELDS_H */
