/* SPDX-License-Identifier: MIT */
/* filter.vmsync.map: what the plugin's table refers to. */
#ifndef VMSYNC_BT2_FILTER_H
#define VMSYNC_BT2_FILTER_H

#include <babeltrace2/babeltrace.h>

bt_component_class_initialize_method_status
filter_init(bt_self_component_filter *self,
	    bt_self_component_filter_configuration *config,
	    const bt_value *params, void *data);
void filter_finalize(bt_self_component_filter *self);
bt_message_iterator_class_initialize_method_status
filter_iterator_init(bt_self_message_iterator *self,
		     bt_self_message_iterator_configuration *config,
		     bt_self_component_port_output *port);
void filter_iterator_finalize(bt_self_message_iterator *self);
bt_message_iterator_class_next_method_status
filter_next(bt_self_message_iterator *self, bt_message_array_const msgs,
	    uint64_t capacity, uint64_t *count);

#endif /* VMSYNC_BT2_FILTER_H */
