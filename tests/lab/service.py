# SPDX-License-Identifier: MIT
"""A service that moves a virtual machine, and notifies of it as OpenStack's Nova does.

At the line "migrating" it begins a request, at "migrated" it has ended.
"""
import json
import logging
import sys

import vmsync_openstack

UUID = 'dff690d7-534f-43f2-9d31-0ea4b6aae046'


class Context:
    """What oslo.context's has, as far as anybody looks."""
    request_id = 'req-move'
    global_request_id = None
    user_name = project_name = None

    def to_dict(self):
        return {'request_id': self.request_id}


def notify(event_type, host, task):
    data = {'uuid': UUID, 'host': host, 'state': 'active', 'task_state': task,
            'display_name': 'web', 'request_id': 'req-move'}
    logging.getLogger('oslo.messaging.notification.' + event_type).info(json.dumps(
        {'publisher_id': 'nova-compute:' + host, 'event_type': event_type,
         'priority': 'INFO', 'payload': {'nova_object.name': 'InstanceUpdatePayload',
                                         'nova_object.data': data}}),
        extra={'context': Context()})


def say(word):
    print(word, flush=True)


logging.getLogger().addHandler(vmsync_openstack.Lttng())
logging.getLogger().setLevel(logging.INFO)
say('ready')
for line in sys.stdin:
    if line.strip() == 'migrating':
        notify('instance.update', 'host1', 'migrating')
        notify('instance.live_migration_pre.start', 'host2', 'migrating')
        notify('instance.live_migration_pre.end', 'host2', 'migrating')
    else:
        notify('instance.live_migration_post.start', 'host1', 'migrating')
        notify('instance.update', 'host2', None)
        notify('instance.live_migration_post.end', 'host1', None)
    say(line.strip())
