# Where events of the guest may be missing it is not known what a thread did, unless
# another virtual CPU runs it.
vcpu 101 id 0 pid 100 guest 1 0
vcpu 102 id 1 pid 100 guest 1 1
why 1 41
0 cpu 0 switch 0 R 101 CPU_0/KVM
0 cpu 0 entry
0 guest 1 0 switch 0 R 41 php
10 guest 1 1 lost 12
15 guest 1 0 switch 41 R 60 cron
20 guest 1 1 lost 22
30 guest 1 0 switch 60 S 41 php
end 40
---
101 guest 0..15 in guest of php:41
101 guest 15..30 in guest of cron:60
101 guest 30..40 in guest of php:41
102 unknown 0..40 in unknown of -
why 0 php 41: 40
why 1 on vCPU 0: 25
why 2 it really ran: 25
why 1 unknown: 10
why 1 ready, waited for vCPU 0: 5
why 2 cron 60 ran there: 5
