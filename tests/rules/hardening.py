#!/usr/bin/python3
"""What the programs and units are protected with, read from what was built.

hardening.py programs BUILD_TYPE FILE...   each is PIE, RELRO, bound at start, no executable stack, no search path,
                                           stack protector, control-flow marks; fortified in optimised builds
hardening.py units FOLDER                  `systemd-analyze security --offline` finds an exposure of at most 2.0
hardening.py controls CC                   a program and a unit made without protection are noticed in every point
"""

import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

EXPOSURE_MOST = 2.0
OWN_CONFINEMENT = {"seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "setrlimit"}


def read(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def weaknesses(program, optimised):
    dynamic, segments = read("readelf", "-Wd", program), read("readelf", "-Wl", program)
    symbols = read("readelf", "-Ws", "--dyn-syms", program)
    found = []
    if "Flags: NOW PIE" not in dynamic and "PIE" not in re.search(r"FLAGS_1\).*|$", dynamic)[0]:
        found.append("not position independent")
    if "GNU_RELRO" not in segments:
        found.append("no RELRO")
    if "BIND_NOW" not in dynamic and not re.search(r"FLAGS(_1)?\).*NOW", dynamic):
        found.append("symbols are bound late")
    if not re.search(r"GNU_STACK.* RW ", segments):
        found.append("the stack is executable")
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
        found.append("a search path for libraries")
    if "__stack_chk_fail" not in symbols:
        found.append("no stack protector")
    # The mark of the whole file needs a C library that was built with it; our own functions have theirs.
    if platform.machine() == "x86_64" and "endbr64" not in read("objdump", "-d", "--disassemble=main", program):
        found.append("no control-flow marks")
    if optimised and not re.search(r"__\w+_chk\b(?<!__stack_chk)", symbols.replace("__stack_chk_fail", "")):
        found.append("not fortified")
    return found


def exposure(unit):
    text = read_any("systemd-analyze", "security", "--offline=yes", "--no-pager", str(unit))
    return float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", text)[1])


def permitted(unit):
    """Calls that the unit names one by one, in lines that add: what our own confinement needs is in no group."""
    lines = re.findall(r"(?m)^SystemCallFilter=([^~].*)$", pathlib.Path(unit).read_text())
    return {word for line in lines for word in line.split()}


def read_any(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout + done.stderr


def check_programs(build_type, programs):
    bad = {p: w for p in programs if (w := weaknesses(p, build_type in ("Release", "RelWithDebInfo")))}
    for program, found in bad.items():
        print(f"{program}: {', '.join(found)}")
    return not bad


def check_units(folder):
    if not shutil.which("systemd-analyze"):
        print("systemd-analyze is not here: not checked")
        return True
    for unit in sorted(pathlib.Path(folder).glob("*.service")):
        missing = OWN_CONFINEMENT - permitted(unit)
        if missing:
            print(f"{unit.name}: its programs may not confine themselves, for want of {sorted(missing)}")
            return False
    levels = {unit.name: exposure(unit) for unit in sorted(pathlib.Path(folder).glob("*.service"))}
    print(levels)
    return len(levels) >= 2 and all(level <= EXPOSURE_MOST for level in levels.values())


def check_controls(compiler):
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder, "bare.c"), str(pathlib.Path(folder, "bare"))
        source.write_text('#include <stdio.h>\nint main(void) { char b[64]; return fgets(b, 64, stdin) != 0 && puts(b); }\n')
        subprocess.run([compiler, str(source), "-o", program, "-no-pie", "-fno-stack-protector", "-fcf-protection=none",
                        "-Wl,-z,norelro,-z,lazy,-z,execstack,-rpath,/tmp"], check=True, stderr=subprocess.DEVNULL)
        found = weaknesses(program, True)
        missed = {"not position independent", "no RELRO", "symbols are bound late", "the stack is executable",
                  "a search path for libraries", "no stack protector", "no control-flow marks", "not fortified"} - set(found)
        if missed:
            print(f"not noticed: {missed}")
        unit = pathlib.Path(folder, "bare.service")
        unit.write_text("[Service]\nExecStart=/bin/true\n")
        open_unit = not shutil.which("systemd-analyze") or exposure(unit) > EXPOSURE_MOST
        return not missed and open_unit and OWN_CONFINEMENT - permitted(unit)


def main():
    what, *rest = sys.argv[1:]
    good = {"programs": lambda: check_programs(rest[0], rest[1:]), "units": lambda: check_units(rest[0]),
            "controls": lambda: check_controls(rest[0])}[what]()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
