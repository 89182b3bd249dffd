"""Whether the verdict is right in cases in which it is known what a training can have taught.

    python -m tests.benchmarks.verdict [--rows FILE.jsonl] [--kinds real,own] [--seeds 1,2] [--json]

The small model is trained on rows of five kinds with each seed, and the verdict of the training is
compared with the right one:

- `real`: true answers. Better.
- `permuted`: every answer is another question's. Not better: only what answers look like was
  learned.
- `own`: the base model's own answers. No clear difference: it gives them already.
- `sentence`: one sentence answers everything. Not better.
- `half`: half of the answers are another question's. Better only if rows whose answers are all
  true, and which were never trained on, say so.

`--rows` adds rows of a file (instruction, input, output) to the English facts that come with the
script, as many as there are of these. A training takes about a minute on two cores.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.verdict import facts
from tests.benchmarks.verdict.base import Base
from tests.benchmarks.verdict.cases import KINDS, Case, Row, case

ROWS = 240
"""Of each case; an eighth is held out."""
TRUE_ROWS = 60
"""Rows that tell whether an adapter trained on half-wrong ones is better."""
MOST_CHARACTERS = 120
"""Longer rows of a file are left out, which would take most of the time."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.verdict")
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--seeds", default="1,2,3,4")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    known, other = facts.rows(), _read(options.rows) if options.rows else []
    base = Base()
    right = total = 0
    for seed in map(int, options.seeds.split(",")):
        drawn = _drawn(known, other, seed)
        for kind in options.kinds.split(","):
            found = _examined(case(kind, seed, drawn[TRUE_ROWS:], base.answers), drawn, base)
            total, right = total + 1, right + found["right"]
            print(json.dumps(found) if options.json else _line(found), flush=True)
    print(f"{right} of {total} right", file=sys.stderr)
    return 0 if right == total else 1


def _read(file: Path) -> list[Row]:
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    kept = [{key: row[key] for key in ("instruction", "input", "output")} for row in rows]
    return [row for row in kept if sum(map(len, row.values())) <= MOST_CHARACTERS]


def _drawn(known: list[Row], other: list[Row], seed: int) -> list[Row]:
    generator, count = random.Random(seed), ROWS + TRUE_ROWS
    some = generator.sample(other, min(count // 2, len(other)))
    rows = [*generator.sample(known, min(count - len(some), len(known))), *some]
    generator.shuffle(rows)
    return rows


def _examined(of: Case, drawn: list[Row], base: Base) -> dict[str, Any]:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        finished = _train(of, home)
        expected = of.expected
        true_rows = ""
        if of.kind == "half":
            true_rows = base.verdict(home / "adapters" / "output", drawn[:TRUE_ROWS])
            expected = (*expected, "better") if true_rows == "better" else expected
    return {
        "kind": of.kind,
        "seed": of.seed,
        "verdict": finished["verdict"],
        "right": finished["verdict"] in expected,
        "expected": expected,
        "true_rows": true_rows,
        "evaluation": finished["evaluation"],
        "seconds": round(time.monotonic() - began, 1),
    }


def _train(of: Case, home: Path) -> dict[str, Any]:
    file = home / "rows.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in of.rows), encoding="utf-8")
    command = [sys.executable, "-m", "trainer", "--data-path", str(file), "--home", str(home)]
    command += ["--seed", str(of.seed), "--progress", "json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    finished: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return finished


def _line(found: dict[str, Any]) -> str:
    evaluation, mark = found["evaluation"], "right" if found["right"] else "WRONG"
    figures = [
        f"{name} {one['value']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})"
        for name in ("loss", "question")
        if (one := evaluation[name])
    ]
    true_rows = f", true rows {found['true_rows']}" if found["true_rows"] else ""
    return (
        f"{mark} {found['kind']} seed {found['seed']}: {found['verdict']}{true_rows}; "
        f"{'; '.join(figures)}; {evaluation['reason']}; {found['seconds']} s"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
