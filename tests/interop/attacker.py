"""One hostile act in a process of its own: the order as JSON on standard input, what was done as JSON on standard output."""

import json
import socket
import sys
import time

import zmq
import zmq.utils.z85

from schema import Schema

SCHEMA = Schema()


def dealer(order, context):
    out = context.socket(zmq.DEALER)
    out.linger = 0
    out.sndhwm = 50
    z85 = zmq.utils.z85.encode
    out.curve_publickey, out.curve_secretkey = z85(bytes.fromhex(order["public"])), z85(bytes.fromhex(order["secret"]))
    out.curve_serverkey = z85(bytes.fromhex(order["server"]))
    out.connect(order["endpoint"])
    return out


def packet(name, **value):
    return SCHEMA.encode("Frame", {"packets": [{name: value}]})


def hello(order):
    return packet("hello", version_low=1, version_high=1, role="node", agency=order["agency"], epoch=1, software="flood", suites=[1])


def send_until(order, sock, next_message, flags=0):
    """As fast as the connection takes them; the time it does not is counted, too."""
    until, sent, refused = time.monotonic() + order["seconds"], 0, 0
    while time.monotonic() < until:
        try:
            sock.send(next_message(sent), zmq.DONTWAIT | flags)
            sent += 1
        except zmq.Again:
            refused += 1
            time.sleep(0.001)
    return {"sent": sent, "refused": refused}


def endless_multipart(order, context):
    part = b"x" * 65536
    return send_until(order, dealer(order, context), lambda _: part, zmq.SNDMORE)


def flood_garbage(order, context):
    """Frames that are no protobuf: each ends its session, and the next frame begins another."""
    return send_until(order, dealer(order, context), lambda i: b"\xff" * 512)


def flood_hellos(order, context):
    frame = hello(order)
    return send_until(order, dealer(order, context), lambda _: frame)


def flood_large(order, context):
    frame = b"\x0a" + bytes(600_000)
    return send_until(order, dealer(order, context), lambda _: frame)


def reconnect_storm(order, context):
    """Connects, greets and hangs up, again and again."""
    until, made = time.monotonic() + order["seconds"], 0
    while time.monotonic() < until:
        sock = dealer(order, context)
        sock.send(hello(order))
        sock.poll(50)
        sock.close(linger=0)
        made += 1
    return {"made": made}


def never_reads(order, context):
    """Greets, proves nothing, asks on, and never takes a byte from its socket."""
    raw = dealer(order, context)
    raw.rcvhwm = 1
    return send_until(order, raw, lambda i: hello(order))


def silent_connections(order, context):
    host, port = order["endpoint"].removeprefix("tcp://").rsplit(":", 1)
    held = []
    until = time.monotonic() + order["seconds"]
    refused = 0
    while time.monotonic() < until:
        if len(held) < order["count"]:
            try:
                held.append(socket.create_connection((host, int(port)), timeout=2))
            except OSError:
                refused += 1
                time.sleep(0.01)
        else:
            time.sleep(0.05)
    return {"held": len(held), "refused": refused}


def main():
    order = json.load(sys.stdin)
    context = zmq.Context()
    report = globals()[order["kind"]](order, context)
    context.destroy(linger=0)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
