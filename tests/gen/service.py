# SPDX-License-Identifier: MIT
"""A service that logs as those of OpenStack do, by a configuration of logging.

service.py LOGGING.CONF: a request builds an instance, by notifications, and fails in the
end; a worker that is forked has a part of it; programs are run. With oslo.messaging and
osprofiler these are what sends notifications and spans.
"""
import json
import logging
import logging.config
import os
import subprocess
import sys
import time

UUID = 'dff690d7-534f-43f2-9d31-0ea4b6aae046'


class Context:
    """What oslo.context's has, as far as anybody looks."""
    request_id = 'req-1'
    global_request_id = None
    user_name = project_name = None

    def to_dict(self):
        return {'request_id': self.request_id}


def payload(state, task):
    data = {'uuid': UUID, 'host': 'cmp1', 'state': state, 'task_state': task,
            'display_name': 'na\u00efve "vm"\\x', 'request_id': 'req-1'}
    return {'nova_object.name': 'InstanceUpdatePayload', 'nova_object.data': data}


def plain_notify(event_type, body):
    logging.getLogger('oslo.messaging.notification.' + event_type).info(json.dumps(
        {'publisher_id': 'nova-compute:cmp1', 'event_type': event_type,
         'priority': 'INFO', 'payload': body}), extra={'context': Context()})


def oslo_notify():
    import oslo_messaging
    from oslo_config import cfg
    conf = cfg.ConfigOpts()
    conf([])
    conf.register_opts([])
    transport = oslo_messaging.get_notification_transport(conf, url='fake://')
    notifier = oslo_messaging.Notifier(transport, publisher_id='nova-compute:cmp1',
                                       driver='log', topics=['t'])

    class Dict(dict):
        def to_dict(self):
            return self

    return lambda event_type, body: notifier.info(Dict(request_id='req-1'), event_type, body)


def spans():
    from osprofiler import notifier, profiler
    notifier.set(notifier.create('vmsync://', project='nova', service='compute', host='cmp1'))
    profiler.init('key', base_id='06f6fd48-4801-4933-8afc-0fc3782d6a06',
                  parent_id='06f6fd48-4801-4933-8afc-0fc3782d6a06')
    with profiler.Trace('outer', info={'function': {'name': 'a.b'}}):
        time.sleep(0.02)
        with profiler.Trace('inner'):
            time.sleep(0.03)


def main():
    logging.config.fileConfig(sys.argv[1], disable_existing_loggers=False)
    log = logging.getLogger('nova.compute.manager')
    try:
        notify = oslo_notify()
        print('oslo.messaging')
    except ImportError:
        notify = plain_notify
    here = {'context': Context()}
    log.info('begin', extra=here)
    notify('instance.update', payload('building', 'spawning'))
    if not os.fork():
        log.info('in a worker', extra={'context': Context(), 'resource': {'uuid': UUID}})
        os._exit(0)
    os.wait()
    time.sleep(0.05)
    notify('instance.update', payload('active', None))
    try:
        raise ValueError('no valid host\nand more')
    except ValueError:
        log.exception('Failed: %s', 'x\0y\udcff', extra=here)
    log.info('z' * 100000)
    # As oslo.concurrency runs a program.
    for _ in range(40):
        status = subprocess.call(['true'], preexec_fn=os.getpid)
        if status:
            print('a program ended with', status, file=sys.stderr)
    try:
        spans()
        print('osprofiler')
    except ImportError:
        pass
    print('done')


main()
