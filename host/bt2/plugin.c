// SPDX-License-Identifier: MIT
/* The babeltrace2 plugin "vmsync": a table of contents. */
#include <babeltrace2/babeltrace.h>

#include "bt2/filter.h"

BT_PLUGIN_MODULE();
BT_PLUGIN(vmsync);
BT_PLUGIN_DESCRIPTION("One clock for host and guest traces");
BT_PLUGIN_LICENSE("MIT");

BT_PLUGIN_FILTER_COMPONENT_CLASS(map, filter_next);
BT_PLUGIN_FILTER_COMPONENT_CLASS_DESCRIPTION(
	map, "Put guests' messages on the host's clock, by a saved map.");
BT_PLUGIN_FILTER_COMPONENT_CLASS_HELP(map,
	"See the babeltrace2-filter.vmsync.map(7) manual page.");
BT_PLUGIN_FILTER_COMPONENT_CLASS_INITIALIZE_METHOD(map, filter_init);
BT_PLUGIN_FILTER_COMPONENT_CLASS_FINALIZE_METHOD(map, filter_finalize);
BT_PLUGIN_FILTER_COMPONENT_CLASS_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD(
	map, filter_iterator_init);
BT_PLUGIN_FILTER_COMPONENT_CLASS_MESSAGE_ITERATOR_CLASS_FINALIZE_METHOD(
	map, filter_iterator_finalize);
