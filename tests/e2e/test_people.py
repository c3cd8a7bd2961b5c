"""People at a node: signing in, roles, personal clearance. With real processes."""

import json
import unittest

from harness import ApiError, briefing
from test_exchange import ExchangeCase

WORDS = "words that anan alone knows"


class PeopleCase(ExchangeCase):
    agencies = ("jp-npa", "th-rtp")

    def refused(self, status, name, call, *arguments, **more):
        with self.assertRaises(ApiError) as refusal:
            call(*arguments, **more)
        self.assertEqual((refusal.exception.status, refusal.exception.name), (status, name))

    def add_officer(self, node, officer, roles, clearance=None):
        """Made by the administrator, with a passphrase that the officer then changes; gives a node for that officer."""
        node.sign_in("admin")
        given = "a first passphrase"
        node.api("POST", "/v1/officers", {"id": officer, "name": f"Officer {officer}", "roles": roles, "clearance": clearance,
                                          "passphrase": given})
        person = node.as_officer(officer, given)
        person.api("POST", "/v1/passphrase", {"old": given, "new": WORDS})
        person.sign_in(officer, WORDS)
        return person


class SignIn(PeopleCase):
    def test_without_a_session_nothing_is_read_and_nothing_is_sent(self):
        japan, _ = self.start()
        for method, path in (("GET", "/v1/inbox"), ("GET", "/v1/outbox"), ("POST", "/v1/messages"), ("GET", "/v1/messages/aaaaaa"),
                             ("GET", "/v1/officers"), ("POST", "/v1/lock"), ("GET", "/v1/whoami")):
            status, body = japan.send(method, path, "{}" if method == "POST" else None)
            self.assertEqual((status, json.loads(body)["error"]["name"]), (401, "not_signed_in"), path)
        self.assertEqual(japan.send("GET", "/v1/status")[0], 200)
        status, _ = japan.send("GET", "/v1/inbox", headers={"Authorization": "Bearer " + "00" * 32})
        self.assertEqual(status, 401)
        status, _ = japan.send("GET", "/v1/inbox", headers={"Authorization": "Basic abc"})
        self.assertEqual(status, 400)

    def test_failures_lock_out_and_a_restart_does_not_help(self):
        japan, _ = self.start()
        for _ in range(5):
            self.refused(403, "wrong_credentials", japan.sign_in, "admin", "a wrong passphrase")
        self.refused(429, "locked_out", japan.sign_in, "admin", "a passphrase for tests only")
        japan.stop()
        japan.start()
        self.refused(429, "locked_out", japan.sign_in, "admin", "a passphrase for tests only")

    def test_a_removed_officer_is_out_at_once(self):
        japan, _ = self.start()
        anan = self.add_officer(japan, "anan", ["officer"])
        self.assertEqual(anan.api("GET", "/v1/whoami")["officer"], "anan")
        japan.api("DELETE", "/v1/officers/anan")
        status, _ = anan.send("GET", "/v1/inbox", headers={"Authorization": f"Bearer {anan.token}"})
        self.assertEqual(status, 401)
        self.refused(403, "wrong_credentials", anan.sign_in)

    def test_roles_are_kept_apart(self):
        japan, _ = self.start()
        auditor = self.add_officer(japan, "audit", ["auditor"])
        self.refused(403, "role_missing", auditor.api, "GET", "/v1/inbox")
        self.refused(403, "role_missing", auditor.publish, briefing("No", ["th-rtp"]))
        officer = self.add_officer(japan, "anan", ["officer"])
        self.refused(403, "role_missing", officer.api, "POST", "/v1/officers",
                     {"id": "x", "name": "X", "roles": ["officer"], "passphrase": "long enough words"})
        self.refused(403, "role_missing", officer.api, "DELETE", "/v1/officers/audit")

    def test_a_locked_node_is_unlocked_by_a_sign_in_and_locked_by_the_last_sign_out(self):
        japan = self.nodes["jp-npa"]
        config = self.exchange.folder / "jp-npa.toml"
        config.write_text("\n".join(line for line in config.read_text().splitlines()
                                    if not line.startswith("archive_passphrase_file")) + "\n")
        japan.start()
        self.assertFalse(japan.status()["unlocked"])
        japan.sign_in()
        self.assertTrue(japan.status()["unlocked"])
        other = japan.as_officer("admin")
        other.sign_in()
        japan.api("POST", "/v1/sign-out")
        self.assertTrue(japan.status()["unlocked"])
        other.api("POST", "/v1/sign-out")
        self.assertFalse(japan.status()["unlocked"])


class PersonalClearance(PeopleCase):
    def test_above_it_a_message_is_listed_without_title_and_neither_shown_nor_written(self):
        japan, thailand = self.start()
        low = self.add_officer(japan, "low", ["officer"], {"level": "restricted"})
        sent = thailand.publish(briefing("Seen by few", ["jp-npa"], categories='[label.categories]\ncompartment = ["ct"]'))
        open_one = thailand.publish(briefing("Seen by all", ["jp-npa"]))
        japan.wait_inbox(sent["message_id"])
        japan.wait_inbox(open_one["message_id"])
        rows = {m["message_id"]: m for m in low.inbox()}
        self.assertIsNone(rows[sent["message_id"]]["title"])
        self.assertEqual(rows[sent["message_id"]]["withheld"], "not_cleared")
        self.assertEqual(rows[open_one["message_id"]]["title"], "Seen by all")
        self.refused(403, "not_cleared", low.message, sent["message_id"])
        self.assertEqual(low.message(open_one["message_id"])["title"], "Seen by all")
        self.refused(403, "not_cleared", low.publish, briefing("Above me", ["th-rtp"], classification="confidential"))
        low.publish(briefing("Within", ["th-rtp"]))

    def test_nobody_is_cleared_above_the_agency(self):
        _, thailand = self.start()
        thailand.sign_in("admin")
        self.refused(422, "above_agency", thailand.api, "POST", "/v1/officers",
                     {"id": "x", "name": "X", "roles": ["officer"], "clearance": {"level": "secret"},
                      "passphrase": "long enough words"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
