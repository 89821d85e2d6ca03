# A signal waits when the thread goes to sleep: the kernel tells S, and keeps it on the
# run queue. It runs again without a wake-up, so all of that was a wait.
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
20 cpu 0 exit svm:hlt
25 cpu 0 switch 101 S 500 stress
30 cpu 0 switch 500 R 501 make
36 cpu 0 switch 501 R 101 CPU_0/KVM
37 cpu 0 entry
end 40
---
101 unknown 0..10 in unknown of -
101 guest 10..20 in guest of -
101 polling 20..25 in poll of -
101 charge 25..30 task stress:500
101 charge 30..36 task make:501
101 preempted 25..36 in poll of -
101 hypervisor 36..37 in kvm of -
101 exit 20..37 svm:120 hypervisor 1 polling 5 preempted 11
101 guest 37..40 in guest of -
