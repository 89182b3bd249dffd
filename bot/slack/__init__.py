"""What every feature needs of Slack: client, text, blocks, people, notices, refusals."""
