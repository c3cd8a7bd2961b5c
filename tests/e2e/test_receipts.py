"""Officers' receipts with real processes: what the sender and the auditor see of five steps and a recall."""

import json
import subprocess
import unittest

import harness
from harness import ApiError, briefing, wait_for
from test_exchange import ExchangeCase


class Receipts(ExchangeCase):
    agencies = ("jp-npa", "th-rtp", "sg-spf")

    def say(self, node, message, step, note=None):
        body = {"step": step} | ({"note": note} if note else {})
        return node.api("POST", f"/v1/messages/{message}/receipts", body)

    def recipients(self, node, message):
        got = node.api("GET", f"/v1/messages/{message}/receipts")
        return {r["agency"]: r for r in got["recipients"]}

    def wait_step(self, node, message, agency, step):
        return wait_for(f"{agency}: {step}", lambda: (self.recipients(node, message)[agency]["receipts"] or {}).get(step))

    def test_five_receipts_recall_and_refusal_reach_the_sender_and_the_auditors_timeline(self):
        japan, thailand, singapore = self.start()
        message = japan.publish(briefing("Annex with names", ["th-rtp", "sg-spf"]))["message_id"]
        for reader in (thailand, singapore):
            reader.wait_inbox(message)
            reader.message(message)
            self.say(reader, message, "acknowledged")
        self.say(thailand, message, "acted", "two arrests")
        for agency in ("th-rtp", "sg-spf"):
            self.assertIn("admin", self.wait_step(japan, message, agency, "opened")["officer"])
            self.wait_step(japan, message, agency, "acknowledged")
        self.assertEqual(self.wait_step(japan, message, "th-rtp", "acted")["note"], "two arrests")
        with self.assertRaises(ApiError) as refusal:
            self.say(thailand, message, "destroyed")
        self.assertEqual(refusal.exception.status, 400)

        recall = japan.api("POST", f"/v1/messages/{message}/recall", {"reason": "names of sources"})["message_id"]
        for reader in (thailand, singapore):
            wait_for("the recall", lambda: reader.api("GET", f"/v1/messages/{message}/receipts")["withdrawn_by"] == recall)
        self.say(thailand, message, "destroyed")
        self.say(singapore, message, "refused", "evidence before a court")
        self.wait_step(japan, message, "th-rtp", "destroyed")
        self.assertEqual(self.wait_step(japan, message, "sg-spf", "refused")["note"], "evidence before a court")
        with self.assertRaises(ApiError) as gone:
            thailand.message(message)
        self.assertEqual(gone.exception.status, 410)
        self.assertEqual(singapore.message(message)["title"], "Annex with names")

        # A sender that starts again knows the same, and so does the log.
        japan.stop()
        japan.start()
        japan.wait_connected()
        self.wait_step(japan, message, "th-rtp", "destroyed")
        steps = self.timeline(japan, message)
        self.assertEqual(sum("receipt by th-rtp" in s for s in steps), 4, steps)
        self.assertEqual(sum("receipt by sg-spf" in s for s in steps), 3, steps)
        self.assertEqual(sum("recall by jp-npa" in s for s in steps), 1, steps)

    def timeline(self, node, message):
        export = self.exchange.folder / "log.slog"
        status, data = node.request("GET", "/v1/log/export")
        self.assertEqual(status, 200)
        export.write_bytes(data)
        done = subprocess.run([harness.BIN / "sampan-audit", "timeline", export, message, "--trust", self.exchange.trust, "--json"],
                              capture_output=True, timeout=60)
        return [s["text"] for s in json.loads(done.stdout)["steps"]]


if __name__ == "__main__":
    unittest.main(verbosity=2)
