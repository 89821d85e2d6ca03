# Two threads are stopped: by SIGSTOP, and by a debugger. Both go on when that is over. A
# third one ends while it is a virtual CPU's, and a fourth one, whose process has not been
# waited for yet: of these nothing is known from there on.
vcpu 101 id 0 pid 100
vcpu 102 id 1 pid 100
vcpu 103 id 2 pid 200
vcpu 104 id 3 pid 200
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
10 cpu 1 switch 0 R 102 CPU_1/KVM
10 cpu 1 entry
10 cpu 2 switch 0 R 103 CPU_2/KVM
10 cpu 2 entry
10 cpu 3 switch 0 R 104 CPU_3/KVM
10 cpu 3 entry
20 cpu 0 exit svm:0x60
20 cpu 1 exit svm:0x60
20 cpu 2 exit svm:0x60
20 cpu 3 exit svm:0x60
25 cpu 0 switch 101 T 0 swapper
25 cpu 1 switch 102 t 0 swapper
25 cpu 2 switch 103 X 0 swapper
25 cpu 3 switch 104 Z 0 swapper
30 cpu 0 wakeup 101 0
30 cpu 1 wakeup 102 1
32 cpu 0 switch 0 R 101 CPU_0/KVM
32 cpu 1 switch 0 R 102 CPU_1/KVM
33 cpu 0 entry
33 cpu 1 entry
end 40
---
101 unknown 0..10 in unknown of -
102 unknown 0..10 in unknown of -
103 unknown 0..10 in unknown of -
104 unknown 0..10 in unknown of -
101 guest 10..20 in guest of -
102 guest 10..20 in guest of -
103 guest 10..20 in guest of -
104 guest 10..20 in guest of -
101 hypervisor 20..25 in kvm of -
102 hypervisor 20..25 in kvm of -
103 hypervisor 20..25 in kvm of -
103 exit 20..25 open svm:96 hypervisor 5
104 hypervisor 20..25 in kvm of -
104 exit 20..25 open svm:96 hypervisor 5
101 stopped 25..30 in kvm of -
102 stopped 25..30 in kvm of -
101 charge 30..32 nobody
101 waking 30..32 in kvm of -
102 charge 30..32 nobody
102 waking 30..32 in kvm of -
101 hypervisor 32..33 in kvm of -
101 exit 20..33 svm:96 hypervisor 6 waking 2 stopped 5
102 hypervisor 32..33 in kvm of -
102 exit 20..33 svm:96 hypervisor 6 waking 2 stopped 5
101 guest 33..40 in guest of -
102 guest 33..40 in guest of -
103 unknown 25..40 in unknown of -
104 unknown 25..40 in unknown of -
