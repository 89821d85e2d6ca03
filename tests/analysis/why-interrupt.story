# A thread sleeps until an interrupt comes to a virtual CPU that idles, which the host
# is late to run: whom the interrupt came from is not known, who had the CPU is. Another
# sleep was none: a signal kept the thread ready.
vcpu 101 id 0 pid 100 guest 1 0
why 1 41
0 cpu 0 switch 0 R 101 CPU_0/KVM
0 cpu 0 entry
0 guest 1 0 switch 0 R 41 php
10 guest 1 0 switch 41 S 60 cron
15 guest 1 0 switch 60 S 41 php
20 guest 1 0 switch 41 S 0 swapper/0
25 cpu 0 exit svm:hlt
30 cpu 0 switch 101 S 9 backup
40 cpu 0 irq
41 cpu 0 wakeup 101 0
42 cpu 0 irqend
50 cpu 0 switch 9 S 101 CPU_0/KVM
51 cpu 0 entry
55 guest 1 0 wakeup 41 0
56 guest 1 0 switch 0 R 41 php
end 60
---
101 guest 0..10 in guest of php:41
101 guest 10..15 in guest of cron:60
101 guest 15..20 in guest of php:41
101 guest_idle 20..25 in guest of swapper/0:0
101 polling 25..30 in poll of swapper/0:0
101 halted 30..41 in poll of swapper/0:0
101 charge 41..42 irq
101 charge 42..50 task backup:9
101 waking 41..50 in kvm of swapper/0:0
101 hypervisor 50..51 in kvm of swapper/0:0
101 exit 25..51 svm:120 hypervisor 1 polling 5 waking 9 halted 11
101 guest_idle 51..56 in guest of swapper/0:0
101 wake 55..56 php:41 by swapper/0:0 guest_idle 1
101 guest 56..60 in guest of php:41
why 0 php 41: 60
why 1 asleep: 35
why 2 woken by an interrupt on vCPU 0: 35
why 3 halted, until woken by interrupts of the host: 11
why 3 the idle thread ran there: 9
why 3 waking; the host's CPU had: 9
why 4 backup 9 (host): 8
why 4 interrupts of the host: 1
why 3 halt polling: 5
why 3 the hypervisor worked: hlt: 1
why 1 on vCPU 0: 19
why 2 it really ran: 19
why 1 ready, waited for vCPU 0: 6
why 2 cron 60 ran there: 5
why 2 the idle thread ran there: 1
