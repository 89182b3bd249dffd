"""`python -m tests.drills.two_hosts`: run the drill and print its figures."""

import sys

from tests.drills.command import run_as_command
from tests.drills.two_hosts.drill import good, options_of, run

if __name__ == "__main__":
    run_as_command(run, good, options_of(sys.argv[1:]))
