#!/usr/bin/env python3
"""Holds docs/errors.md to the names of failures in the headers. Prints each breach; status 1 if any.

check_errors.py ROOT

A name is what an `error_name` or `verdict_name` beside its enum returns. Each has one row: its name, a sentence, a remedy.
"""
import pathlib
import re
import sys

FUNCTION = re.compile(r"constexpr std::string_view (?:error_name|verdict_name)\((\w+)[^)]*\) \{(.*?)\n\}", re.S)
RETURNED = re.compile(r'return "(\w+)";')
ROW = re.compile(r"^\| `(\w+)` \| (.*) \| (.*) \|$")


def names_of_program(root):
    names = {}
    for folder in ("include", "src"):
        for path in sorted((root / folder).rglob("*.h")):
            for enum, body in FUNCTION.findall(path.read_text()):
                for name in RETURNED.findall(body):
                    if name != "unknown":  # after the switch: never reached
                        names.setdefault(name, f"{path.relative_to(root)}: {enum}")
    return names


def check(root):
    names = names_of_program(root)
    if len(names) < 3:
        yield "no names of failures were found in the headers: has their form changed?"
    seen = set()
    for number, line in enumerate((root / "docs/errors.md").read_text().splitlines(), 1):
        row = ROW.match(line)
        if not row:
            continue
        name, sentence, remedy = row.groups()
        where = f"docs/errors.md:{number}: `{name}`"
        if name in seen:
            yield f"{where} stands twice"
        seen.add(name)
        if name not in names:
            yield f"{where} is no failure of any program"
        for text in (sentence, remedy):
            if len(text) < 8 or not text.endswith("."):
                yield f"{where} needs a sentence and a remedy, each ending with a full stop"
    for name, where in names.items():
        if name not in seen:
            yield f"{where}: `{name}` has no row in docs/errors.md: add what happened and what to do"


def main():
    breaches = list(check(pathlib.Path(sys.argv[1])))
    print("\n".join(breaches))
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
