"""Our logs are read by a reader that is not ours, and its logs by our auditor."""

import base64
import json
import os
import random
import shutil
import subprocess
import tempfile
import unittest

import log_reader as reader

BIN = os.environ["SAMPAN_BIN"]


def flip(path, bit):
    with open(path, "r+b") as file:
        file.seek(bit // 8)
        byte = file.read(1)[0]
        file.seek(bit // 8)
        file.write(bytes([byte ^ 1 << bit % 8]))


def files_of(folder):
    return sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)


class Case(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.mkdtemp(prefix="sampan-interop-")
        self.addCleanup(shutil.rmtree, self.work)

    def run_audit(self, *arguments):
        return subprocess.run([os.path.join(BIN, "sampan-audit"), *arguments], capture_output=True, text=True, timeout=60)


class OursReadByOthers(Case):
    def setUp(self):
        super().setUp()
        made = subprocess.run([os.path.join(BIN, "sample_log"), self.work], capture_output=True, text=True, check=True)
        self.log = json.loads(made.stdout)
        self.folder = os.path.join(self.work, "tiles")
        done = self.run_audit("tiles", self.log["export"], self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_tiles_checkpoint_and_cosignatures_verify(self):
        size, times = reader.verify_folder(self.folder, self.log["log"], self.log["witnesses"])
        self.assertEqual(size, self.log["size"])
        self.assertGreater(size, 256)
        self.assertEqual(len(times), 2)

    def test_the_proof_of_a_message_verifies_and_proves_no_other(self):
        with open(self.log["proof"], encoding="utf-8") as file:
            proof = file.read()
        entries = reader.read_entries(self.folder, self.log["size"])
        index, size, times = reader.verify_tlog_proof(proof, entries[self.log["leaf"]], self.log["log"], self.log["witnesses"])
        self.assertEqual((index, size, len(times)), (self.log["leaf"], self.log["size"], 2))
        with self.assertRaises(reader.Bad):
            reader.verify_tlog_proof(proof, entries[self.log["leaf"] + 1], self.log["log"])

    def test_any_flipped_bit_is_found_by_both(self):
        seed = int(os.environ.get("SAMPAN_SEED", random.randrange(2**32)))
        chance = random.Random(seed)
        for path in files_of(self.folder):
            bit = chance.randrange(8 * os.path.getsize(path))
            if path.endswith("checkpoint"):
                bit %= 8 * 60  # later lines are cosignatures, which our audit was not asked for
            flip(path, bit)
            with self.subTest(path=path, bit=bit, seed=seed):
                with self.assertRaises((reader.Bad, ValueError)):
                    reader.verify_folder(self.folder, self.log["log"], self.log["witnesses"])
                found = self.run_audit("verify-tiles", self.folder, "--key", self.log["log"])
                self.assertEqual(found.returncode, 3, found.stdout)
            flip(path, bit)
        reader.verify_folder(self.folder, self.log["log"], self.log["witnesses"])


class TimeStamps(Case):
    """With an authority of our own: OpenSSL's."""

    def setUp(self):
        super().setUp()
        made = subprocess.run([os.path.join(BIN, "sample_log"), self.work], capture_output=True, text=True, check=True)
        self.log = json.loads(made.stdout)

    def openssl(self, *arguments):
        return subprocess.run(["openssl", *arguments], cwd=self.work, capture_output=True, text=True, check=True)

    def authority(self, name):
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=" + name,
                     "-keyout", name + ".key", "-out", name + ".pem", "-addext", "extendedKeyUsage=critical,timeStamping")
        with open(os.path.join(self.work, name + ".cnf"), "w", encoding="utf-8") as file:
            file.write(
                "[tsa]\ndefault_tsa = t\n[t]\nserial = ./serial\ncrypto_device = builtin\nsigner_digest = sha256\n"
                "default_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\ness_cert_id_chain = no\n"
            )

    def stamp(self, name):
        request, answer, out = (os.path.join(self.work, name + end) for end in (".tsq", ".tsr", ".evidence"))
        self.assertEqual(self.run_audit("ask-time", self.log["evidence"], "-o", request).returncode, 0)
        self.openssl("ts", "-reply", "-config", name + ".cnf", "-section", "t", "-queryfile", request, "-out", answer,
                     "-signer", name + ".pem", "-inkey", name + ".key")
        self.assertEqual(self.run_audit("add-time", self.log["evidence"], answer, "-o", out).returncode, 0)
        return out

    def verify(self, bundle, *more):
        return self.run_audit("verify-evidence", bundle, "--trust", self.log["trust"], *more)

    def test_a_stamp_holds_under_its_authority_and_under_no_other(self):
        self.authority("clock")
        self.authority("other")
        stamped = self.stamp("clock")
        ours, theirs = (os.path.join(self.work, name + ".pem") for name in ("clock", "other"))
        done = self.verify(stamped, "--tsa", ours)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("existed at", done.stdout)
        self.assertEqual(self.verify(stamped, "--tsa", theirs).returncode, 3)
        self.assertEqual(self.verify(self.log["evidence"], "--tsa", ours).returncode, 3)
        self.assertEqual(self.verify(stamped).returncode, 0)


class OthersReadByOurs(Case):
    SEED, WITNESS = bytes(range(32)), bytes(range(32, 64))

    def write(self, name, data):
        path = os.path.join(self.work, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    def make_log(self, entries):
        hashes = [reader.leaf_hash(entry) for entry in entries]
        for index, width in enumerate(reader.tile_widths(len(entries))):
            part = entries[256 * index : 256 * index + width]
            data = b"".join(len(entry).to_bytes(2, "big") + entry for entry in part)
            self.write(reader.tile_path("entries", index, width), data)
        level, above = 0, hashes
        while above:
            for index, width in enumerate(reader.tile_widths(len(above))):
                self.write(reader.tile_path(level, index, width), b"".join(above[256 * index : 256 * index + width]))
            above = [reader.root_of(above[i : i + 256]) for i in range(0, len(above) // 256 * 256, 256)]
            level += 1
        text = "example.org/log\n%d\n%s\n" % (len(entries), base64.b64encode(reader.root_of(hashes)).decode())
        self.write("checkpoint", self.sign(text).encode())

    def line(self, name, kind, seed, message, before=b""):
        public = reader.ed25519_public(seed)
        data = reader.key_id(name, kind, public) + before + reader.ed25519_sign(seed, message.encode())
        return "\u2014 %s %s\n" % (name, base64.b64encode(data).decode())

    def sign(self, text):
        cosigned = "cosignature/v1\ntime 1700000000\n" + text
        return (
            text
            + "\n"
            + self.line("example.org/log", 1, self.SEED, text)
            + self.line("witness.example.org", 4, self.WITNESS, cosigned, (1700000000).to_bytes(8, "big"))
        )

    def audit(self, *more):
        key = reader.make_vkey("example.org/log", 1, reader.ed25519_public(self.SEED))
        return self.run_audit("verify-tiles", self.work, "--key", key, "--json", *more)

    def test_logs_of_many_sizes_verify(self):
        for size in (1, 2, 255, 256, 257, 700):
            with self.subTest(size=size):
                shutil.rmtree(os.path.join(self.work, "tile"), ignore_errors=True)
                self.make_log([b"entry %d of any length %s" % (i, b"." * (i % 50)) for i in range(size)])
                done = self.audit()
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertEqual(json.loads(done.stdout)["entries"], size)

    def test_a_witness_of_others_is_counted_and_a_stranger_is_not(self):
        self.make_log([b"an entry"] * 3)
        witness = reader.make_vkey("witness.example.org", 4, reader.ed25519_public(self.WITNESS))
        stranger = reader.make_vkey("witness.example.org", 4, reader.ed25519_public(self.SEED))
        self.assertEqual(self.audit("--witness", witness).returncode, 0)
        self.assertEqual(self.audit("--witness", stranger).returncode, 3)
        self.assertEqual(self.audit("--witness", witness, "--quorum", "2").returncode, 3)

    def test_a_log_that_was_cut_short_is_refused(self):
        self.make_log([b"an entry"] * 300)
        os.remove(os.path.join(self.work, reader.tile_path("entries", 1, 44)))
        self.assertEqual(self.audit().returncode, 3)


class TheReaderItself(unittest.TestCase):
    def test_the_signature_examples_of_rfc_8032_hold(self):
        # Section 7.1, tests 1 and 2.
        seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        self.assertEqual(
            reader.ed25519_public(seed).hex(), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        )
        self.assertEqual(
            reader.ed25519_sign(seed, b"").hex(),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b",
        )
        public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
        signature = bytes.fromhex(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        )
        self.assertTrue(reader.ed25519_verify(public, b"\x72", signature))
        self.assertFalse(reader.ed25519_verify(public, b"\x73", signature))


if __name__ == "__main__":
    unittest.main()
