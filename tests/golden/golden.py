#!/usr/bin/env python3
"""Holds what every command prints to the files in `expected`.

golden.py            runs the story; says what differs; fails for a command that the story does not use, for one without a file,
                     and for a file without a command
golden.py --write    makes the files anew: read the difference before you keep it

SAMPAN_BIN names the folder of the programs.
"""

import difflib
import pathlib
import re
import subprocess
import sys

import normal
import story

EXPECTED = pathlib.Path(__file__).resolve().parent / "expected"


def step_text(arguments, code, out, err, folder, command):
    typed = " ".join(["sampan", command, *(f'"{a}"' if " " in a else a for a in arguments)])
    as_json = "--json" in arguments and out.startswith("{")
    shown = normal.document(out, folder) + "\n" if as_json else normal.text(out, folder)
    said = normal.text(err, folder)
    return (f"$ {normal.text(typed, folder)}\n" + shown + ("" if not said else f"--- said\n{said}") +
            ("" if code == 0 else f"--- exit code {code}\n") + "\n")


def commands():
    """Every command of the program, as its own page of commands lists them."""
    page = subprocess.run([str(story.harness.BIN / "sampan"), "help", "--markdown"], capture_output=True, check=True, text=True)
    return set(re.findall(r"^### sampan (.+)$", page.stdout, re.M))


def tell():
    printed = {}
    made = story.Story(lambda command, arguments, code, out, err, folder: printed.setdefault(command, []).append(
        step_text(arguments, code, out, err, folder, command)))
    try:
        made.tell()
    finally:
        made.close()
    return {command.replace(" ", "-") + ".txt": "".join(steps) for command, steps in printed.items()}


def main():
    missing = {c.replace(" ", "-") + ".txt" for c in commands()}
    made = tell()
    complaints = [f"{name}: the story does not use this command: add a step to tests/golden/story.py"
                  for name in sorted(missing - made.keys())]
    if "--write" in sys.argv[1:]:
        EXPECTED.mkdir(exist_ok=True)
        for old in EXPECTED.iterdir():
            old.unlink()
        for name, text in made.items():
            (EXPECTED / name).write_text(text)
        print("\n".join([*complaints, f"wrote {len(made)} files to {EXPECTED}"]))
        return 1 if complaints else 0
    held = {p.name: p.read_text() for p in EXPECTED.glob("*.txt")}
    complaints += [f"{name}: no file for it: run {sys.argv[0]} --write" for name in sorted(made.keys() - held.keys())]
    complaints += [f"{name}: no command prints this any more" for name in sorted(held.keys() - made.keys())]
    for name in sorted(made.keys() & held.keys()):
        if made[name] != held[name]:
            complaints.append("".join(difflib.unified_diff(held[name].splitlines(True), made[name].splitlines(True),
                                                           f"expected/{name}", f"printed/{name}")))
    print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
