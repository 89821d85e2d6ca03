# In the guest a thread is woken on a virtual CPU that is halted: host part halted (the
# interrupt was late), waking, hypervisor; guest part, the idle thread's.
vcpu 101 id 0 pid 100 guest 1 0
vcpu 102 id 1 pid 100 guest 1 1
10 cpu 1 switch 0 R 102 CPU_1/KVM
10 cpu 1 entry
11 guest 1 1 switch 0 R 50 httpd
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
12 guest 1 0 switch 7 S 0 swapper/0
20 cpu 0 exit svm:hlt
25 cpu 0 switch 101 S 0 swapper/0
40 guest 1 1 waking 41 0
44 cpu 1 wakeup 101 0
47 cpu 0 switch 0 R 101 CPU_0/KVM
49 cpu 0 entry
51 guest 1 0 wakeup 41 0
52 guest 1 0 switch 0 R 41 php
end 60
---
102 unknown 0..10 in unknown of -
102 guest 10..11 in guest of -
101 unknown 0..10 in unknown of -
101 guest 10..12 in guest of -
101 guest_idle 12..20 in guest of swapper/0:0
101 polling 20..25 in poll of swapper/0:0
102 guest 11..44 in guest of httpd:50
101 halted 25..44 in poll of swapper/0:0
101 charge 44..47 nobody
101 waking 44..47 in kvm of swapper/0:0
101 hypervisor 47..49 in kvm of swapper/0:0
101 exit 20..49 svm:120 hypervisor 2 polling 5 waking 3 halted 19
101 guest_idle 49..52 in guest of swapper/0:0
101 wake 40..52 php:41 by httpd:50 guest_idle 3 hypervisor 2 waking 3 halted 4
101 guest 52..60 in guest of php:41
102 hypervisor 44..60 in guest of httpd:50
102 exit 44..60 open not told hypervisor 16
