"""Slack: listeners, replies, the relay of job events into messages, the local workspace.

Knows nothing of models: importing it never imports torch, transformers or openvino.
"""
