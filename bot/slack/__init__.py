"""What every feature needs of Slack: text, names, rights, refusals, the pace of edits."""
