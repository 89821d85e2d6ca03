# The thread sleeps in user space: the monitor waits for a lock or a disk. Nobody is
# charged for that; from its wake-up on, the task on its CPU is.
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
20 cpu 0 exit svm:0x7b
21 cpu 0 userexit 2
25 cpu 0 switch 101 S 500 stress
40 cpu 1 wakeup 101 0
43 cpu 0 switch 500 R 101 CPU_0/KVM
45 cpu 0 run
46 cpu 0 entry
end 50
---
101 unknown 0..10 in unknown of -
101 guest 10..20 in guest of -
101 hypervisor 20..21 in kvm of -
101 user_space 21..25 in user of -
101 blocked 25..40 in user of -
101 charge 40..43 task stress:500
101 waking 40..43 in user of -
101 user_space 43..45 in user of -
101 hypervisor 45..46 in kvm of -
101 exit 20..46 svm:123 hypervisor 2 user_space 6 waking 3 blocked 15
101 guest 46..50 in guest of -
