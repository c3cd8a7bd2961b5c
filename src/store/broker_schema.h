// The tables of the broker's database. What each row means, and when it comes and goes: STATES.md.
#pragma once

#include <cstdint>

namespace sampan {

inline constexpr std::int32_t k_broker_application_id = 0x53504252;  // "SPBR"
inline constexpr std::int32_t k_broker_version = 2;

// Rows are written in the order of their keys wherever the load is heavy, so that a commit touches few pages:
// submissions are keyed by a running number (the ids are looked up in memory), mailboxes are kept in chunks.
inline constexpr const char* k_broker_schema = R"sql(
CREATE TABLE head(
  one INTEGER PRIMARY KEY CHECK(one = 1), size INTEGER NOT NULL, root BLOB NOT NULL, checkpoint TEXT NOT NULL,
  running INTEGER NOT NULL);
INSERT INTO head VALUES(1, 0, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '', 0);
CREATE TABLE agencies(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE entries(leaf INTEGER PRIMARY KEY, entry BLOB NOT NULL, record BLOB NOT NULL);
CREATE TABLE tiles(
  level INTEGER NOT NULL, tile INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY(level, tile)) WITHOUT ROWID;
CREATE TABLE bodies(leaf INTEGER PRIMARY KEY, stanzas BLOB NOT NULL, body BLOB NOT NULL);
CREATE TABLE mailboxes(
  agency INTEGER NOT NULL, chunk INTEGER NOT NULL, leaves BLOB NOT NULL,
  PRIMARY KEY(agency, chunk)) WITHOUT ROWID;
CREATE TABLE answers(counter INTEGER PRIMARY KEY, time_s INTEGER NOT NULL, list BLOB NOT NULL);
CREATE TABLE submissions(
  number INTEGER PRIMARY KEY, sender INTEGER NOT NULL, message_id BLOB NOT NULL, subject BLOB NOT NULL,
  answer INTEGER NOT NULL, item INTEGER NOT NULL);
CREATE TABLE notices(
  sender INTEGER NOT NULL, leaf INTEGER NOT NULL, keep BLOB NOT NULL, PRIMARY KEY(sender, leaf)) WITHOUT ROWID;
CREATE TABLE statements(
  agency INTEGER NOT NULL, type INTEGER NOT NULL, counter INTEGER NOT NULL, leaf INTEGER NOT NULL,
  time_s INTEGER NOT NULL, PRIMARY KEY(agency, type, counter)) WITHOUT ROWID;
CREATE TABLE outcome_lists(
  agency INTEGER NOT NULL, counter INTEGER NOT NULL, leaf INTEGER NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY(agency, counter)) WITHOUT ROWID;
CREATE TABLE epochs(epoch INTEGER PRIMARY KEY, leaf INTEGER NOT NULL);
CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE witnessed(one INTEGER PRIMARY KEY CHECK(one = 1), note TEXT NOT NULL);
CREATE TABLE pending(
  sender INTEGER NOT NULL, message_id BLOB NOT NULL, since_ms INTEGER NOT NULL, seal BLOB NOT NULL,
  signature BLOB NOT NULL, stanzas BLOB NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY(sender, message_id)) WITHOUT ROWID;
CREATE TABLE part_frames(
  part BLOB NOT NULL, frame INTEGER NOT NULL, leaf BLOB NOT NULL, PRIMARY KEY(part, frame)) WITHOUT ROWID;
CREATE TABLE part_uses(part BLOB NOT NULL, leaf INTEGER NOT NULL, PRIMARY KEY(part, leaf)) WITHOUT ROWID;
CREATE INDEX part_uses_by_leaf ON part_uses(leaf);
)sql";

}  // namespace sampan
