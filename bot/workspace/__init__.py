"""The local workspace: a server on 127.0.0.1 that speaks the part of Slack the bot uses.

`python -m bot.workspace` serves Slack's Web API and Socket Mode, and a chat client at `/`, so
that the bot's own Bolt code runs unchanged without a Slack account. Other accounts of the machine
are kept out by a secret, see `state.tokens` and `sign_in`. Imports nothing of the rest
of the project: it does not know the bot's listeners, the queues or the trainer.
"""
