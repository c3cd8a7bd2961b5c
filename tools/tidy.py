#!/usr/bin/env python3
"""tidy.py BUILD_FOLDER [--checks CHECKS] [--seconds N]: clang-tidy on every file of src/ that changed since it last passed.

CHECKS is added to those of .clang-tidy, for example -clang-analyzer-*, without which it takes half the time. After N seconds
no further file is begun: files with the newest commits come first, and how many were left out is said.

A file that passed is remembered in ~/.cache/sampan/tidy (under XDG_CACHE_HOME where that is set) by the hash of all that its
verdict depends on: clang-tidy's version, its settings, the compile command, and the text of the file and of every header of
ours that it includes. So another clone of the tree on the same machine finds it too.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "sampan/tidy"


def compile_arguments(entry):
    """The compile command without its launcher and outputs."""
    arguments, out = shlex.split(entry["command"]), []
    if arguments[0].endswith("ccache"):
        arguments = arguments[1:]
    skip = False
    for argument in arguments:
        if skip or argument in ("-c", "-MD"):
            skip = False
        elif argument in ("-o", "-MT", "-MF"):
            skip = True
        else:
            out.append(argument)
    return out


def verdict_key(entry, settings):
    arguments = compile_arguments(entry)
    rule = subprocess.run([*arguments, "-MM"], cwd=entry["directory"], capture_output=True, text=True, check=True).stdout
    # The same in every clone: paths count from the root of the tree.
    digest = hashlib.sha256(settings + " ".join(arguments).replace(str(ROOT), ".").encode())
    for name in rule.replace("\\\n", " ").split(":", 1)[1].split():
        digest.update(pathlib.Path(entry["directory"], name).read_bytes())
    return digest.hexdigest()


def newest_first(entries):
    """By the time of the last commit that touched the file; what is not committed yet is newest of all."""
    log = subprocess.run(["git", "log", "--format=@%ct", "--name-only", "--no-renames", "--", "src"], cwd=ROOT,
                         capture_output=True, text=True, check=True).stdout
    changed, when = {}, 0
    for line in log.splitlines():
        if line.startswith("@"):
            when = int(line[1:])
        elif line:
            changed.setdefault(str(ROOT / line), when)
    return sorted(entries, key=lambda e: -changed.get(e["file"], sys.maxsize))


class Tidy:
    def __init__(self, build, checks, settings, deadline):
        self.build, self.checks, self.settings, self.deadline = build, checks, settings, deadline

    def __call__(self, entry):
        """The complaints about one file, empty when there are none; None when there was no time for it."""
        try:
            passed = CACHE / verdict_key(entry, self.settings)
        except subprocess.CalledProcessError as failed:
            return failed.stderr
        if passed.exists():
            passed.touch()
            return ""
        if self.deadline and time.monotonic() > self.deadline:
            return None
        # The compile command may be g++'s, with options that clang does not know.
        run = subprocess.run(["clang-tidy", "--quiet", f"--checks={self.checks}",
                              "--extra-arg=-Wno-unknown-warning-option", "-p", self.build, entry["file"]],
                             cwd=ROOT, capture_output=True, text=True)
        if run.returncode == 0:
            passed.touch()
            return ""
        return run.stdout or run.stderr


def check_control(build, checks):
    """A file that breaks the rules of .clang-tidy is noticed."""
    control = pathlib.Path(build, "untidy.cpp")
    control.write_text("class untidy_name {};\n")
    run = subprocess.run(["clang-tidy", "--quiet", f"--checks={checks}", str(control), "--", "-std=c++20"], cwd=ROOT,
                         capture_output=True, text=True)
    if run.returncode == 0 or "readability-identifier-naming" not in run.stdout:
        sys.exit("error: clang-tidy does not notice a file that breaks the rules:\n" + run.stdout + run.stderr)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--checks", default="")
    parser.add_argument("--seconds", type=int, default=0)
    asked = parser.parse_args()
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    settings = version + asked.checks.encode() + (ROOT / ".clang-tidy").read_bytes()
    CACHE.mkdir(parents=True, exist_ok=True)
    check_control(asked.build, asked.checks)
    source = str(ROOT / "src") + "/"
    commands = json.loads(pathlib.Path(asked.build, "compile_commands.json").read_text())
    entries = newest_first([e for e in commands if e["file"].startswith(source)])
    if not entries:
        sys.exit("error: no compile command names a file of src/")
    deadline = time.monotonic() + asked.seconds if asked.seconds else 0
    failures = left_out = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        tidy = Tidy(asked.build, asked.checks, settings, deadline)
        work = {pool.submit(tidy, entry): entry["file"] for entry in entries}
        for done, future in enumerate(concurrent.futures.as_completed(work), 1):
            complaint = future.result()
            if complaint is None:
                left_out += 1
                continue
            if complaint:
                failures += 1
                print(complaint, flush=True)
            print(f"[{done}/{len(entries)}] {os.path.relpath(work[future], ROOT)}", flush=True)
    print(f"clang-tidy: {failures} of {len(entries)} files have complaints, {left_out} were left out for time", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
