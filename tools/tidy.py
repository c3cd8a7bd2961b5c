#!/usr/bin/env python3
"""tidy.py BUILD_FOLDER [CHECKS]: clang-tidy on every file of src/ that changed since it last passed, on all cores.

CHECKS is added to those of .clang-tidy, for example -clang-analyzer-*, without which it takes half the time.

A file that passed is remembered in .cache/tidy by the hash of all that its verdict depends on: clang-tidy's version, its
settings, the compile command, and the text of the file and of every header of ours that it includes.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache/tidy"


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
    digest = hashlib.sha256(settings + " ".join(arguments).encode())
    for name in rule.replace("\\\n", " ").split(":", 1)[1].split():
        digest.update(pathlib.Path(entry["directory"], name).read_bytes())
    return digest.hexdigest()


def tidy(entry, settings, build, checks):
    """The complaints about one file, empty when there are none."""
    try:
        passed = CACHE / verdict_key(entry, settings)
    except subprocess.CalledProcessError as failed:
        return failed.stderr
    if passed.exists():
        passed.touch()
        return ""
    # The compile command may be g++'s, with options that clang does not know.
    command = ["clang-tidy", "--quiet", f"--checks={checks}", "--extra-arg=-Wno-unknown-warning-option", "-p", build, entry["file"]]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if run.returncode == 0:
        passed.touch()
        return ""
    return run.stdout or run.stderr


def main():
    build = sys.argv[1]
    checks = sys.argv[2] if len(sys.argv) > 2 else ""
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    settings = version + checks.encode() + (ROOT / ".clang-tidy").read_bytes()
    CACHE.mkdir(parents=True, exist_ok=True)
    source = str(ROOT / "src") + "/"
    entries = [e for e in json.loads(pathlib.Path(build, "compile_commands.json").read_text()) if e["file"].startswith(source)]
    if not entries:
        sys.exit("error: no compile command names a file of src/")
    entries.sort(key=lambda e: -os.path.getsize(e["file"]))
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        work = {pool.submit(tidy, entry, settings, build, checks): entry["file"] for entry in entries}
        for done, future in enumerate(concurrent.futures.as_completed(work), 1):
            if complaint := future.result():
                failures += 1
                print(complaint, flush=True)
            print(f"[{done}/{len(entries)}] {os.path.relpath(work[future], ROOT)}", flush=True)
    print(f"clang-tidy: {failures} of {len(entries)} files have complaints", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
