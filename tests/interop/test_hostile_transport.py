"""Hostile at the door: greetings, handshakes, frames, floods. The gate names who did it, and nobody else waits."""

import socket
import time
import unittest

import zmq

from client import Refused
from identity import SCHEMA, new_curve_pair
from rig import HONEST, HOSTILE, HostileCase, packet_bytes, wait_for

ZMTP_GREETING = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x01"


class Door(HostileCase):
    """Without a session, or without any key at all."""

    def raw(self):
        host, port = self.rig.broker.endpoint.removeprefix("tcp://").rsplit(":", 1)
        sock = socket.create_connection((host, int(port)), timeout=10)
        self.addCleanup(sock.close)
        return sock

    def assert_hung_up(self, sock, patience_s=9):
        sock.settimeout(patience_s)
        try:
            while sock.recv(4096):
                pass
        except ConnectionResetError:
            pass

    def test_an_unknown_key_gets_no_word_and_is_counted(self):
        before = self.rig.metric("sampan_gate_refused_handshakes_total")
        client = self.connect(keys=new_curve_pair())
        client.hello()
        self.assertEqual(client.line.receive(1), [])
        wait_for("the refusal to be counted",
                 lambda: self.rig.metric("sampan_gate_refused_handshakes_total") > before)
        # The known key is answered: it was the key.
        known = self.connect()
        known.hello()
        known.expect("challenge")

    def test_wrong_greetings_are_hung_up_on(self):
        null = ZMTP_GREETING + b"NULL".ljust(20, b"\0") + bytes(32)
        plain = ZMTP_GREETING + b"PLAIN".ljust(20, b"\0") + bytes(32)
        garbage = b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n" * 4
        curve_then_garbage = ZMTP_GREETING + b"CURVE".ljust(20, b"\0") + bytes(32) + b"\x04\xc8" + bytes(200)
        for greeting in (null, plain, garbage, curve_then_garbage):
            sock = self.raw()
            sock.sendall(greeting)
            self.assert_hung_up(sock)

    def test_half_open_and_slow_handshakes_end_after_five_seconds(self):
        silent, slow = self.raw(), self.raw()
        began = time.monotonic()
        greeting = ZMTP_GREETING + b"CURVE".ljust(20, b"\0") + bytes(32)
        try:
            for byte in greeting[:12]:
                slow.sendall(bytes([byte]))
                time.sleep(0.3)
        except OSError:
            pass
        for sock in (silent, slow):
            self.assert_hung_up(sock)
        self.assertLess(time.monotonic() - began, 12)

    def test_silence_after_the_handshake_ends_the_connection(self):
        before = self.rig.metric("sampan_gate_dropped_peers_total")
        client = self.connect()
        wait_for("the gate to drop it", lambda: self.rig.metric("sampan_gate_dropped_peers_total") > before, 15)
        self.assertTrue(any(e["name"] == "no_hello" for e in self.rig.events("gate_event")))
        client.close()
        self.clients.remove(client)

    def test_many_silent_connections_keep_nobody_out(self):
        report = self.attack("silent_connections", 3, count=600)
        self.assertGreater(report["held"], 100)
        other = self.connect()
        other.hello()
        other.expect("challenge")


class Frames(HostileCase):
    """With a member's key, against the frame rules."""

    def assert_dropped(self, name, act):
        before = self.rig.metric("sampan_gate_dropped_peers_total")
        client = self.connect()
        client.hello()
        client.expect("challenge")
        act(client.line.socket)
        self.assert_gate_event(name)
        self.assertGreater(self.rig.metric("sampan_gate_dropped_peers_total"), before - 1)
        client.close()
        self.clients.remove(client)

    def test_a_message_of_two_parts_is_named_and_ends_the_connection(self):
        self.assert_dropped("multipart", lambda s: s.send_multipart([b"one", b"two"]))

    def test_a_frame_above_640_kib_is_named_and_ends_the_connection(self):
        self.assert_dropped("oversized", lambda s: s.send(bytes((640 << 10) + 1)))

    def test_a_message_above_one_mib_never_gets_in(self):
        client = self.connect()
        client.hello()
        client.expect("challenge")
        before = self.rig.metric("sampan_gate_frames_in_total")
        client.line.socket.send(bytes((1 << 20) + 1))
        time.sleep(0.5)
        self.rig.round_trip()
        self.assertLess(self.rig.metric("sampan_gate_frames_in_total") - before, 50)

    def test_a_squatted_routing_id_is_named_and_gets_no_word(self):
        agency = self.rig.agencies[HOSTILE]
        client = self.connect()
        client.close()
        self.clients.remove(client)
        context = zmq.Context()
        sock = context.socket(zmq.DEALER)
        sock.linger = 0
        sock.routing_id = b"my-pdrm"
        z85 = zmq.utils.z85.encode
        sock.curve_publickey, sock.curve_secretkey = z85(agency.curve_public), z85(agency.curve_secret)
        sock.curve_serverkey = z85(self.rig.exchange.broker_curve_bytes())
        sock.connect(self.rig.broker.endpoint)
        sock.send(packet_bytes("hello", version_low=1, version_high=1, role="node", agency=HOSTILE, software="x", suites=[1]))
        got = sock.poll(1500)
        sock.close(linger=0)
        context.term()
        self.assertEqual(got, 0)
        wait_for("the gate to name it", lambda: any(
            e["name"] == "squatted_routing_id" for e in self.rig.events("gate_event")))

    def test_bytes_that_are_no_frame_end_the_session_by_name(self):
        good = packet_bytes("ping", token=1)
        two = SCHEMA.encode("Frame", {"packets": [{"ping": {"token": 1}}] * 65})
        cases = {"empty": b"", "garbage": b"\xff" * 64, "cut short": good[:-1], "one byte more": good + b"\0",
                 "65 packets": two, "unknown packet": b"\x0a\x03\xfa\x07\x00", "unknown field": b"\x12\x01\x01",
                 "not minimal": b"\x0a\x84\x00" + good[2:], "a default written out": b"\x0a\x04\x7a\x02\x08\x00",
                 "a packet of nothing": b"\x0a\x00", "a broker's packet": packet_bytes("pong", token=1)}
        for what, frame in cases.items():
            with self.subTest(what):
                client = self.session()
                client.line.socket.send(frame)
                self.assert_ended(client, "not_permitted" if what == "a broker's packet" else "bad_packet")

    def test_a_seventeenth_connection_of_one_agency_ends_its_oldest(self):
        clients = []
        for _ in range(17):
            client = self.connect()
            client.hello()
            client.expect("challenge")
            clients.append(client)
        self.assertEqual(clients[0].line.receive(0.2), [])
        self.assertLessEqual(self.rig.metric("sampan_gate_connections"), 16 + 3)


class Floods(HostileCase):
    """One member does all it can for some seconds. The others keep their pace."""

    def test_endless_parts_do_not_grow_the_gate_and_the_member_is_named(self):
        self.attack("endless_multipart", 3)
        names = {e["name"] for e in self.rig.events("gate_event")}
        self.assertTrue({"multipart", "memory_excess"} & names, names)

    def test_a_flood_of_garbage(self):
        self.assertGreater(self.attack("flood_garbage", 3)["sent"], 100)

    def test_a_flood_of_large_frames(self):
        self.assertGreater(self.attack("flood_large", 3)["sent"], 10)

    def test_a_flood_of_greetings_by_one_that_never_reads(self):
        self.assertGreater(self.attack("never_reads", 3)["sent"], 100)

    def test_a_storm_of_connections(self):
        self.assertGreater(self.attack("reconnect_storm", 3)["made"], 10)

    def test_a_reader_that_never_reads_costs_its_own_place_alone(self):
        client = self.session()

        def ask_and_never_read():
            for _ in range(200):
                try:
                    client.line.socket.send(SCHEMA.encode("Frame", {"packets": [
                        {"fetch_entries": {"count": 4096}}] * 16}), zmq.DONTWAIT)
                except zmq.Again:
                    time.sleep(0.002)
            return self.rig.round_trips(40)

        self.assert_pace(ask_and_never_read)


class Revoked(HostileCase):
    def test_revocation_ends_a_live_session_by_name_within_five_seconds(self):
        client = self.session()
        began = time.monotonic()
        self.rig.exchange.authority("suspend", HOSTILE)
        with self.assertRaises(Refused) as refused:
            while True:
                client.await_packet("nothing else", patience_s=10)
        self.assertEqual((refused.exception.name, refused.exception.final), ("member_suspended", True))
        self.assertLess(time.monotonic() - began, 5)
        # And it does not come in again.
        again = self.connect()
        again.hello()
        self.assertEqual(again.line.receive(1), [])
        # Where the honest one does.
        honest = self.connect(HONEST)
        honest.hello()
        honest.expect("challenge")


if __name__ == "__main__":
    unittest.main(verbosity=2)
