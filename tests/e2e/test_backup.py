"""Backups made while everything runs, and what is true after a restore: of the broker, declared and undeclared, and of a
node. With real processes."""

import shutil
import subprocess
import unittest

import harness
from harness import briefing, sampan, wait_for
from test_exchange import ExchangeCase


class BackupCase(ExchangeCase):
    agencies = ("jp-npa", "th-rtp", "sg-spf")

    def words(self):
        return ["--passphrase-file", self.exchange.passphrase]

    def back_up(self, front="broker", config="broker.toml", name="monday.backup", recipient=None):
        """While it runs; gives the file."""
        to = self.exchange.folder / name
        lock = ["--recipient", recipient] if recipient else [*self.words(), "--exercise-keys"]
        sampan(front, "backup", to, "--config", self.exchange.folder / config, *lock)
        return to

    def restore(self, backup, front="broker", config="broker.toml", check=True, key=None):
        more = ["--key", key] if key else []
        return sampan(front, "restore", backup, "--config", self.exchange.folder / config, *more, *self.words(), check=check)

    def lose_the_broker(self):
        """kill -9, and its disk is gone."""
        self.broker.kill()
        shutil.rmtree(self.exchange.folder / "broker-data")

    def refused(self, done, *words):
        self.assertNotEqual(done.returncode, 0)
        for word in words:
            self.assertIn(word, done.stderr.decode())

    def newest_head(self, *nodes):
        """As the authority asks for it: of several, the largest."""
        heads = [n.api("GET", "/v1/log/checkpoint") for n in nodes]
        largest = max(heads, key=lambda h: h["size"])
        note = self.exchange.folder / "last.checkpoint"
        note.write_text(largest["note"])
        return largest["size"], note

    def titles(self, node):
        return sorted(m["title"] for m in node.inbox())

    def audit(self, node):
        export = self.exchange.folder / "log.slog"
        status, data = node.request("GET", "/v1/log/export")
        self.assertEqual(status, 200)
        export.write_bytes(data)
        done = subprocess.run([harness.BIN / "sampan-audit", "verify", export, "--trust", self.exchange.trust],
                              capture_output=True, timeout=60)
        return done.returncode, done.stdout.decode() + done.stderr.decode()


class DeclaredRestore(BackupCase):
    def test_after_the_disk_died_nothing_that_senders_still_have_is_lost_and_all_say_so(self):
        japan, thailand, singapore = self.start()
        before = japan.publish(briefing("Before the backup", ["th-rtp"]))
        japan.wait_outbox(before["message_id"], "delivered")
        singapore.stop()
        kept = japan.publish(briefing("Waiting in the backup", ["sg-spf"]))
        japan.wait_outbox(kept["message_id"], "accepted")
        backup = self.back_up()
        delivered = japan.publish(briefing("After the backup, delivered", ["th-rtp"]))
        japan.wait_outbox(delivered["message_id"], "delivered")
        waiting = thailand.publish(briefing("After the backup, not yet delivered", ["sg-spf"]))
        thailand.wait_outbox(waiting["message_id"], "accepted")
        self.lose_the_broker()

        text = self.restore(backup).stdout.decode()
        self.assertIn("restored and verified", text)
        self.assertIn("sampan authority begin-log", text)
        # It does not run on by itself.
        self.refused(subprocess.run(self.broker.command, capture_output=True, timeout=60), "restore_undeclared")
        size, note = self.newest_head(japan, thailand)
        self.exchange.authority("begin-log", "--checkpoint", note)
        self.broker.start()
        for node in (japan, thailand):
            node.wait_connected()
            wait_for("the new incarnation", lambda n=node: n.api("GET", "/v1/log/checkpoint")["note"].startswith(
                "e2e.example/log/2\n"))
        singapore.start()
        singapore.wait_connected()
        wait_for("what waited to arrive", lambda: self.titles(singapore) == [
            "After the backup, not yet delivered", "Waiting in the backup"])
        self.assertEqual(self.titles(thailand), ["After the backup, delivered", "Before the backup"])
        for node, sent in ((japan, before), (japan, kept), (japan, delivered), (thailand, waiting)):
            node.wait_outbox(sent["message_id"], "delivered")
        # All goes on as before, with proofs in the new log.
        after = singapore.publish(briefing("After the restore", ["jp-npa", "th-rtp"]))
        for node in (japan, thailand):
            node.wait_inbox(after["message_id"])
            self.assertNotIn("log_", " ".join(node.status()["warnings"]))
        singapore.wait_outbox(after["message_id"], "delivered")
        wait_for("every proof to verify", lambda: all(n.status()["proofs_pending"] == 0 for n in (japan, thailand, singapore)))
        code, text = self.audit(japan)
        self.assertEqual(code, 0, text)
        self.assertIn("incarnation 2 took up", text)
        self.assertIn("were lost, declared", text)
        self.assertEqual(self.broker.stop(), 0)
        # Once it is declared it starts again like any other.
        self.broker.start()
        japan.wait_connected()

    def test_without_any_backup_senders_fill_the_new_log(self):
        japan, thailand, singapore = self.start()
        singapore.stop()
        waiting = japan.publish(briefing("Only its sender has it", ["sg-spf"]))
        japan.wait_outbox(waiting["message_id"], "accepted")
        self.lose_the_broker()
        _, note = self.newest_head(japan, thailand)
        self.exchange.authority("begin-log", "--checkpoint", note)
        self.broker.start()
        japan.wait_connected()
        singapore.start()
        singapore.wait_connected()
        singapore.sign_in()
        wait_for("the message that was offered again", lambda: "Only its sender has it" in self.titles(singapore), 60)


class UndeclaredRestore(BackupCase):
    def test_an_old_copy_of_the_store_is_found_by_every_node_at_the_next_exchange(self):
        nodes = self.start()
        japan, thailand, singapore = nodes
        self.assertEqual(self.broker.stop(), 0)
        data, copy = self.exchange.folder / "broker-data", self.exchange.folder / "old-copy"
        shutil.copytree(data, copy)
        self.broker.start()
        for node in nodes:
            node.wait_connected()
        sent = japan.publish(briefing("Not in the copy", ["th-rtp", "sg-spf"]))
        japan.wait_outbox(sent["message_id"], "delivered")
        size = japan.api("GET", "/v1/log/checkpoint")["size"]
        wait_for("all to have seen it", lambda: all(n.api("GET", "/v1/log/checkpoint")["size"] >= size for n in nodes))
        self.broker.kill()
        shutil.rmtree(data)
        shutil.copytree(copy, data)
        self.broker.start()
        for node in nodes:
            wait_for(f"{node.agency} to notice", lambda n=node: any("log_rollback" in w or "log_fork" in w
                                                                     for w in n.status()["warnings"]))
            self.assertFalse(node.status()["connected"])


class Refusals(BackupCase):
    agencies = ("jp-npa", "th-rtp")

    def test_a_damaged_or_foreign_backup_or_a_wrong_key_restores_nothing_and_says_why(self):
        japan, thailand = self.start()
        sent = japan.publish(briefing("Kept", ["th-rtp"]))
        japan.wait_outbox(sent["message_id"], "delivered")
        backup = self.back_up()
        self.refused(self.restore(backup, check=False), "backup_refused", "holds")  # there is a store already
        self.lose_the_broker()
        data = self.exchange.folder / "broker-data"

        whole = bytearray(backup.read_bytes())
        damaged = self.exchange.folder / "damaged.backup"
        for where in (len(whole) // 3, len(whole) // 2, len(whole) - 1):
            changed = bytearray(whole)
            changed[where] ^= 1
            damaged.write_bytes(changed)
            self.refused(self.restore(damaged, check=False), "backup_damaged")
        for length in (len(whole) - 1, len(whole) - 65552, 100, 0):
            damaged.write_bytes(whole[:length])
            self.refused(self.restore(damaged, check=False), "backup_damaged")
        other = self.exchange.folder / "other-passphrase"
        other.write_text("not the one")
        other.chmod(0o600)
        self.refused(sampan("broker", "restore", backup, "--config", self.exchange.folder / "broker.toml",
                            "--passphrase-file", other, check=False), "backup_wrong_key")
        node_backup = self.back_up("node", "jp-npa.toml", "node.backup")
        self.refused(self.restore(node_backup, check=False), "backup_refused", "node jp-npa")
        self.assertFalse((data / "broker.db").exists())
        # And the whole one restores, where all of these left nothing in its way.
        self.restore(backup)
        self.assertTrue((data / "broker.db").exists())

    def test_a_backup_for_a_recipient_is_opened_with_its_key_alone_and_shows_nothing(self):
        japan, thailand = self.start()
        key = self.exchange.folder / "backup"
        sampan("backup-key", key, "--exercise-keys", *self.words())
        sent = japan.publish(briefing("Kept for the recipient", ["th-rtp"]))
        japan.wait_outbox(sent["message_id"], "delivered")
        backup = self.back_up(recipient=f"{key}.pub")
        self.assertEqual(backup.stat().st_mode & 0o777, 0o600)
        self.assertNotIn(b"SQLite format", backup.read_bytes())
        self.lose_the_broker()
        self.refused(self.restore(backup, check=False), "backup_wrong_key")
        self.restore(backup, key=f"{key}.key")

    def test_a_log_is_not_begun_again_on_a_head_that_the_broker_did_not_sign(self):
        note = self.exchange.folder / "forged.checkpoint"
        note.write_text("e2e.example/log/1\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— e2e.example/log/1 " + "A" * 90 + "==\n")
        done = sampan("authority", "begin-log", self.exchange.folder / "authority", "--checkpoint", note, "--yes",
                      *self.words(), check=False)
        self.refused(done, "checkpoint")


class NodeBackup(BackupCase):
    agencies = ("jp-npa", "th-rtp")

    def test_a_node_restored_from_a_backup_reads_its_archive_and_goes_on_with_new_keys_and_chains(self):
        japan, thailand = self.start()
        old = japan.publish(briefing("In the archive", ["th-rtp"]))
        thailand.wait_inbox(old["message_id"])
        own = thailand.publish(briefing("Of its own", ["jp-npa"]))
        thailand.wait_outbox(own["message_id"], "delivered")
        backup = self.back_up("node", "th-rtp.toml", "node.backup")
        later = japan.publish(briefing("After the backup", ["th-rtp"]))
        thailand.wait_inbox(later["message_id"])
        thailand.kill()
        missed = japan.publish(briefing("Sealed for a prekey that is gone", ["th-rtp"]))
        shutil.rmtree(self.exchange.folder / "th-rtp-data")
        self.assertIn("restored and verified", self.restore(backup, "node", "th-rtp.toml").stdout.decode())
        thailand.start()
        thailand.wait_connected()
        self.assertEqual(thailand.message(old["message_id"])["title"], "In the archive")
        self.assertIn(own["message_id"], [m["message_id"] for m in thailand.outbox()])
        wait_for("what was sealed for the old prekey to come again",
                 lambda: "Sealed for a prekey that is gone" in self.titles(thailand), 60)
        back = thailand.publish(briefing("On a new chain", ["jp-npa"]))
        self.assertEqual(japan.wait_inbox(back["message_id"])["title"], "On a new chain")
        self.refused(self.restore(backup, "node", "th-rtp.toml", check=False), "backup_refused")

    def test_the_backup_of_another_agency_is_refused(self):
        self.start()
        backup = self.back_up("node", "jp-npa.toml", "node.backup")
        self.nodes["th-rtp"].stop()
        shutil.rmtree(self.exchange.folder / "th-rtp-data")
        self.refused(self.restore(backup, "node", "th-rtp.toml", check=False), "backup_refused", "jp-npa")


if __name__ == "__main__":
    unittest.main(verbosity=2)
