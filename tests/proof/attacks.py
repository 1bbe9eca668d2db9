"""Print what every attack achieves with and without the sandbox: `python -m tests.proof.attacks [GROUPS]`.

Ends with status 1 when any attack that should be stopped is not, harms anything, or leaves the host unusable.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from engine import sandbox
from tests.engine.sandbox.as_user import run_as_user
from tests.engine.sandbox.attacks.attacks import ATTACKS, UNPROVEN
from tests.engine.sandbox.attacks.sieges import SIEGES

GROUPS = tuple(dict.fromkeys(one.group for one in (*ATTACKS, *SIEGES)))


def arguments(given: Sequence[str] | None = None) -> list[str]:
    """The groups to fire, all where none is named. Exits with status 2 for one that there is not."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.proof.attacks",
        description="Print what every attack achieves with and without the sandbox.",
    )
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(map(repr, GROUPS))}")
    groups = parser.parse_args(given).groups
    for unknown in groups:
        if unknown not in GROUPS:
            parser.error(f"there is no group {unknown!r}; there are {', '.join(map(repr, GROUPS))}")
    return groups


def main(groups: list[str]) -> int:
    """Fire, print the table, return the exit status."""
    found = sandbox.level()
    print(f"{found.name}: {found.detail}\n")
    if not found.available:
        return 1
    done = run_as_user(["-m", "tests.engine.sandbox.attacks.attack_range", *groups], timeout=900)
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
        return 1
    report = json.loads(done.stdout)
    print(f"Fired as user {report['uid']}.\n")
    return 1 if _attacks(report["shots"]) + _sieges(report["sieges"]) else 0


def _attacks(shots: list[dict]) -> int:
    """Print the attacks; return how many got through."""
    known = {attack.name: attack for attack in ATTACKS}
    print(f"{'group':<9}{'attack':<62}{'sandboxed':<11}{'control':<10}")
    failed = proven = 0
    for shot in shots:
        attack = known[shot["name"]]
        wanted = "pwned" if attack.expected == "accepted" else attack.expected
        bad = shot["verdict"] != wanted or bool(shot["damage"])
        failed += bad
        proven += shot["control"] == "pwned"
        mark = "  <-- NOT STOPPED" if bad else ""
        if shot["control"] != "pwned":
            mark += f"  unproven: {attack.may_fail}"
        verdict = "accepted" if attack.expected == "accepted" and not bad else shot["verdict"]
        control = "works" if shot["control"] == "pwned" else "fails"
        print(f"{shot['group']:<9}{shot['name']:<62}{verdict:<11}{control:<10}{mark}")
        for line in shot["damage"]:
            print(f"{'':<9}  damage: {line}")
    print(f"\n{len(shots)} attacks, {failed} got through, {proven} proven to work without the sandbox.")
    print("\nNot proven here:")
    for name, reason in UNPROVEN.items():
        print(f"  {name}: {reason}")
    return failed


def _sieges(outcomes: list[dict]) -> int:
    """Print the sieges; return after how many the host was not as it should be."""
    known = {siege.name: siege for siege in SIEGES}
    print(f"\n{'group':<16}{'siege':<50}{'cell':<9}{'next cells':<18}{'received':>12}")
    failed = 0
    for outcome in outcomes:
        ends = known[outcome["name"]].ends
        after = ["works" if cell == "pwned" else cell.partition(":")[0] for cell in outcome["next_cells"]]
        bad = outcome["status"] not in ends or after[-1] != "works"
        failed += bad
        received = f"{outcome['received_chars']:,}"
        mark = "  <-- NOT OUTLASTED" if bad else ""
        line = f"{outcome['group']:<16}{outcome['name']:<50}{outcome['status']:<9}{', '.join(after):<18}{received:>12}"
        print(line + mark)
    print(f"\n{len(outcomes)} sieges, {failed} not outlasted.")
    return failed


if __name__ == "__main__":
    raise SystemExit(main(arguments()))
