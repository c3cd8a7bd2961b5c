"""People at a node: signing in, roles, personal clearance, four eyes, emergencies. With real processes."""

import json
import unittest

from harness import ApiError, briefing, wait_for
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


class FourEyes(PeopleCase):
    threshold = "confidential"

    def secret(self, title="Sources", **more):
        return briefing(title, ["th-rtp"], classification="confidential", **more)

    def test_a_second_person_releases_exactly_what_was_written(self):
        japan, thailand = self.start()
        anan = self.add_officer(japan, "anan", ["officer", "releaser"])
        path = self.exchange.folder / "file.txt"
        path.write_text("attached")
        held = japan.publish(self.secret(body="The text."), [japan.upload(path)])
        self.assertEqual((held["state"], held["message_id"]), ("awaiting_release", None))
        self.assertEqual(japan.outbox(), [])
        seen = anan.api("GET", f"/v1/releases/{held['release_id']}")
        self.assertIn("The text.", seen["body"])
        self.assertEqual(seen["readers"], ["th-rtp"])
        status, data = anan.request("GET", f"/v1/releases/{held['release_id']}/attachments/0")
        self.assertEqual((status, data), (200, b"attached"))
        with self.subTest("the author is no second person"):
            self.refused(403, "same_person", japan.api, "POST", f"/v1/releases/{held['release_id']}/approve",
                         {"digest": seen["digest"]})
        with self.subTest("another content is not what was approved"):
            self.refused(409, "release_changed", anan.api, "POST", f"/v1/releases/{held['release_id']}/approve",
                         {"digest": "00" * 32})
        done = anan.api("POST", f"/v1/releases/{held['release_id']}/approve", {"digest": seen["digest"]})
        got = thailand.wait_inbox(done["message_id"])
        self.assertEqual((got["release"]["author"], got["release"]["releaser"]), ("admin", "anan"))
        self.assertEqual(got["release"]["approved"], seen["digest"])
        with self.subTest("it is released once"):
            self.refused(409, "not_waiting", anan.api, "POST", f"/v1/releases/{held['release_id']}/approve",
                         {"digest": seen["digest"]})

    def test_without_the_role_or_the_clearance_nobody_releases(self):
        japan, _ = self.start()
        plain = self.add_officer(japan, "plain", ["officer"])
        low = self.add_officer(japan, "low", ["releaser"], {"level": "restricted"})
        held = japan.publish(self.secret())
        digest = japan.api("GET", f"/v1/releases/{held['release_id']}")["digest"]
        for person, name in ((plain, "role_missing"), (low, "not_cleared")):
            self.refused(403, name, person.api, "POST", f"/v1/releases/{held['release_id']}/approve", {"digest": digest})
        self.refused(403, "not_cleared", low.api, "GET", f"/v1/releases/{held['release_id']}")
        self.assertEqual(japan.outbox(), [])

    def test_declined_and_withdrawn_are_never_sent(self):
        japan, _ = self.start()
        anan = self.add_officer(japan, "anan", ["releaser"])
        first, second = japan.publish(self.secret("One")), japan.publish(self.secret("Two"))
        anan.api("POST", f"/v1/releases/{first['release_id']}/decline", {"reason": "too early"})
        japan.api("POST", f"/v1/releases/{second['release_id']}/withdraw", {})
        states = {r["id"]: r["state"] for r in anan.api("GET", "/v1/releases")["releases"]}
        self.assertEqual(states, {first["release_id"]: "declined", second["release_id"]: "withdrawn"})
        self.refused(409, "not_waiting", anan.api, "POST", f"/v1/releases/{first['release_id']}/approve", {"digest": "00" * 32})
        self.assertEqual(japan.outbox(), [])

    def test_what_waits_survives_the_node_and_what_is_below_the_threshold_does_not_wait(self):
        japan, thailand = self.start()
        anan = self.add_officer(japan, "anan", ["releaser"])
        self.assertEqual(japan.publish(briefing("Low", ["th-rtp"]))["state"], "waiting")
        held = japan.publish(self.secret())
        japan.kill()
        self.assertEqual(self.exchange.find_bytes("jp-npa-data", b"Sources"), [])
        japan.start()
        japan.wait_connected()
        seen = anan.api("GET", f"/v1/releases/{held['release_id']}")
        japan.wait_peers(["th-rtp"])
        done = anan.api("POST", f"/v1/releases/{held['release_id']}/approve", {"digest": seen["digest"]})
        self.assertEqual(thailand.wait_inbox(done["message_id"])["title"], "Sources")


class Emergencies(PeopleCase):
    threshold = "confidential"
    reason = "hostages, an attack within the hour"

    def test_a_release_by_one_person_is_marked_at_the_reader_and_warned_of_until_reviewed(self):
        japan, thailand = self.start()
        anan = self.add_officer(japan, "anan", ["releaser"])
        text = briefing("Now", ["th-rtp"], classification="confidential")
        self.refused(400, "bad_request", japan.publish, text, emergency="short")
        sent = japan.publish(text, emergency=self.reason)
        self.assertEqual(sent["state"], "waiting")
        mark = thailand.wait_inbox(sent["message_id"])["release"]
        self.assertEqual((mark["author"], mark["releaser"], mark["emergency"]), ("admin", None, self.reason))
        self.assertTrue(any("emergency" in w for w in japan.status()["warnings"]))
        noted = anan.api("GET", "/v1/releases?state=unreviewed")["releases"]
        self.assertEqual([n["message_id"] for n in noted], [sent["message_id"]])
        self.refused(403, "same_person", japan.api, "POST", f"/v1/releases/{noted[0]['id']}/review", {})
        anan.api("POST", f"/v1/releases/{noted[0]['id']}/review", {"reason": "it was right"})
        self.assertFalse(any("emergency" in w for w in japan.status()["warnings"]))

    def test_reading_above_ones_clearance_is_noted_and_the_originator_is_told(self):
        japan, thailand = self.start()
        low = self.add_officer(japan, "low", ["officer"], {"level": "restricted"})
        sent = thailand.publish(briefing("Held back", ["jp-npa"], categories='[label.categories]\ncompartment = ["ct"]'))
        japan.wait_inbox(sent["message_id"])
        self.refused(403, "not_cleared", low.message, sent["message_id"])
        self.refused(400, "bad_request", japan.api, "POST", f"/v1/messages/{sent['message_id']}/emergency",
                     {"emergency": self.reason})  # no emergency is needed
        shown = low.api("POST", f"/v1/messages/{sent['message_id']}/emergency", {"emergency": self.reason})
        self.assertEqual(shown["title"], "Held back")
        self.refused(403, "not_cleared", low.message, sent["message_id"])  # once is once
        told = wait_for("the originator to be told",
                        lambda: next((m for m in thailand.inbox() if m["class"] == "control"), None))
        text = thailand.message(told["message_id"])
        self.assertIn("Emergency access by jp-npa", text["title"])
        self.assertIn("low", text["body"])
        self.assertIn(self.reason, text["body"])
        self.assertEqual(text["about"], [sent["message_id"]])
        self.assertTrue(any("emergency" in w for w in japan.status()["warnings"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
