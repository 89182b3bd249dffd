"""The bot as an agent in Slack, where its app is one: sessions, native Stop, suggested prompts."""
