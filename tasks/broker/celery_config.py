"""Celery's configuration; loaded when the application is first used, not when it is imported."""

from tasks.broker.connection import SOCKET_SECONDS, address_of
from tasks.settings import settings

_address = address_of(settings())
broker_url = _address.url
broker_use_ssl = _address.verification or None
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
# A broker whose disk is full refuses to hand out messages: the worker waits for it, as for one that
# is away, and keeps its model.
broker_channel_error_retry = True
broker_transport_options = {
    # Two priorities: a question that went back to the queue is taken before newer ones.
    "priority_steps": [0, 3],
    # A link may lose packets without a word. Without these limits a publisher, or a worker that
    # connects again, waits as long as TCP does, up to a quarter of an hour; keepalive does not
    # shorten that, because it is silent while sent data is not yet confirmed.
    "socket_connect_timeout": SOCKET_SECONDS,
    "socket_timeout": SOCKET_SECONDS,
    # How often kombu looks whether its blocking read, which lasts a second, is overdue. Its own
    # default leaves a worker deaf for up to 51 seconds.
    "health_check_interval": 5,
}

accept_content = ["json"]
task_serializer = "json"
task_ignore_result = True
task_default_priority = 3

# The job record with its lease is the truth: a message may be lost or come twice. Acknowledging
# early and fetching nothing ahead keeps Redis from redelivering after its visibility timeout.
task_acks_late = False
worker_disable_prefetch = True
worker_prefetch_multiplier = 1
worker_hijack_root_logger = False
worker_send_task_events = False
