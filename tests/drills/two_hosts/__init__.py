"""The drill of two hosts: one has bot and trainings, one answers; between them TLS and a cut link.

    python -m tests.drills.two_hosts --questions 60 --cut 60 --seed 1

Prints the figures as one JSON object, and a line for each question that was not answered rightly;
exits with 1 if there is one. Needs root: the hosts are network namespaces. What holds on the way is
asserted: host B answers, also with an adapter that was trained on host A, and no process speaks to
a broker whose certificate another CA has signed.
"""
