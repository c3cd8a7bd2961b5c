"""What goes wrong on a real machine: disks fill up, clocks are off, certificates end, brokers move. Each says so and what
to do, and loses nothing."""

import os
import pathlib
import re
import subprocess
import unittest

import harness
from harness import ApiError, briefing, wait_for
from test_exchange import ExchangeCase


def on_own_disk(process, folder, size):
    """Has the process see a file system of that size at the folder, which nobody else sees and which ends with it."""
    folder = pathlib.Path(folder)
    folder.mkdir(mode=0o700, exist_ok=True)
    unshare = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-rm"]
    mount = 'mount -t tmpfs -o mode=0700,size="$1" tmpfs "$2" && shift 2 && exec "$@"'
    process.command = [*unshare, "sh", "-c", mount, "sh", size, str(folder), *process.command]


def in_its_view(process, script, *arguments):
    """Runs a line of shell where the process's own disk is seen."""
    enter = ["nsenter", "-t", str(process.child.pid), "-m"]
    if os.getuid() != 0:
        enter += ["-U", "--preserve-credentials"]
    return subprocess.run([*enter, "sh", "-c", script, "sh", *map(str, arguments)], capture_output=True, timeout=60)


def fill(process, folder):
    in_its_view(process, 'dd if=/dev/zero of="$1/filler" bs=64k 2>/dev/null; dd if=/dev/zero of="$1/filler2" bs=1k 2>/dev/null',
                folder)


def make_room(process, folder):
    in_its_view(process, 'rm -f "$1/filler" "$1/filler2"', folder)


def at_another_time(command, offset):
    """The command under libfaketime, without its wrapper, which would outlive a kill. Monotonic clocks stay true."""
    library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    return ["env", f"LD_PRELOAD={library}", f"FAKETIME={offset}", "FAKETIME_DONT_FAKE_MONOTONIC=1", *map(str, command)]


class FullDisks(ExchangeCase):
    agencies = ("jp-npa", "th-rtp")

    def setUp(self):
        super().setUp()
        self.japan, self.thailand = self.nodes["jp-npa"], self.nodes["th-rtp"]

    def test_a_broker_without_space_says_so_and_what_waits_is_delivered_when_there_is_room(self):
        endpoint = self.broker.endpoint
        self.assertEqual(self.broker.stop(), 0)
        data = self.exchange.folder / "small-disk"
        config = self.exchange.folder / "broker.toml"
        config.write_text(re.sub(r'(?m)^data = ".*"', f'data = "{data}"', config.read_text()))
        on_own_disk(self.broker, data, "48m")
        self.broker.start()
        self.assertEqual(self.broker.endpoint, endpoint)
        self.start()
        fill(self.broker, data)
        sent = [self.japan.publish(briefing(f"On a full disk {i}", ["th-rtp"], body="x" * 100_000))["message_id"]
                for i in range(40)]
        wait_for("the broker to say that its disk is full",
                 lambda: any(e.get("event") == "disk_full" for e in self.broker.events()))
        full = next(e for e in self.broker.events() if e.get("event") == "disk_full")
        self.assertTrue(full["remedy"])
        wait_for("the officer to see why a message waits", lambda: any(
            m["state"] == "waiting" and m["reason"] == "try_again" for m in self.japan.outbox()))
        self.assertTrue(self.broker.running())
        make_room(self.broker, data)
        for message_id in sent:
            self.japan.wait_outbox(message_id, "delivered")
        received = [m["message_id"] for m in self.thailand.inbox()]
        self.assertEqual(sorted(received), sorted(sent))

    def test_a_node_without_space_refuses_to_take_a_briefing_and_receives_later(self):
        data = self.exchange.folder / "th-rtp-data"
        on_own_disk(self.thailand, data, "24m")
        self.start()
        fill(self.thailand, data)
        refused = None
        for i in range(50):
            try:
                self.thailand.publish(briefing(f"No room {i}", ["jp-npa"], body="x" * 100_000))
            except ApiError as error:
                refused = error
                break
        self.assertIsNotNone(refused)
        self.assertEqual(refused.status, 507)
        self.assertEqual(refused.name, "disk_full")
        sent = [self.japan.publish(briefing(f"For a full disk {i}", ["th-rtp"], body="x" * 100_000))["message_id"]
                for i in range(20)]
        wait_for("the node to say that its disk is full",
                 lambda: any(e.get("event") == "disk_full" for e in self.thailand.events()))
        self.assertTrue(self.thailand.running())
        make_room(self.thailand, data)
        for message_id in sent:
            self.japan.wait_outbox(message_id, "delivered")
        self.assertEqual(sorted(m["message_id"] for m in self.thailand.inbox()), sorted(sent))


class Clocks(ExchangeCase):
    agencies = ("jp-npa", "th-rtp")

    def test_a_node_whose_clock_is_two_hours_off_says_so_and_still_exchanges(self):
        thailand = self.nodes["th-rtp"]
        thailand.command = at_another_time(thailand.command, "-2h")
        japan, thailand = self.start()
        clock = next(c for c in thailand.api("GET", "/v1/doctor")["checks"] if c["name"] == "clock")
        self.assertFalse(clock["ok"])
        self.assertIn("clock", clock["remedy"])
        self.assertTrue(any("clock" in w for w in thailand.status()["warnings"]))
        self.assertTrue(next(c for c in japan.api("GET", "/v1/doctor")["checks"] if c["name"] == "clock")["ok"])
        there = japan.publish(briefing("To the past", ["th-rtp"]))["message_id"]
        back = thailand.publish(briefing("To the future", ["jp-npa"]))["message_id"]
        self.assertEqual(thailand.wait_inbox(there)["title"], "To the past")
        self.assertEqual(japan.wait_inbox(back)["title"], "To the future")

    def test_a_node_whose_certificate_has_ended_does_not_start_and_says_what_to_do(self):
        japan = self.nodes["jp-npa"]
        late = subprocess.run(at_another_time(japan.command, "+100d"), capture_output=True, timeout=60)
        self.assertNotEqual(late.returncode, 0)
        said = late.stderr.decode()
        self.assertIn("expired", said)
        self.assertIn("renew", said)


class Brokers(ExchangeCase):
    agencies = ("jp-npa", "th-rtp")

    def test_broker_addresses_are_tried_in_turn(self):
        config = self.exchange.folder / "jp-npa.toml"
        dead = "tcp://127.0.0.1:9"
        text = config.read_text()
        self.assertIn(f'"{self.broker.endpoint}"', text)
        config.write_text(text.replace(f'"{self.broker.endpoint}"', f'"{dead}", "{self.broker.endpoint}"'))
        japan, _ = self.start()
        self.assertEqual(japan.status()["broker"], self.broker.endpoint)

    def test_without_a_broker_the_node_says_so_keeps_working_and_says_what_to_check(self):
        japan, thailand = self.start()
        self.assertEqual(self.broker.stop(), 0)
        wait_for("the node to notice", lambda: not japan.status()["connected"])
        check = next(c for c in japan.api("GET", "/v1/doctor")["checks"] if c["name"] == "broker")
        self.assertFalse(check["ok"])
        self.assertIn("sampan-broker", check["remedy"])
        sent = japan.publish(briefing("Later", ["th-rtp"]))["message_id"]
        done = harness.sampan("--node", japan.socket, "outbox")
        self.assertIn("waiting", done.stdout.decode())
        self.broker.start()
        self.assertEqual(thailand.wait_inbox(sent)["title"], "Later")

    def test_a_node_that_does_not_run_is_named_with_its_exit_code(self):
        japan = self.nodes["jp-npa"]
        done = harness.sampan("--node", japan.socket, "inbox", check=False)
        self.assertEqual(done.returncode, 5)
        self.assertIn(str(japan.socket), done.stderr.decode())


if __name__ == "__main__":
    unittest.main(verbosity=2)
