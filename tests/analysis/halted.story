# The guest halts. KVM polls for a while, in vain, and the thread sleeps; it is woken by
# a timer, and gets the CPU from a task a little later.
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
20 cpu 0 exit svm:hlt
28 cpu 0 switch 101 S 0 swapper/0
50 cpu 0 switch 0 R 500 stress
60 cpu 0 waking 101 0
61 cpu 0 wakeup 101 0
64 cpu 0 switch 500 R 101 CPU_0/KVM
65 cpu 0 entry
end 70
---
101 unknown 0..10 in unknown of -
101 guest 10..20 in guest of -
101 polling 20..28 in poll of -
101 halted 28..61 in poll of -
101 charge 61..64 task stress:500
101 waking 61..64 in kvm of -
101 hypervisor 64..65 in kvm of -
101 exit 20..65 svm:120 hypervisor 1 polling 8 waking 3 halted 33
101 guest 65..70 in guest of -
