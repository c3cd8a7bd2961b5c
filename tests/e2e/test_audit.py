"""The auditor's work with real processes: evidence with a time stamp of an authority of our own; records that the authority's
order lets go leave the broker's disk, a legal hold keeps one, and both are explained."""

import json
import subprocess
import unittest

import harness
from harness import briefing, sampan, wait_for
from test_exchange import ExchangeCase
from test_trouble import at_another_time

RETENTION = """
event_days = 30

[level_days]
restricted = 1

[[hold]]
id = "case-17"
reason = "order of a court"
message = "{held}"
"""


class AuditCase(ExchangeCase):
    agencies = ("jp-npa", "th-rtp")

    def audit(self, *arguments):
        return subprocess.run([harness.BIN / "sampan-audit", *map(str, arguments)], capture_output=True, text=True, timeout=120)

    def audited(self, *arguments):
        done = self.audit(*arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout


class TimeAuthority:
    """A time-stamping authority of our own (RFC 3161), with OpenSSL's commands."""

    CONFIG = """
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[signer]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = t
[t]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""

    def __init__(self, folder, name):
        self.folder = folder / name
        self.folder.mkdir()
        self.config = self.folder / "tsa.cnf"
        self.config.write_text(self.CONFIG.format(folder=self.folder))
        (self.folder / "serial").write_text("01\n")
        make = ["req", "-x509", "-config", self.config, "-newkey", "rsa:2048", "-nodes", "-days", "30"]
        self.root = self.folder / "root.pem"
        self.openssl(*make, "-keyout", "root.key", "-out", "root.pem", "-subj", f"/O={name}/CN=root", "-extensions", "root")
        self.openssl(*make, "-keyout", "tsa.key", "-out", "tsa.pem", "-subj", f"/O={name}/CN=time", "-extensions", "signer",
                     "-CA", "root.pem", "-CAkey", "root.key")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], cwd=self.folder, check=True, capture_output=True, timeout=60)

    def answer(self, request, response):
        self.openssl("ts", "-reply", "-config", self.config, "-queryfile", request, "-signer", "tsa.pem", "-inkey", "tsa.key",
                     "-out", response)


class Evidence(AuditCase):
    def evidence(self, node, message, name, more=""):
        file = self.exchange.folder / name
        status, data = node.request("GET", f"/v1/messages/{message}/evidence{more}")
        self.assertEqual(status, 200, data)
        file.write_bytes(data)
        return file

    def witnessed(self, node, message):
        return node.api("GET", f"/v1/log/proof/{message}")["witnessed"]

    def stamped(self, bundle, authority, name):
        request, response, out = (self.exchange.folder / f"{name}.{kind}" for kind in ("tsq", "tsr", "evidence"))
        self.audited("ask-time", bundle, "-o", request)
        authority.answer(request, response)
        self.audited("add-time", bundle, response, "-o", out)
        return out

    def test_a_message_is_proven_offline_and_dated_by_an_authority_for_time(self):
        japan, _ = self.start()
        sent = [japan.publish(briefing(f"Evidence {i}", ["th-rtp"], body="What was said."))["message_id"] for i in range(2)]
        for message in sent:
            japan.wait_outbox(message, "delivered")
            wait_for("the proof to be witnessed", lambda: self.witnessed(japan, message))
        bundle = self.evidence(japan, sent[0], "one.evidence")
        said = self.audited("verify-evidence", bundle, "--trust", self.exchange.trust)
        self.assertIn("The evidence holds.", said)
        self.assertNotIn("What was said.", said)

        ours, theirs = (TimeAuthority(self.exchange.folder, name) for name in ("Ours", "Theirs"))
        stamped = self.stamped(bundle, ours, "stamped")
        said = self.audited("verify-evidence", stamped, "--trust", self.exchange.trust, "--tsa", ours.root)
        self.assertRegex(said, r"ok +time stamp: .*Ours")
        # Another authority's root, and a token that was given for another bundle, prove nothing.
        for file, root in ((stamped, theirs.root), (bundle, ours.root)):
            refused = self.audit("verify-evidence", file, "--trust", self.exchange.trust, "--tsa", root)
            self.assertEqual(refused.returncode, 3)
            self.assertIn("FAILED time stamp", refused.stdout)
        japan.publish(briefing("Later", ["th-rtp"]))
        other = wait_for("a bundle of another checkpoint", lambda: self.of_another_checkpoint(japan, sent[1], bundle))
        swapped = self.exchange.folder / "swapped.evidence"
        self.audited("add-time", other, self.exchange.folder / "stamped.tsr", "-o", swapped)
        refused = self.audit("verify-evidence", swapped, "--trust", self.exchange.trust, "--tsa", ours.root)
        self.assertEqual(refused.returncode, 3)
        self.assertIn("FAILED time stamp", refused.stdout)

    def of_another_checkpoint(self, node, message, bundle):
        file = self.evidence(node, message, "other.evidence")
        first, second = (self.exchange.folder / f"{name}.tsq" for name in ("first", "second"))
        for request, of in ((first, bundle), (second, file)):
            request.unlink(missing_ok=True)
            self.audited("ask-time", of, "-o", request)
        # In a request the digest is an octet string of 32 bytes.
        digests = [r.read_bytes().split(b"\x04\x20", 1)[1][:32] for r in (first, second)]
        return file if digests[0] != digests[1] else None

    def test_a_disclosed_bundle_proves_the_text_and_no_other(self):
        japan, _ = self.start()
        message = japan.publish(briefing("Disclosed", ["th-rtp"], body="What was said."))["message_id"]
        japan.wait_outbox(message, "delivered")
        wait_for("the proof to be witnessed", lambda: self.witnessed(japan, message))
        bundle = self.evidence(japan, message, "open.evidence", "?disclose=yes")
        said = json.loads(self.audited("verify-evidence", bundle, "--trust", self.exchange.trust, "--json"))
        self.assertTrue(said["ok"])
        self.assertIn("What was said.", said["document"])
        changed = bytearray(bundle.read_bytes())
        changed[-40] ^= 1
        (self.exchange.folder / "changed.evidence").write_bytes(changed)
        refused = self.audit("verify-evidence", self.exchange.folder / "changed.evidence", "--trust", self.exchange.trust)
        self.assertEqual(refused.returncode, 3)


class Retention(AuditCase):
    def setUp(self):
        super().setUp()
        key = ["--passphrase-file", self.exchange.passphrase]
        sampan("auditor", "init", self.exchange.folder / "audit-1", "--id", "audit-1", "--name", "Audit", *key, "--exercise-keys")
        self.exchange.authority("add-auditor", self.exchange.folder / "audit-1" / "auditor.pub.toml")

    def fetch(self, name):
        export = self.exchange.folder / name
        done = self.audit("fetch", "--keys", self.exchange.folder / "audit-1", "--epochs",
                          self.exchange.folder / "authority" / "epochs", "--trust", self.exchange.trust, "--broker",
                          self.broker.endpoint, "--passphrase-file", self.exchange.passphrase, "-o", export)
        self.assertEqual(done.returncode, 0, done.stderr)
        return export

    def report(self, command, export, *arguments):
        done = self.audit(command, export, *arguments, "--trust", self.exchange.trust, "--json")
        return done.returncode, json.loads(done.stdout)

    def metric(self, name):
        _, text = self.broker.get("/metrics")
        return next((float(line.split()[1]) for line in text.splitlines() if line.startswith(name + " ")), 0)

    def order(self, text):
        (self.exchange.folder / "authority" / "retention.toml").write_text(text)
        self.exchange.authority("retention")
        wait_for("the broker to take the order",
                 lambda: any(e.get("event") == "retention_order_accepted" for e in self.broker.events()))

    def test_records_leave_after_their_days_a_hold_keeps_one_and_the_auditor_explains_both(self):
        japan, thailand = self.start()
        gone, held = (japan.publish(briefing(title, ["th-rtp"]))["message_id"] for title in ("Gone", "Held"))
        for message in (gone, held):
            japan.wait_outbox(message, "delivered")
        wait_for("the broker to have the newest epoch", lambda: self.metric("sampan_registry_epoch") >= 5)
        before = self.fetch("before.slog")
        whole = before.read_bytes()
        record = whole[whole.index(bytes.fromhex(gone)):][:40]
        self.assertTrue(self.exchange.find_bytes("broker-data", record))
        self.order(RETENTION.format(held=held))
        for process in (japan, thailand, self.broker):
            self.assertEqual(process.stop(), 0)
        command = self.broker.command
        self.broker.command = at_another_time(command, "+2d")
        self.broker.start()
        wait_for("the record to be erased", lambda: self.metric("sampan_records_erased_total") == 1)
        self.assertEqual(self.exchange.find_bytes("broker-data", record), [])

        after = self.fetch("after.slog")
        code, report = self.report("verify", after)
        self.assertEqual((code, report["erased"], report["left_out"]), (0, 1, 0), report)
        _, entries = self.report("search", after, "--type", "submitted")
        said = [e["summary"] for e in entries["entries"]]
        self.assertEqual(sum("erased under the exchange's retention, as entry" in s for s in said), 1, said)
        self.assertTrue(any(held in s for s in said), said)
        subject = next(e["subject"] for e in entries["entries"] if "erased" in e["summary"])
        _, story = self.report("timeline", after, subject[:16])
        steps = [s["text"] for s in story["steps"]]
        self.assertTrue(any("delivered, signed by th-rtp" in s for s in steps), steps)
        self.assertTrue(any("were erased under retention order 1" in s for s in steps), steps)
        code, orders = self.report("search", after, "--type", "hold")
        self.assertIn("legal hold case-17", orders["entries"][0]["summary"])

        # The log only grew, and what was taken before still verifies.
        kept = self.exchange.folder / "before.checkpoint"
        done = self.audit("verify", before, "--trust", self.exchange.trust, "--keep-checkpoint", kept)
        self.assertEqual(done.returncode, 0, done.stdout)
        done = self.audit("verify", after, "--trust", self.exchange.trust, "--earlier", kept)
        self.assertEqual(done.returncode, 0, done.stdout)
        # A record that goes without a word is found: here a copy of the export in which one is a mark of another entry's.
        damaged = self.exchange.folder / "damaged.slog"
        damaged.write_bytes(self.without_record(after.read_bytes(), held))
        code, report = self.report("verify", damaged)
        self.assertEqual(code, 3)
        self.assertTrue(any("no entry says that it was erased" in f["text"] for f in report["findings"]), report)

        # The broker starts again on what is left, and the sender's journal has nothing against it.
        self.assertEqual(self.broker.stop(), 0)
        self.broker.start()
        self.assertTrue(any(e.get("event") == "store_verified" for e in self.broker.events()))

    def without_record(self, export, message):
        """The export, with the record of that message left out."""
        at = len(b"sampan log export 2\n")
        out = bytearray(export[:at])
        while at < len(export):
            kind, size = export[at], int.from_bytes(export[at + 1:at + 5], "big")
            payload = export[at + 5:at + 5 + size]
            at += 5 + size
            if kind == 4 and payload[1] == 1 and bytes.fromhex(message) in payload:
                payload = payload[:44]
            out += bytes([kind]) + len(payload).to_bytes(4, "big") + payload
        return bytes(out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
