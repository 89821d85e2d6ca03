# A signal takes a halted virtual CPU to user space. When its thread comes back it has
# not been entered since: it is in the same halt, and sleeps because of that.
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
20 cpu 0 exit svm:hlt
22 cpu 0 switch 101 S 0 swapper/0
40 cpu 0 wakeup 101 0
41 cpu 0 switch 0 R 101 CPU_0/KVM
42 cpu 0 userexit 10
45 cpu 0 run
47 cpu 0 switch 101 S 0 swapper/0
60 cpu 0 wakeup 101 0
61 cpu 0 switch 0 R 101 CPU_0/KVM
62 cpu 0 entry
end 70
---
101 unknown 0..10 in unknown of -
101 guest 10..20 in guest of -
101 polling 20..22 in poll of -
101 halted 22..40 in poll of -
101 charge 40..41 nobody
101 waking 40..41 in kvm of -
101 hypervisor 41..42 in kvm of -
101 user_space 42..45 in user of -
101 hypervisor 45..47 in kvm of -
101 halted 47..60 in kvm of -
101 charge 60..61 nobody
101 waking 60..61 in kvm of -
101 hypervisor 61..62 in kvm of -
101 exit 20..62 svm:120 hypervisor 4 polling 2 user_space 3 waking 2 halted 31
101 guest 62..70 in guest of -
