/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Open vSwitch's kernel datapath does with packets, for LTTng, which has no event
 * for it. The fields are those by which a packet is followed: its buffer within the
 * kernel; its device, hash and length on its way through user space, from where it comes
 * back in another buffer.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ovs

#if !defined(_VMSYNC_LTTNG_OVS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VMSYNC_LTTNG_OVS_H

#include <lttng/tracepoint-event.h>

LTTNG_TRACEPOINT_EVENT(ovs_do_execute_action,
	TP_PROTO(struct datapath *dp, struct sk_buff *skb, struct sw_flow_key *key,
		 const struct nlattr *a, int rem),
	TP_ARGS(dp, skb, key, a, rem),
	TP_FIELDS(
		ctf_integer_hex(const void *, dp, dp)
		ctf_integer_hex(const void *, skbaddr, skb)
		ctf_string(dev, vmsync_ovs_dev(skb))
		ctf_integer(u32, len, skb->len)
		ctf_integer_hex(u32, hash, skb->hash)
		ctf_integer(u8, action, nla_type(a))
		ctf_integer(u32, port, vmsync_ovs_port(a))
		ctf_integer(u8, last, nla_is_last(a, rem))
	)
)

LTTNG_TRACEPOINT_EVENT(ovs_dp_upcall,
	TP_PROTO(struct datapath *dp, struct sk_buff *skb, const struct sw_flow_key *key,
		 const struct dp_upcall_info *info),
	TP_ARGS(dp, skb, key, info),
	TP_FIELDS(
		ctf_integer_hex(const void *, dp, dp)
		ctf_integer_hex(const void *, skbaddr, skb)
		ctf_string(dev, vmsync_ovs_dev(skb))
		ctf_integer(u32, len, skb->len)
		ctf_integer_hex(u32, hash, skb->hash)
		ctf_integer(u8, cmd, info->cmd)
		ctf_integer(u32, portid, info->portid)
	)
)

#endif /* _VMSYNC_LTTNG_OVS_H */

/* Has to stand outside the guard. */
#include <lttng/define_trace.h>
