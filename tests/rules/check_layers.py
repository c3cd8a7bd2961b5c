#!/usr/bin/env python3
"""Holds the source tree to tests/rules/layers.txt. Prints each breach as FILE:LINE: what is wrong; status 1 if any.

check_layers.py includes ROOT          who includes whom, third parties' headers, generated headers, #pragma once
check_layers.py links ROOT LINKS       what CMake links; LINKS is written by tests/rules/CMakeLists.txt
check_layers.py built ROOT COMMANDS    every source file is compiled; COMMANDS is compile_commands.json
"""
import json
import pathlib
import re
import sys

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Rules:
    def __init__(self, text):
        self.layers, self.only, self.never = {}, {}, {}
        tables = {"layer": self.layers, "only": self.only, "never": self.never}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, _, values = line.partition(":")
                kind, name = name.split()
                tables[kind][name] = values.split()

    def reach(self, layer):
        """The layer itself and all that it reaches."""
        reached, waiting = set(), [layer]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += self.layers[name]
        return reached


def read_rules(root):
    return Rules((root / "tests/rules/layers.txt").read_text())


def judge_include(rules, layer, public, path, quoted, name):
    """Why this file of this layer may not include `name`, or None."""
    if ".." in name.split("/"):
        return "a path with .. hides which layer is meant"
    for prefix, allowed in rules.only.items():
        if name.startswith(prefix) and layer not in allowed:
            return f"<{name}> belongs to {' '.join(allowed)}"
    if name in rules.never.get(layer, []):
        return f"{layer} must do without <{name}>"
    parts = name.split("/")
    if name.endswith((".pb.h", "_pb.h")):
        # NAME_pb.h is a codec header: what the codec files of several layers share about generated types.
        if public or (path.suffix == ".h" and not path.name.endswith("_pb.h")):
            return "generated protobuf headers stay in codec .cpp files"
        return None if parts[0] in rules.reach(layer) else f"{layer} does not link {parts[0]}"
    if parts[0] == "sampan":
        if parts[1] not in rules.layers:
            return f"layers.txt knows no layer {parts[1]}"
        return None if parts[1] in rules.reach(layer) else f"{layer} may not include {parts[1]}"
    if quoted and len(parts) > 1:
        if public:
            return "a public header may not include a private one"
        if parts[0] != layer:
            return f"{name} is private to {parts[0]}"
    if quoted and len(parts) == 1 and not (path.parent / name).exists():
        return f"{name} is not in this folder; include third parties' headers with <>"
    return None


def check_includes(root):
    rules = read_rules(root)
    for top in ("include/sampan", "src"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in (".h", ".cpp"):
                continue
            layer = path.relative_to(root / top).parts[0]
            lines = path.read_text().splitlines()
            if layer not in rules.layers:
                yield f"{path}:1: layers.txt knows no layer {layer}"
                continue
            if path.suffix == ".h" and "#pragma once" not in lines:
                yield f"{path}:1: no #pragma once"
            for number, line in enumerate(lines, 1):
                if match := INCLUDE.match(line):
                    why = judge_include(rules, layer, top != "src", path, match[1] == '"', match[2])
                    if why:
                        yield f"{path}:{number}: {why}"


def check_links(root, links):
    """Each line of `links` is FOLDER TARGET: TARGET... with sampan_ taken off the names."""
    rules = read_rules(root)
    lines = [line for line in links.read_text().splitlines() if line]
    if not lines:
        yield f"{links}:1: no target is listed"
    for line in lines:
        head, _, values = line.partition(":")
        folder, target = head.split()
        if folder not in rules.layers:
            yield f"{target}: layers.txt knows no layer {folder}"
            continue
        for link in values.split():
            if link in rules.layers and link not in rules.reach(folder):
                yield f"{target}: {folder} may not link {link}"


def check_built(root, commands):
    built = {pathlib.Path(entry["directory"], entry["file"]).resolve() for entry in json.loads(commands.read_text())}
    for top in ("src", "tests/support", "tests/unit", "tests/contract", "tests/vectors", "tests/sim", "tests/e2e"):
        for path in sorted((root / top).rglob("*.cpp")):
            if path.resolve() not in built:
                yield f"{path}: no CMakeLists.txt names this file"


def main(arguments):
    if len(arguments) < 2:
        sys.exit(__doc__)
    check = {"includes": check_includes, "links": check_links, "built": check_built}[arguments[0]]
    breaches = list(check(*map(pathlib.Path, arguments[1:])))
    print("\n".join(breaches) or f"{arguments[0]}: as layers.txt says")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
