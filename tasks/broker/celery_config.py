"""Celery's configuration; loaded when the application is first used, not when it is imported."""

from tasks.broker.connection import address_of
from tasks.settings import settings

_address = address_of(settings())
broker_url = _address.url
broker_use_ssl = _address.verification or None
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
# Two priorities: a question that went back to the queue is taken before newer ones.
broker_transport_options = {"priority_steps": [0, 3], "socket_keepalive": True}

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
