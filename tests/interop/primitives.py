"""The cryptography of PROTOCOL.md sections 1 and 6, on python3-nacl and python3-cryptography alone."""

import hashlib
import hmac
import os
import struct

import nacl.bindings
import nacl.signing
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

CHUNK = 65536
TAG = 16
PART_FRAME = 8 * (CHUNK + TAG)
STANZA = 136


def H(data):
    return hashlib.sha256(data).digest()


def u32(number):
    return struct.pack(">I", number)


def u64(number):
    return struct.pack(">Q", number)


def lp(data):
    data = data.encode() if isinstance(data, str) else data
    return u32(len(data)) + data


# --- signatures


class SigningKey:
    def __init__(self, seed=None):
        self.seed = seed or os.urandom(32)
        self._key = nacl.signing.SigningKey(self.seed)
        self.public = bytes(self._key.verify_key)

    def sign(self, namespace, data):
        return self._key.sign(namespace + hashlib.sha512(data).digest()).signature


def verifies(public, namespace, data, signature):
    try:
        nacl.signing.VerifyKey(public).verify(namespace + hashlib.sha512(data).digest(), signature)
        return True
    except (nacl.exceptions.BadSignatureError, ValueError):
        return False


# --- RFC 6962 trees


def leaf(data):
    return H(b"\x00" + data)


def node(left, right):
    return H(b"\x01" + left + right)


def root_of_hashes(hashes):
    if not hashes:
        return H(b"")
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node(root_of_hashes(hashes[:split]), root_of_hashes(hashes[split:]))


def root(items):
    return root_of_hashes([leaf(i) for i in items])


def proof(items, index):
    """The inclusion proof of an item (RFC 9162 section 2.1.3.1)."""
    hashes = [leaf(i) for i in items]

    def path(part, at):
        if len(part) == 1:
            return []
        split = 1 << (len(part) - 1).bit_length() - 1
        if at < split:
            return path(part[:split], at) + [root_of_hashes(part[split:])]
        return path(part[split:], at - split) + [root_of_hashes(part[:split])]

    return path(hashes, index)


def included(leaf_hash, index, size, path, expected):
    """RFC 9162 section 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, value = index, size - 1, leaf_hash
    for step in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            value = node(step, value)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = node(value, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and value == expected


def consistent(first, second, first_root, second_root, path):
    """RFC 9162 section 2.1.4.2."""
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path
    path = list(path)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    if not path:
        return False
    fr = sr = path.pop(0)
    for step in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(step, fr), node(step, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


# --- keys, padding, bodies


def hkdf_extract(salt, ikm):
    return hmac.new(salt or bytes(32), ikm, hashlib.sha256).digest()


def hkdf_expand(key, info, size):
    out, block = b"", b""
    while len(out) < size:
        block = hmac.new(key, block + info + bytes([len(out) // 32 + 1]), hashlib.sha256).digest()
        out += block
    return out[:size]


def message_keys(cek, h1, suite=1):
    """Payload key and commitment."""
    both = hkdf_expand(hkdf_extract(h1, cek), b"sampan/1 keys\0" + u32(suite), 64)
    return both[:32], both[32:]


def padme(size):
    if size < 2:
        return size
    e = size.bit_length() - 1
    s = e.bit_length()
    unit = 1 << (e - s) if e > s else 1
    return (size + unit - 1) // unit * unit


def pad(data):
    framed = lp(data)
    return framed + bytes(max(padme(len(framed)), 1024) - len(framed))


def unpad(padded):
    size = struct.unpack(">I", padded[:4])[0]
    content = padded[4:4 + size]
    if pad(content) != padded:
        raise ValueError("padding")
    return content


def stream_seal(key, plain):
    chunks = [plain[i:i + CHUNK] for i in range(0, len(plain), CHUNK)] or [b""]
    return b"".join(ChaCha20Poly1305(key).encrypt(stream_nonce(i, i + 1 == len(chunks)), chunk, None)
                    for i, chunk in enumerate(chunks))


def stream_open(key, sealed):
    step = CHUNK + TAG
    chunks = [sealed[i:i + step] for i in range(0, len(sealed), step)]
    return b"".join(ChaCha20Poly1305(key).decrypt(stream_nonce(i, i + 1 == len(chunks)), chunk, None)
                    for i, chunk in enumerate(chunks))


def stream_nonce(counter, last):
    return counter.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


# --- HPKE (RFC 9180), base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305

KEM_ID = b"KEM" + struct.pack(">H", 0x0020)
HPKE_ID = b"HPKE" + struct.pack(">HHH", 0x0020, 0x0001, 0x0003)


def labeled_extract(suite, salt, label, ikm):
    return hkdf_extract(salt, b"HPKE-v1" + suite + label + ikm)


def labeled_expand(suite, key, label, info, size):
    return hkdf_expand(key, struct.pack(">H", size) + b"HPKE-v1" + suite + label + info, size)


def hpke_keys(dh, enc, public, info):
    secret = labeled_expand(KEM_ID, labeled_extract(KEM_ID, b"", b"eae_prk", dh), b"shared_secret", enc + public, 32)
    context = (b"\x00" + labeled_extract(HPKE_ID, b"", b"psk_id_hash", b"") +
               labeled_extract(HPKE_ID, b"", b"info_hash", info))
    key = labeled_extract(HPKE_ID, secret, b"secret", b"")
    return (labeled_expand(HPKE_ID, key, b"key", context, 32), labeled_expand(HPKE_ID, key, b"base_nonce", context, 12))


class X25519Key:
    def __init__(self):
        self.secret = os.urandom(32)
        self.public = nacl.bindings.crypto_scalarmult_base(self.secret)
        self.id = H(self.public)[:16]

    def agree(self, public):
        return X25519PrivateKey.from_private_bytes(self.secret).exchange(X25519PublicKey.from_public_bytes(public))


def hpke_seal(ephemeral, public, info, plain):
    """enc is the ephemeral key's public half: one a message."""
    key, nonce = hpke_keys(ephemeral.agree(public), ephemeral.public, public, info)
    return ephemeral.public + ChaCha20Poly1305(key).encrypt(nonce, plain, None)


def hpke_open(own, sealed, info):
    enc, cipher = sealed[:32], sealed[32:]
    key, nonce = hpke_keys(own.agree(enc), enc, own.public, info)
    return ChaCha20Poly1305(key).decrypt(nonce, cipher, None)
