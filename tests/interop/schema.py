"""The protobuf of PROTOCOL.md section 2, read from the .proto files that are part of that page. No generated code.

A message is a dict of field name to value; an enum value is its name; what is absent is not in the dict. The decoder
is strict: what it reads, it could have written, byte for byte.
"""

import pathlib
import re

PROTOCOL = pathlib.Path(__file__).resolve().parents[2] / "src" / "wire"
VARINTS = ("uint32", "uint64", "int64", "bool")


class Malformed(Exception):
    """Bytes that PROTOCOL.md section 2 does not accept."""


class Field:
    def __init__(self, number, name, kind, repeated, oneof):
        self.number, self.name, self.kind, self.repeated, self.oneof = number, name, kind, repeated, oneof


class Schema:
    def __init__(self, folder=PROTOCOL):
        self.messages, self.enums = {}, {}
        for path in sorted(folder.glob("*.proto")):
            self._read(re.sub(r"//[^\n]*", "", path.read_text()))

    def _read(self, text):
        for kind, name, body in re.findall(r"\b(message|enum)\s+(\w+)\s*\{((?:[^{}]|\{[^{}]*\})*)\}", text):
            if kind == "enum":
                self.enums[name] = {key: int(value) for key, value in re.findall(r"(\w+)\s*=\s*(\d+)\s*;", body)}
                continue
            oneofs = re.findall(r"oneof\s+\w+\s*\{([^{}]*)\}", body)
            plain = re.sub(r"oneof\s+\w+\s*\{[^{}]*\}", "", body)
            fields = {}
            for source, oneof in [(plain, False)] + [(o, True) for o in oneofs]:
                for repeated, type_name, field, number in re.findall(r"(repeated\s+)?(\w+)\s+(\w+)\s*=\s*(\d+)\s*;", source):
                    fields[int(number)] = Field(int(number), field, type_name, bool(repeated), oneof)
            self.messages[name] = fields

    # --- writing

    def encode(self, message, value):
        fields = {f.name: f for f in self.messages[message].values()}
        unknown = set(value) - set(fields)
        if unknown:
            raise KeyError(f"{message} has no {unknown}")
        out = bytearray()
        for field in sorted(fields.values(), key=lambda f: f.number):
            if field.name not in value or value[field.name] is None:
                continue
            given = value[field.name]
            if field.repeated and self._is_varint(field.kind):
                if given:
                    packed = b"".join(varint(self._number(field.kind, v)) for v in given)
                    out += varint(field.number << 3 | 2) + varint(len(packed)) + packed
            elif field.repeated:
                for element in given:
                    out += self._one(field, element)
            elif field.oneof or field.kind in self.messages or self._is_set(field.kind, given):
                out += self._one(field, given)
        return bytes(out)

    def _is_varint(self, kind):
        return kind in VARINTS or kind in self.enums

    def _number(self, kind, value):
        if kind in self.enums:
            return self.enums[kind][value] if isinstance(value, str) else value
        return int(value) & 0xFFFFFFFFFFFFFFFF

    def _is_set(self, kind, value):
        return self._number(kind, value) != 0 if self._is_varint(kind) else len(value) != 0

    def _one(self, field, value):
        if self._is_varint(field.kind):
            return varint(field.number << 3) + varint(self._number(field.kind, value))
        if field.kind == "string":
            data = value.encode()
        elif field.kind == "bytes":
            data = bytes(value)
        else:
            data = self.encode(field.kind, value)
        return varint(field.number << 3 | 2) + varint(len(data)) + data

    # --- reading

    def decode(self, message, data):
        value = self._decode(message, bytes(data))
        if self.encode(message, value) != bytes(data):
            raise Malformed(f"{message}: not the one accepted form")
        return value

    def _decode(self, message, data):
        fields, value, at, last = self.messages[message], {}, 0, 0
        while at < len(data):
            tag, at = read_varint(data, at)
            field = fields.get(tag >> 3)
            if field is None or field.number < last:
                raise Malformed(f"{message}: field {tag >> 3} unknown or out of order")
            last = field.number
            if tag & 7 == 0:
                number, at = read_varint(data, at)
                value[field.name] = self._value(field.kind, number)
                continue
            if tag & 7 != 2:
                raise Malformed(f"{message}.{field.name}: wire type {tag & 7}")
            size, at = read_varint(data, at)
            if size > len(data) - at:
                raise Malformed(f"{message}.{field.name}: longer than its message")
            piece, at = data[at:at + size], at + size
            if field.repeated and self._is_varint(field.kind):
                value[field.name] = self._packed(field.kind, piece)
                continue
            element = self._bytes(field.kind, piece)
            if field.repeated:
                value.setdefault(field.name, []).append(element)
            elif field.name in value:
                raise Malformed(f"{message}.{field.name}: twice")
            else:
                value[field.name] = element
        return value

    def _packed(self, kind, piece):
        out, at = [], 0
        while at < len(piece):
            number, at = read_varint(piece, at)
            out.append(self._value(kind, number))
        return out

    def _value(self, kind, number):
        if kind in self.enums:
            for name, known in self.enums[kind].items():
                if known == number and number != 0:
                    return name
            raise Malformed(f"{kind}: unknown value {number}")
        if kind == "bool":
            return bool(number)
        if kind == "int64" and number >= 1 << 63:
            return number - (1 << 64)
        return number

    def _bytes(self, kind, piece):
        if kind == "bytes":
            return piece
        if kind == "string":
            return piece.decode()
        return self._decode(kind, piece)


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data, at):
    number = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Malformed("a varint without an end")
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at
