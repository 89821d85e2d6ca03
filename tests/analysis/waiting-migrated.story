# A virtual CPU that waits is moved to another CPU's run queue: from then on it is
# charged to what that CPU runs.
vcpu 101 id 0 pid 100
5 cpu 1 switch 0 R 600 dd
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
20 cpu 0 exit svm:0x60
20 cpu 0 switch 101 R+ 500 stress
30 cpu 1 migrate 101 1
38 cpu 1 switch 600 S 101 CPU_0/KVM
39 cpu 1 entry
end 40
---
101 unknown 0..10 in unknown of -
101 guest 10..20 in guest of -
101 charge 20..30 task stress:500
101 charge 30..38 task dd:600
101 preempted 20..38 in kvm of -
101 hypervisor 38..39 in kvm of -
101 exit 20..39 svm:96 hypervisor 1 preempted 18
101 guest 39..40 in guest of -
