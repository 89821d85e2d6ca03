# A task on CPU 1 begins to wake the virtual CPU of a thread that explains itself; CPU 0,
# which is to run it, puts it on its queue in an interrupt, and tells so. It was the task.
vcpu 101 id 0 pid 100 guest 1 0
why 1 7
5 cpu 1 switch 0 R 300 qemu
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
12 guest 1 0 switch 0 R 7 writer
14 guest 1 0 switch 7 S 0 swapper/0
20 cpu 0 exit svm:hlt
22 cpu 0 switch 101 S 0 swapper/0
60 cpu 1 waking 101 0
62 cpu 0 irq
63 cpu 0 wakeup 101 0
64 cpu 0 irqend
65 cpu 0 switch 0 R 101 CPU_0/KVM
66 cpu 0 entry
67 guest 1 0 waking 7 0
68 guest 1 0 switch 0 R 7 writer
end 70
---
101 unknown 0..10 in unknown of -
101 guest 10..12 in guest of -
101 guest 12..14 in guest of writer:7
101 guest_idle 14..20 in guest of swapper/0:0
101 polling 20..22 in poll of swapper/0:0
101 halted 22..63 in poll of swapper/0:0
101 charge 63..64 irq
101 charge 64..65 nobody
101 waking 63..65 in kvm of swapper/0:0
101 hypervisor 65..66 in kvm of swapper/0:0
101 exit 20..66 svm:120 hypervisor 1 polling 2 waking 2 halted 41
101 guest_idle 66..68 in guest of swapper/0:0
101 wake 67..68 writer:7 by swapper/0:0 guest_idle 1
101 guest 68..70 in guest of writer:7
why 0 writer 7: 70
why 1 asleep: 53
why 2 woken by an interrupt on vCPU 0: 53
why 3 halted, until woken by qemu 300 (host): 41
why 3 the idle thread ran there: 7
why 3 halt polling: 2
why 3 waking; the host's CPU had: 2
why 4 interrupts of the host: 1
why 4 nobody (the host's CPU was idle): 1
why 3 the hypervisor worked: hlt: 1
why 1 unknown: 12
why 1 on vCPU 0: 4
why 2 it really ran: 4
why 1 ready, waited for vCPU 0: 1
why 2 the idle thread ran there: 1
