# Why php had so little: a VM's thread and a host's task had its virtual CPU's CPU, and
# while it slept it waited for mysql, which was held up by the hypervisor, and had to
# wait for php's neighbour in the guest. All leaves are 90 ns.
vcpu 101 id 0 pid 100 guest 1 0
vcpu 102 id 1 pid 100 guest 1 1
why 1 41
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
10 cpu 1 switch 0 R 102 CPU_1/KVM
10 cpu 1 entry
10 guest 1 0 switch 0 R 41 php
10 guest 1 1 switch 0 R 60 cron
20 cpu 0 exit svm:0x60
20 cpu 0 switch 101 R+ 7 backup
30 cpu 0 switch 7 R+ 101 CPU_0/KVM
31 cpu 0 entry
35 guest 1 1 waking 70 1
40 guest 1 0 switch 41 S 0 swapper/0
42 guest 1 1 switch 60 R+ 70 mysql
50 cpu 1 exit svm:0x400
60 cpu 1 entry
70 guest 1 1 waking 41 0
75 guest 1 0 switch 0 R 41 php
end 90
---
101 unknown 0..10 in unknown of -
102 unknown 0..10 in unknown of -
101 guest 10..20 in guest of php:41
101 charge 20..30 task backup:7
101 preempted 20..30 in kvm of php:41
101 hypervisor 30..31 in kvm of php:41
101 exit 20..31 svm:96 hypervisor 1 preempted 10
101 guest 31..40 in guest of php:41
102 guest 10..42 in guest of cron:60
102 wake 35..42 mysql:70 by cron:60 guest 7
102 guest 42..50 in guest of mysql:70
102 hypervisor 50..60 in kvm of mysql:70
102 exit 50..60 svm:1024 hypervisor 10
101 guest_idle 40..75 in guest of swapper/0:0
101 wake 70..75 php:41 by mysql:70 guest_idle 5
101 guest 75..90 in guest of php:41
102 guest 60..90 in guest of mysql:70
why 0 php 41: 90
why 1 on vCPU 0: 45
why 2 it really ran: 34
why 2 preempted; the host's CPU had: 10
why 3 backup 7 (host): 10
why 2 the hypervisor worked: interrupt: 1
why 1 asleep: 30
why 2 woken by mysql 70, or while it ran: 30
why 3 on vCPU 1: 28
why 4 it really ran: 18
why 4 the hypervisor worked: npf: 10
why 3 ready, waited for vCPU 1: 2
why 4 cron 60 ran there: 2
why 1 unknown: 10
why 1 ready, waited for vCPU 0: 5
why 2 the idle thread ran there: 5
