"""Reads a log laid out as C2SP tlog-tiles, with the standard library of Python and nothing of ours.

What is checked is what the documents say: signed-note, tlog-checkpoint, tlog-cosignature, tlog-tiles, RFC 6962 and
RFC 8032. Slow and plain on purpose; it shares no code with the program that it checks.
"""

import base64
import hashlib
import os

# --- Ed25519, RFC 8032 section 5.1 and 6
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
I = pow(2, (P - 1) // 4, P)


def _add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    x, y, z, t = f - e, h - g, h + g, f + e
    return (x * y % P, z * t % P, y * z % P, x * t % P)


def _times(n, point):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = _add(out, point)
        point = _add(point, point)
        n >>= 1
    return out


def _same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def _x_of(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * I % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


_GY = 4 * pow(5, P - 2, P) % P
_GX = _x_of(_GY, 0)
G = (_GX, _GY, 1, _GX * _GY % P)


def _pack(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _unpack(data):
    number = int.from_bytes(data, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    x = _x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def _hash(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def _secret(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return (scalar & (1 << 254) - 8) | 1 << 254, digest[32:]


def ed25519_public(seed):
    return _pack(_times(_secret(seed)[0], G))


def ed25519_sign(seed, message):
    scalar, prefix = _secret(seed)
    public = _pack(_times(scalar, G))
    r = _hash(prefix, message) % L
    point = _pack(_times(r, G))
    s = (r + _hash(point, public, message) % L * scalar) % L
    return point + s.to_bytes(32, "little")


def ed25519_verify(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = _unpack(public), _unpack(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = _hash(signature[:32], public, message) % L
    return _same(_times(s, G), _add(r, _times(h, a)))


# --- RFC 6962
def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(hashes):
    """MTH of section 2.1, over leaf hashes."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return node_hash(root_of(hashes[:k]), root_of(hashes[k:]))


def root_from_proof(leaf, index, size, proof):
    """Section 2.1.3.2 of RFC 9162; None when the proof has the wrong length."""
    node, last, out = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if node & 1 or node == last:
            out = node_hash(sibling, out)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            out = node_hash(out, sibling)
        node, last = node >> 1, last >> 1
    return out if last == 0 else None


# --- signed notes
class Bad(Exception):
    pass


def key_id(name, kind, public):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def parse_vkey(text):
    name, wanted, encoded = text.split("+", 2)
    data = base64.b64decode(encoded, validate=True)
    if key_id(name, data[0], data[1:]).hex() != wanted:
        raise Bad("the key id is not that of the key")
    return name, data[0], data[1:]


def make_vkey(name, kind, public):
    return "%s+%s+%s" % (name, key_id(name, kind, public).hex(), base64.b64encode(bytes([kind]) + public).decode())


def split_note(note):
    text, _, lines = note.rpartition("\n\n")
    if not text or not lines.endswith("\n"):
        raise Bad("not a note")
    out = []
    for line in lines[:-1].split("\n"):
        dash, name, encoded = line.split(" ")
        if dash != "\u2014":
            raise Bad("not a signature line")
        data = base64.b64decode(encoded, validate=True)
        out.append((name, data[:4], data[4:]))
    return text + "\n", out


def verify_note(note, vkey):
    """The text, when exactly one line of this key stands there and verifies; for a witness also its time."""
    name, kind, public = parse_vkey(vkey)
    text, lines = split_note(note)
    found = [data for who, short, data in lines if who == name and short == key_id(name, kind, public)]
    if len(found) != 1:
        raise Bad("no signature by " + name)
    message, signature, time = text, found[0], None
    if kind == 4:
        time = int.from_bytes(signature[:8], "big")
        message, signature = "cosignature/v1\ntime %d\n%s" % (time, text), signature[8:]
    if not ed25519_verify(public, message.encode(), signature):
        raise Bad("the signature by %s does not verify" % name)
    return text, time


def parse_checkpoint(text):
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] != "" or not lines[1].isdigit():
        raise Bad("not a checkpoint")
    root = base64.b64decode(lines[2], validate=True)
    if len(root) != 32:
        raise Bad("not a root")
    return lines[0], int(lines[1]), root


# --- tiles
def index_path(index):
    out = "%03d" % (index % 1000)
    while index >= 1000:
        index //= 1000
        out = "x%03d/%s" % (index % 1000, out)
    return out


def tile_path(level, index, width):
    return "tile/%s/%s%s" % (level, index_path(index), "" if width == 256 else ".p/%d" % width)


def _read(folder, name):
    try:
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise Bad(name + " is missing") from None


def tile_widths(count):
    return [256] * (count // 256) + ([count % 256] if count % 256 else [])


def read_entries(folder, size):
    entries = []
    for index, width in enumerate(tile_widths(size)):
        data = _read(folder, tile_path("entries", index, width))
        for _ in range(width):
            length = int.from_bytes(data[:2], "big")
            if len(data) < 2 + length:
                raise Bad("an entry bundle is cut short")
            entries.append(data[2 : 2 + length])
            data = data[2 + length :]
        if data:
            raise Bad("an entry bundle has more than its entries")
    return entries


def verify_folder(folder, log_vkey, witnesses=()):
    """(size, times of the witnesses), or Bad."""
    note = _read(folder, "checkpoint").decode()
    text, _ = verify_note(note, log_vkey)
    _, size, root = parse_checkpoint(text)
    times = [verify_note(note, witness)[1] for witness in witnesses]
    hashes = [leaf_hash(entry) for entry in read_entries(folder, size)]
    level = 0
    whole = hashes
    while hashes:
        for index, width in enumerate(tile_widths(len(hashes))):
            expected = b"".join(hashes[256 * index : 256 * index + width])
            if _read(folder, tile_path(level, index, width)) != expected:
                raise Bad("a tile is not that of the entries")
        hashes = [root_of(hashes[i : i + 256]) for i in range(0, len(hashes) // 256 * 256, 256)]
        level += 1
    if root_of(whole) != root:
        raise Bad("the root is not that of the entries")
    return size, times


def verify_tlog_proof(text, entry, log_vkey, witnesses=()):
    """(index, size, times): the entry stands in the log, by a tlog-proof."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Bad("not a tlog-proof")
    if lines[0].startswith("extra "):
        lines.pop(0)
    index = int(lines.pop(0)[len("index ") :])
    proof = [base64.b64decode(line, validate=True) for line in lines]
    signed, _ = verify_note(note, log_vkey)
    _, size, root = parse_checkpoint(signed)
    if index >= size or root_from_proof(leaf_hash(entry), index, size, proof) != root:
        raise Bad("the proof does not hold")
    return index, size, [verify_note(note, witness)[1] for witness in witnesses]
