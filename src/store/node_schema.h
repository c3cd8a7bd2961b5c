// The node store's tables. STATES.md tells what moves between them.
#pragma once

namespace sampan {

inline constexpr char k_node_schema[] = R"sql(
CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE epochs(number INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE peers(
  agency TEXT PRIMARY KEY, descriptor BLOB, descriptor_signature BLOB, bundle BLOB, bundle_signature BLOB,
  bundle_index INTEGER NOT NULL, bundle_time_s INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE certificates(hash BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE own_statements(
  kind INTEGER NOT NULL, counter INTEGER NOT NULL, bytes BLOB NOT NULL, signature BLOB NOT NULL,
  PRIMARY KEY(kind, counter)) WITHOUT ROWID;
CREATE TABLE prekeys(id BLOB PRIMARY KEY, counter INTEGER NOT NULL, created INTEGER NOT NULL, sealed BLOB NOT NULL)
  WITHOUT ROWID;
CREATE TABLE pairs(agency TEXT PRIMARY KEY, chain BLOB NOT NULL, sequence INTEGER NOT NULL, previous BLOB NOT NULL)
  WITHOUT ROWID;
CREATE TABLE outbox(
  message_id BLOB PRIMARY KEY, subject BLOB NOT NULL UNIQUE, state INTEGER NOT NULL, precedence INTEGER NOT NULL,
  created INTEGER NOT NULL, seal BLOB NOT NULL, signature BLOB NOT NULL, stanzas BLOB NOT NULL, body BLOB NOT NULL,
  record BLOB NOT NULL, reason TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '',
  answer BLOB NOT NULL DEFAULT x'', leaf_index INTEGER, leaf_time_s INTEGER NOT NULL DEFAULT 0,
  proof_verified INTEGER NOT NULL DEFAULT 0, outcome_leaf INTEGER NOT NULL DEFAULT 0,
  sealed INTEGER NOT NULL DEFAULT 1);
CREATE INDEX outbox_sealed ON outbox(outcome_leaf) WHERE state = 4 AND sealed = 1;
CREATE INDEX outbox_unanswered ON outbox(precedence, created) WHERE state <= 2;
CREATE INDEX outbox_state ON outbox(state);
CREATE INDEX outbox_created ON outbox(created);
CREATE INDEX outbox_unproven ON outbox(leaf_index) WHERE proof_verified = 0 AND leaf_index IS NOT NULL;
CREATE TABLE outbox_recipients(
  subject BLOB NOT NULL, agency TEXT NOT NULL, code INTEGER, reason TEXT NOT NULL DEFAULT '', time INTEGER NOT NULL DEFAULT 0,
  evidence BLOB NOT NULL DEFAULT x'', PRIMARY KEY(subject, agency)) WITHOUT ROWID;
CREATE TABLE lost_copies(message_id BLOB NOT NULL, agency TEXT NOT NULL, PRIMARY KEY(message_id, agency)) WITHOUT ROWID;
CREATE TABLE outbox_parts(
  message_id BLOB NOT NULL, part INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, leaves BLOB NOT NULL,
  file TEXT NOT NULL, PRIMARY KEY(message_id, part)) WITHOUT ROWID;
CREATE TABLE uploads(
  id TEXT PRIMARY KEY, created INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, leaves BLOB NOT NULL,
  file TEXT NOT NULL, record BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE inbox(
  sender TEXT NOT NULL, message_id BLOB NOT NULL, subject BLOB NOT NULL UNIQUE, state INTEGER NOT NULL,
  received INTEGER NOT NULL, seal BLOB NOT NULL, signature BLOB NOT NULL, leaf_index INTEGER NOT NULL,
  leaf_time_s INTEGER NOT NULL, record BLOB NOT NULL, document_id BLOB NOT NULL, revision INTEGER NOT NULL,
  document_hash BLOB NOT NULL, chain BLOB NOT NULL, sequence INTEGER NOT NULL, previous BLOB NOT NULL,
  shown INTEGER NOT NULL, read INTEGER NOT NULL DEFAULT 0, proof_verified INTEGER NOT NULL DEFAULT 0,
  ended INTEGER NOT NULL DEFAULT 0);
CREATE INDEX inbox_received ON inbox(received);
CREATE INDEX inbox_document ON inbox(sender, document_id, revision);
CREATE INDEX inbox_unproven ON inbox(leaf_index) WHERE proof_verified = 0;
CREATE INDEX inbox_message ON inbox(message_id);
CREATE INDEX inbox_unread ON inbox(read) WHERE state = 2 AND shown = 1;
CREATE TABLE replay(sender TEXT NOT NULL, message_id BLOB NOT NULL, PRIMARY KEY(sender, message_id)) WITHOUT ROWID;
CREATE TABLE arriving_parts(
  subject BLOB NOT NULL, part INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, frames_held INTEGER NOT NULL,
  file TEXT NOT NULL, PRIMARY KEY(subject, part)) WITHOUT ROWID;
CREATE TABLE pending_outcomes(position INTEGER PRIMARY KEY AUTOINCREMENT, item BLOB NOT NULL, urgent INTEGER NOT NULL);
CREATE TABLE officers(id TEXT PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE desk(id BLOB PRIMARY KEY, owner TEXT NOT NULL, kind INTEGER NOT NULL, changed INTEGER NOT NULL, record BLOB NOT NULL)
  WITHOUT ROWID;
CREATE TABLE releases(
  id BLOB PRIMARY KEY, kind INTEGER NOT NULL, state INTEGER NOT NULL, created INTEGER NOT NULL, author TEXT NOT NULL,
  author_name TEXT NOT NULL, label BLOB NOT NULL, record BLOB NOT NULL, reason TEXT NOT NULL, decided INTEGER NOT NULL DEFAULT 0,
  decided_by TEXT NOT NULL DEFAULT '', finding TEXT NOT NULL DEFAULT '', message_id BLOB) WITHOUT ROWID;
CREATE TABLE release_uploads(
  release BLOB NOT NULL, place INTEGER NOT NULL, upload TEXT NOT NULL, PRIMARY KEY(release, place)) WITHOUT ROWID;
CREATE TABLE notices(position INTEGER PRIMARY KEY AUTOINCREMENT, agency TEXT NOT NULL, record BLOB NOT NULL);
CREATE TABLE journal(position INTEGER PRIMARY KEY, entry BLOB NOT NULL, record BLOB NOT NULL);
CREATE TABLE outcome_lists(counter INTEGER PRIMARY KEY, list BLOB NOT NULL, leaf_index INTEGER);
)sql";

}  // namespace sampan
