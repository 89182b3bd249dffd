"""`python -m tests.drills.two_hosts`: run the drill and print its figures."""

import json
import sys
import tempfile
from pathlib import Path

from tests.drills.two_hosts.drill import good, options_of, run


def main() -> None:
    """Run the drill with the options of the command line."""
    options = options_of(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="two-hosts-") as folder:
        figures = run(Path(folder), options)
    print(json.dumps(figures, indent=1))
    sys.exit(0 if good(figures) else 1)


if __name__ == "__main__":
    main()
