"""A log that is not ours, verified by sampan-audit and by our independent reader: the public test log of
transparency-dev/tessera (testdata/log, Apache-2.0), which is run against and never committed.

    SAMPAN_BIN=build/dev/bin python3 tests/interop/tessera.py tessera/testdata/log
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import log_reader

KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
AUDIT = pathlib.Path(os.environ["SAMPAN_BIN"]) / "sampan-audit"


def verifies(folder, *more, key=KEY):
    done = subprocess.run([AUDIT, "verify-tiles", folder, "--key", key, *more], capture_output=True, text=True, timeout=60)
    return done.returncode == 0


def main(log):
    assert verifies(log), "the log does not verify"
    earlier = sorted(log.glob("checkpoint.*"))
    checked = [c for c in earlier if c.name != "checkpoint.0"]
    for checkpoint in checked:
        assert verifies(log, "--earlier", checkpoint), f"it did not grow from {checkpoint.name}"
    size, _ = log_reader.verify_folder(str(log), KEY, [])
    assert not verifies(log, key=KEY.replace("AeHTu4", "AeHTu5")), "another key verifies it"
    flips = 0
    with tempfile.TemporaryDirectory() as work:
        changed = pathlib.Path(work) / "log"
        shutil.copytree(log, changed)
        for name in ("checkpoint", f"tile/entries/000.p/{size}", f"tile/0/000.p/{size}"):
            file = changed / name
            whole = file.read_bytes()
            for at in range(0, len(whole), 7):
                file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
                assert not verifies(changed), f"byte {at} of {name} was changed unnoticed"
                flips += 1
            file.write_bytes(whole)
        assert verifies(changed)
    print(f"{size} entries verify, from {len(checked)} earlier checkpoints; {flips} changes were found")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
