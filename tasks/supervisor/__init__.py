"""`swallow up`: the processes of one machine, started and kept running."""
