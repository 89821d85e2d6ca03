# SPDX-License-Identifier: MIT
"""What a service of OpenStack does, as events of LTTng-UST.

One line of the service's logging configuration (log_config_append) is enough:

    [handler_lttng]
    class = vmsync_openstack.Lttng
    args = ()

with "lttng" among the handlers of the root logger. Notifications come with it where the
service has "driver = log" in [oslo_messaging_notifications]; osprofiler's spans where
[profiler] has "connection_string = vmsync://". "vmsync layers" reads the trace.

A service goes on whatever is wrong here: without LTTng-UST, or this module's library,
that is said once on stderr, and nothing is traced.
"""
import ctypes
import json
import logging
import os
import sys

_LIBRARY = 'libvmsync-cloud.so'
_NOTIFICATIONS = 'oslo.messaging.notification.'
# An event has to fit LTTng's sub-buffers, which are 128 KiB by default.
_MOST_BYTES = 32768

try:
    import uwsgi as _uwsgi  # is there in uWSGI's own interpreter only
except ImportError:
    _uwsgi = None


def _name():
    """The service's: its program's, or of an application in uWSGI what that was told."""
    path = sys.argv[0] if sys.argv else ''
    if _uwsgi:
        path = _uwsgi.opt.get('wsgi-file') or _uwsgi.opt.get('module') or path
    if isinstance(path, bytes):
        path = path.decode('utf-8', 'replace')
    return os.path.basename(path) or 'python'


_service = _name()


def _of_workers(hook):
    """The hook, but not where subprocess forks to run a program.

    It calls these hooks if there is a preexec_fn, and oslo.concurrency always has one. Its
    child closes all descriptors then: LTTng-UST's threads, which the hook had started in it,
    would find theirs closed and abort it, before there is a program.
    """
    def call():
        if sys._getframe(1).f_code.co_name != '_execute_child':
            hook()
    return call


def _load():
    # It closes every descriptor, also those that LTTng-UST waits on.
    if 'privsep' in _service:
        return None
    folder = os.path.dirname(os.path.abspath(__file__))
    try:
        lib = ctypes.CDLL(os.environ.get('VMSYNC_CLOUD_LIBRARY') or
                          next((path for path in (os.path.join(folder, _LIBRARY),)
                                if os.path.exists(path)), _LIBRARY))
    except OSError as error:
        print('vmsync_openstack: nothing is traced: %s' % error, file=sys.stderr)
        return None
    text = ctypes.c_char_p
    lib.vmsync_cloud_log.argtypes = [text, text, ctypes.c_int] + [text] * 4
    lib.vmsync_cloud_notification.argtypes = [text] * 9
    lib.vmsync_cloud_span.argtypes = [text] * 7
    for name in ('log', 'notification', 'span'):
        getattr(lib, 'vmsync_cloud_%s_enabled' % name).restype = ctypes.c_bool
    os.register_at_fork(before=_of_workers(lib.vmsync_cloud_before_fork),
                        after_in_parent=_of_workers(lib.vmsync_cloud_after_fork_parent),
                        after_in_child=_of_workers(lib.vmsync_cloud_after_fork_child))
    return lib


_lib = None
_is_loaded = False


def _library():
    """The library, or None.

    uWSGI loads an application and forks its workers then, in C, past the hooks of
    os.register_at_fork(): LTTng-UST would be deaf in all of them. So each worker loads it
    when it tells something for the first time, and what is told before is not traced.
    """
    global _lib, _is_loaded
    if not _is_loaded and not (_uwsgi and not _uwsgi.worker_id() and not _uwsgi.mule_id()):
        _is_loaded = True
        _lib = _load()
    return _lib


# Services that fork by themselves do so with the hooks in place.
_library()


def _text(value):
    """As bytes that a trace can hold. babeltrace2 2.0.4 prints an older text for ""."""
    encoded = str(value).encode('utf-8', 'replace') if value else b''
    return encoded[:_MOST_BYTES].replace(b'\0', b'?') or b'-'


def _context(record=None):
    context = getattr(record, 'context', None)
    if context is None and 'oslo_context.context' in sys.modules:
        context = sys.modules['oslo_context.context'].get_current()
    return context


def _request(context):
    return (_text(getattr(context, 'request_id', None)),
            _text(getattr(context, 'global_request_id', None)))


def _resource(record):
    """The uuid that a line of the log is about, where its service says so."""
    for name in ('instance', 'resource', 'instance_uuid'):
        value = getattr(record, name, None)
        if isinstance(value, dict):
            value = value.get('uuid') or value.get('id')
        value = getattr(value, 'uuid', value)
        if value:
            return value
    return None


def _data(payload):
    """Of a versioned object, or of a notification as it was before there were any."""
    if not isinstance(payload, dict):
        return {}
    return payload.get('nova_object.data', payload)


def _id(data):
    for name in ('uuid', 'volume_id', 'id', 'instance_uuid', 'port_id'):
        if data.get(name):
            return data[name]
    # Neutron has the object itself: {"port": {"id": ...}}
    if len(data) == 1:
        inner = next(iter(data.values()))
        if isinstance(inner, dict):
            return inner.get('id')
    return None


class Lttng(logging.Handler):
    """A handler for all that a service logs."""

    def createLock(self):
        """None: LTTng-UST takes events of all threads at once. And the lock of a service on
        eventlet is one of green threads: a native one that waits for it, as those of
        eventlet.tpool do, stops the service."""
        self.lock = None

    def emit(self, record):
        if not _library():
            return
        try:
            if record.name.startswith(_NOTIFICATIONS):
                if _lib.vmsync_cloud_notification_enabled():
                    self._notification(record)
            elif _lib.vmsync_cloud_log_enabled():
                self._log(record)
        except Exception:
            self.handleError(record)

    def _log(self, record):
        text = record.getMessage()
        if record.exc_info:
            text += '\n' + logging.Formatter().formatException(record.exc_info)
        _lib.vmsync_cloud_log(_text(_service), _text(record.name),
                              min(record.levelno, 255), *_request(_context(record)),
                              _text(_resource(record)), _text(text))

    def _notification(self, record):
        text = record.getMessage()
        message = json.loads(text)
        data = _data(message.get('payload'))
        update = _data(data.get('state_update'))
        request, global_request = _request(_context(record))
        if request == b'-':
            request = _text(data.get('request_id'))
        _lib.vmsync_cloud_notification(
            _text(message.get('publisher_id')), _text(message.get('event_type')),
            request, global_request, _text(_id(data)), _text(data.get('host')),
            _text(data.get('state') or update.get('state')),
            _text(data.get('task_state') or update.get('new_task_state')), _text(text))


try:
    from osprofiler.drivers import base
except ImportError:
    pass
else:
    class Driver(base.Driver):
        """osprofiler's spans: connection_string = vmsync://"""

        @classmethod
        def get_name(cls):
            return 'vmsync'

        def notify(self, info, **kwargs):
            if not _library() or not _lib.vmsync_cloud_span_enabled():
                return
            _lib.vmsync_cloud_span(
                _text('%s/%s@%s' % (self.project, self.service, self.host)),
                _text(info.get('name')), _text(info.get('base_id')),
                _text(info.get('parent_id')), _text(info.get('trace_id')),
                _request(_context())[0],
                _text(json.dumps(info.get('info', {}), default=str)))
