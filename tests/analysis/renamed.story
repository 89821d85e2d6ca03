# The virtual CPU's thread changes its name, and so does a task that takes its CPU: both
# stay who they are.
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
20 cpu 0 exit svm:0x60
20 cpu 0 switch 101 R+ 500 sh
25 cpu 0 thread 500 500 make
25 cpu 0 thread 101 100 evil
30 cpu 0 switch 500 R 101 evil
31 cpu 0 entry
end 40
---
101 unknown 0..10 in unknown of -
101 guest 10..20 in guest of -
101 charge 20..30 task make:500
101 preempted 20..30 in kvm of -
101 hypervisor 30..31 in kvm of -
101 exit 20..31 svm:96 hypervisor 1 preempted 10
101 guest 31..40 in guest of -
