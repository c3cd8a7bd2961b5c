"""What differs from run to run, put out of sight in one place: times, ids, hashes, keys, words, ports, paths, and numbers that
depend on when the log's batches were cut. Widths are kept, so that tables stay tables."""

import json
import re

_WORD = r"[bdfghjklmnprstvz][aiou][bdfghjklmnprstvz][aiou][bdfghjklmnprstvz]"
# The broker's log grows by batches, and a node's journal by its sessions: how long they are is not the command's.
_VOLATILE = {"leaf_index", "size", "witnessed_size", "tree_size", "proofs_pending", "verified_at", "newest_age_s", "counter",
             "anchored", "entry", "note", "checkpoint", "key", "root", "leaf_hash", "request_words", "node_words", "words",
             "trust_words", "receipts_due", "epoch_words"}
_PATTERNS = [
    (re.compile(r"^— \S+/witness .*\n", re.M), ""),  # who was quick enough to cosign
    (re.compile(r"\b[A-Z2-7]{32}\b"), "BASE32"),
    (re.compile(rf"\b(?:{_WORD}[- ]+){{3,11}}{_WORD}\b"), "WORDS"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), lambda m: re.sub(r"\d", "9", m[0].split(".")[0].rstrip("Z")) + "Z"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?"), lambda m: re.sub(r"\d", "9", m[0])),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "9999-99-99"),
    (re.compile(r"tcp://127\.0\.0\.1:\d+"), "tcp://127.0.0.1:99999"),
    (re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{43,}={0,2}"), "BASE64"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\b[0-9a-f]{8,}\b"), lambda m: "x" * len(m[0])),
    (re.compile(r"\b\d+ entries\b"), "N entries"),
    (re.compile(r"\bin \d+ days\b"), "in N days"),
    (re.compile(r"differ by \d+ s"), "differ by N s"),
    (re.compile(r"(log entry +)\d+"), r"\1N"),
    (re.compile(r"\bentry \d+\b"), "entry N"),
    (re.compile(r"(/log/\d+\n)\d+\n"), r"\1N\n"),
]


def text(value, folder):
    value = value.replace(str(folder), "FOLDER")
    for pattern, replacement in _PATTERNS:
        value = pattern.sub(replacement, value)
    return value


def _value(value, key, folder):
    if isinstance(value, dict):
        return {k: _value(v, k, folder) for k, v in value.items()}
    if isinstance(value, list):
        return [_value(v, key, folder) for v in value]
    if key in _VOLATILE and value is not None and not isinstance(value, bool):
        return "…"
    return text(value, folder) if isinstance(value, str) else value


def document(output, folder):
    """JSON as a command printed it: keys in order, one a line."""
    return json.dumps(_value(json.loads(output), None, folder), indent=1, ensure_ascii=False, sort_keys=True)
