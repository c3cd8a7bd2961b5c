"""An agency's keys and statements, made outside the product: PROTOCOL.md section 5."""

import base64
import datetime
import os
import textwrap
import time

import zmq
import zmq.utils.z85
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from primitives import H, SigningKey, X25519Key
from schema import Schema

SCHEMA = Schema()
DAY_MS = 86_400_000


def now_ms():
    return time.time_ns() // 1_000_000


def new_curve_pair():
    public, secret = zmq.curve_keypair()
    return zmq.utils.z85.decode(public), zmq.utils.z85.decode(secret)


class Agency:
    """Root, node, transport and witness keys, certificates and a prekey chain."""

    def __init__(self, exchange, agency):
        self.exchange, self.agency = exchange, agency
        self.root, self.node, self.witness = SigningKey(), SigningKey(), SigningKey()
        self.curve_public, self.curve_secret = new_curve_pair()
        self.root_certificate = self._root_certificate()
        self.certificate = self._node_certificate(self.node)
        self.prekeys = []
        self.bundles = []
        self.descriptors = [self._descriptor(1)]

    # --- certificates

    def _name(self, *common):
        return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, self.exchange),
                          x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, self.agency)] +
                         [x509.NameAttribute(NameOID.COMMON_NAME, c) for c in common])

    def _build(self, subject, public_key, days):
        now = datetime.datetime.utcnow().replace(microsecond=0)
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self._name()).public_key(public_key)
                .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(minutes=1))
                .not_valid_after(now + datetime.timedelta(days=days)))

    def _root_certificate(self):
        key = Ed25519PrivateKey.from_private_bytes(self.root.seed)
        limits = x509.NameConstraints([x509.UniformResourceIdentifier(f"{self.agency}.{self.exchange}"),
                                       x509.DirectoryName(self._name())], None)
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        built = (self._build(self._name(), key.public_key(), 3650)
                 .add_extension(x509.BasicConstraints(True, 0), True)
                 .add_extension(key_usage("key_cert_sign", "crl_sign"), True)
                 .add_extension(limits, True).add_extension(identifier, False)
                 .add_extension(x509.AuthorityKeyIdentifier(identifier.digest, None, None), False))
        return built.sign(key, None).public_bytes(Encoding.DER)

    def _node_certificate(self, node, uri=None):
        root = Ed25519PrivateKey.from_private_bytes(self.root.seed)
        public = Ed25519PrivateKey.from_private_bytes(node.seed).public_key()
        uri = uri or f"sampan://{self.agency}.{self.exchange}/node"
        issuer = x509.SubjectKeyIdentifier.from_public_key(root.public_key())
        built = (self._build(self._name("node"), public, 90)
                 .add_extension(x509.BasicConstraints(False, None), True)
                 .add_extension(key_usage("digital_signature"), True)
                 .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), False)
                 .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
                 .add_extension(x509.AuthorityKeyIdentifier(issuer.digest, None, None), False))
        return built.sign(root, None).public_bytes(Encoding.DER)

    # --- statements

    def _descriptor(self, counter):
        created = now_ms()
        statement = SCHEMA.encode("Descriptor", {
            "exchange": self.exchange, "agency": self.agency, "counter": counter, "certificate": self.certificate,
            "curve_key": self.curve_public, "witness_key": self.witness.public, "prekey_counter": len(self.bundles),
            "version_low": 1, "version_high": 1, "suites": [1], "issued_ms": created, "expires_ms": created + 30 * DAY_MS})
        return statement, self.node.sign(b"sampan/1 descriptor\n", statement)

    def next_bundle(self, key=None):
        """A new prekey, first in a bundle that names the bundle before it."""
        self.prekeys.insert(0, key or X25519Key())
        created = now_ms()
        statement = SCHEMA.encode("PrekeyBundle", {
            "exchange": self.exchange, "agency": self.agency, "counter": len(self.bundles) + 1,
            "previous": H(self.bundles[-1][0]) if self.bundles else None, "keys": [self.prekeys[0].public],
            "issued_ms": created, "expires_ms": created + 14 * DAY_MS})
        self.bundles.append((statement, self.node.sign(b"sampan/1 prekeys\n", statement)))
        return self.bundles[-1]

    def joining_request(self, country="SG", kind=1):
        statement, signature = self.descriptors[0]
        request = SCHEMA.encode("JoiningRequest", {
            "exchange": self.exchange, "agency": self.agency, "names": [{"language": "en", "name": f"Agency {self.agency}"}],
            "country": country, "kind": kind, "root_certificate": self.root_certificate, "first_descriptor": statement,
            "descriptor_signature": signature, "created_ms": now_ms()})
        signed = SCHEMA.encode("SignedJoiningRequest", {
            "request": request, "root_signature": self.root.sign(b"sampan/1 joining\n", request),
            "node_signature": self.node.sign(b"sampan/1 joining\n", request)})
        armoured = "\n".join(textwrap.wrap(base64.b64encode(signed).decode(), 64))
        return f"-----BEGIN SAMPAN JOINING REQUEST-----\n{armoured}\n-----END SAMPAN JOINING REQUEST-----\n"


def key_usage(*set_bits):
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{n: n in set_bits for n in names})


def certificate_key(der):
    return x509.load_der_x509_certificate(der).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def certificate_is_of(der, root_der, agency, exchange):
    """Signed by the pinned root, and for exactly this agency."""
    certificate, root = x509.load_der_x509_certificate(der), x509.load_der_x509_certificate(root_der)
    root.public_key().verify(certificate.signature, certificate.tbs_certificate_bytes)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [n.value for n in names] == [f"sampan://{agency}.{exchange}/node"]


def random_id():
    return os.urandom(16)
