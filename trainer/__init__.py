"""LoRA training on a CPU: data, prompts, packing, the loop, evaluation, checkpoints.

Knows nothing of Celery, Redis or Slack; it reports through a small callback protocol.
"""
