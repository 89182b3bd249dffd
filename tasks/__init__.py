"""Celery: queues, jobs, the engines that generate text, adapters, the `swallow` command.

Knows nothing of Slack.
"""
