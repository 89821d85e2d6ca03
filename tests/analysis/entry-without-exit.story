# A second entry without an exit between: the exit was not recorded. All up to then is
# the guest's, as far as is told, and it counts as an anomaly.
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
30 cpu 0 entry
35 cpu 0 exit svm:0x400
36 cpu 0 entry
end 40
---
101 unknown 0..10 in unknown of -
101 guest 10..35 in guest of -
101 hypervisor 35..36 in kvm of -
101 exit 35..36 svm:1024 hypervisor 1
101 guest 36..40 in guest of -
