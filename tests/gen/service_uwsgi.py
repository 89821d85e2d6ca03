# SPDX-License-Identifier: MIT
"""A WSGI application that logs as OpenStack's APIs do: it is loaded before uWSGI forks."""
import logging
import logging.config
import os

logging.config.fileConfig(os.environ['SERVICE_LOGGING'], disable_existing_loggers=False)
log = logging.getLogger('nova.api')
log.info('loaded')


class Context:
    """What oslo.context's has, as far as the handler looks."""
    global_request_id = None

    def __init__(self, request_id):
        self.request_id = request_id


def application(environ, start_response):
    request_id = 'req-' + environ['PATH_INFO'].strip('/')
    log.info('request', extra={'context': Context(request_id)})
    if not os.fork():
        log.info('forked', extra={'context': Context(request_id)})
        os._exit(0)
    os.wait()
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [str(os.getpid()).encode()]
