# SPDX-License-Identifier: MIT
"""A service on eventlet, as OpenStack's are: green threads that take turns in the middle of
a request, each with a context of its own; a native thread beside them; a forked worker.

service_eventlet.py LOGGING.CONF
"""
import eventlet
eventlet.monkey_patch()

import logging  # noqa: E402
import logging.config  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
from eventlet import tpool  # noqa: E402

logging.config.fileConfig(sys.argv[1], disable_existing_loggers=False)
log = logging.getLogger('nova.green')
local = threading.local()


class Context:
    """What oslo.context's has, as far as the handler looks."""
    global_request_id = None

    def __init__(self, request_id):
        self.request_id = request_id


def tell(text):
    log.info(text, extra={'context': local.context})


def request(number):
    local.context = Context('req-%d' % number)
    for step in range(10):
        tell('%s step %d of %d' % (os.getpid(), step, number))
        eventlet.sleep(0.001 * (number % 3))


def native(number):
    log.info('native %d', number, extra={'context': Context('req-native')})


def run(numbers):
    pool = eventlet.GreenPool()
    for number in numbers:
        pool.spawn_n(request, number)
    for number in range(10):
        tpool.execute(native, number)
    pool.waitall()


run(range(20))
# Threads of a pool are not in a child; nor may it share its parent's hub.
tpool.killall()
child = os.fork()
if not child:
    eventlet.hubs.use_hub()
    run(range(20, 40))
    os._exit(0)
sys.exit(os.waitpid(child, 0)[1])
