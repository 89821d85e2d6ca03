# Two VMs on one CPU take it from each other in turns; the guest threads that had it
# are told by the guests' traces. The second one's later thread is not known.
vcpu 101 id 0 pid 100 guest 1 0
vcpu 201 id 0 pid 200 guest 2 0
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
12 guest 1 0 switch 0 R 41 gcc
20 cpu 0 exit svm:0x60
20 cpu 0 switch 101 R+ 201 CPU_0/KVM
21 cpu 0 entry
25 guest 2 0 switch 0 R 77 nginx
30 cpu 0 exit svm:0x60
30 cpu 0 switch 201 R+ 101 CPU_0/KVM
31 cpu 0 entry
40 cpu 0 exit svm:0x60
40 cpu 0 switch 101 R+ 201 CPU_0/KVM
41 cpu 0 entry
end 50
---
101 unknown 0..10 in unknown of -
101 guest 10..12 in guest of -
101 guest 12..20 in guest of gcc:41
201 unknown 0..20 in unknown of -
201 unknown 20..21 in unknown of -
201 guest 21..25 in guest of -
101 charge 20..25 vcpu 201 of -
201 guest 25..30 in guest of nginx:77
101 charge 25..30 vcpu 201 of nginx:77
101 preempted 20..30 in kvm of gcc:41
101 hypervisor 30..31 in kvm of gcc:41
101 exit 20..31 svm:96 hypervisor 1 preempted 10
101 guest 31..40 in guest of gcc:41
201 charge 30..40 vcpu 101 of gcc:41
201 preempted 30..40 in kvm of nginx:77
201 hypervisor 40..41 in kvm of nginx:77
201 exit 30..41 svm:96 hypervisor 1 preempted 10
101 charge 40..50 vcpu 201 of nginx:77
101 preempted 40..50 in kvm of gcc:41
101 exit 40..50 open svm:96 preempted 10
201 guest 41..50 in guest of nginx:77
