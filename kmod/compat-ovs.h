/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Open vSwitch's tracepoints hand over, and no header of the kernel says: the types
 * are openvswitch.ko's own, and LTTng attaches by name, so no compiler compares them.
 * These are the prototypes of 6.1 to 6.12:
 *
 *	ovs_do_execute_action	struct datapath *, struct sk_buff *, struct sw_flow_key *,
 *				const struct nlattr *, int rem
 *	ovs_dp_upcall		struct datapath *, struct sk_buff *,
 *				const struct sw_flow_key *, const struct dp_upcall_info *
 *
 * tests/check/modules.sh compares the one structure that is read with that in
 * openvswitch.ko's BTF.
 */
#ifndef _VMSYNC_COMPAT_OVS_H
#define _VMSYNC_COMPAT_OVS_H

#include <linux/netdevice.h>
#include <linux/openvswitch.h>
#include <linux/skbuff.h>
#include <linux/version.h>
#include <net/netlink.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0) || \
	LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#error "Open vSwitch's tracepoints were not compared with this kernel's: see compat-ovs.h"
#endif

/* Nothing is read of these; the first one tells datapaths apart by its address. */
struct datapath;
struct sw_flow_key;
struct ip_tunnel_info;

/**
 * struct dp_upcall_info - what goes up to user space with a packet
 * @egress_tun_info: not read
 * @userdata: not read
 * @actions: not read
 * @actions_len: not read
 * @portid: the netlink socket that it is sent to, each handler has its own; 0: to none
 * @cmd: OVS_PACKET_CMD_MISS, or OVS_PACKET_CMD_ACTION
 */
struct dp_upcall_info {
	struct ip_tunnel_info *egress_tun_info;
	const struct nlattr *userdata;
	const struct nlattr *actions;
	int actions_len;
	u32 portid;
	u8 cmd;
};

/* The device that the packet came by. */
static inline const char *vmsync_ovs_dev(const struct sk_buff *skb)
{
	return skb->dev ? skb->dev->name : "";
}

/* The port that an output goes to; no other action has one. */
static inline u32 vmsync_ovs_port(const struct nlattr *action)
{
	if (nla_type(action) != OVS_ACTION_ATTR_OUTPUT)
		return U32_MAX;
	return nla_get_u32(action);
}

#endif /* _VMSYNC_COMPAT_OVS_H */
