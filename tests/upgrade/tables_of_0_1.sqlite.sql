-- As release 0.1 made its tables, with rows that it wrote. Frozen: never edit this.
CREATE TABLE IF NOT EXISTS message ("seq" INTEGER PRIMARY KEY AUTOINCREMENT, "id" TEXT NOT NULL, "destination" TEXT NOT NULL, "headers" TEXT NOT NULL, "payload" TEXT NOT NULL, "published" INTEGER DEFAULT 0, "message_partition" INTEGER, "creation_time" INTEGER);
CREATE TABLE IF NOT EXISTS received_messages ("consumer_id" TEXT, "message_id" TEXT, "creation_time" INTEGER, "published" INTEGER DEFAULT 0, PRIMARY KEY (consumer_id, message_id));
CREATE TABLE IF NOT EXISTS tram_held_key ("subscriber_id" TEXT NOT NULL, "channel" TEXT NOT NULL, "message_key" TEXT NOT NULL, "held_count" INTEGER NOT NULL, "retry_requested" INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (subscriber_id, channel, message_key));
CREATE TABLE IF NOT EXISTS tram_held_message ("sequence" INTEGER PRIMARY KEY AUTOINCREMENT, "subscriber_id" TEXT NOT NULL, "channel" TEXT NOT NULL, "message_key" TEXT NOT NULL, "message_id" TEXT NOT NULL, "partition" INTEGER NOT NULL, "position" INTEGER NOT NULL, "headers" TEXT NOT NULL, "payload" TEXT NOT NULL, "reason" TEXT NOT NULL, "attempts" INTEGER NOT NULL, "held_at" INTEGER NOT NULL, UNIQUE (subscriber_id, message_id));
CREATE INDEX IF NOT EXISTS tram_held_message_idx ON tram_held_message (subscriber_id, channel, message_key, sequence);
CREATE TABLE IF NOT EXISTS tram_relay_position ("relay" TEXT NOT NULL PRIMARY KEY, "position" INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS tram_relay_held ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "relay" TEXT NOT NULL, "row_id" TEXT NOT NULL, "database_id" INTEGER, "destination" TEXT NOT NULL, "message_key" TEXT, "headers" TEXT, "payload" TEXT, "reason" TEXT NOT NULL, "held_at" INTEGER NOT NULL, "retry_requested" INTEGER NOT NULL DEFAULT 0, UNIQUE (relay, row_id));
CREATE INDEX IF NOT EXISTS tram_relay_held_idx ON tram_relay_held (relay, destination, message_key, id);
CREATE TABLE IF NOT EXISTS tram_schema ("version" INTEGER NOT NULL, "installed_at" INTEGER NOT NULL);
INSERT INTO tram_schema (version, installed_at) VALUES (1, 1763000000000);

INSERT INTO tram_relay_held (relay, row_id, database_id, destination, message_key, headers, payload, reason, held_at) VALUES
  ('relay', 'a1', NULL, 'orders', 'a', '{"ID":"a1"}', NULL, 'the row has no payload', 1763000000001),
  ('relay', 'a2', NULL, 'orders', 'a', '{"ID":"a2"}', '{}', 'behind an earlier message of its key', 1763000000002),
  ('relay', 'b1', NULL, 'orders', 'b', '{"ID":"b1"}', '{}', 'refused: it was behind an earlier message of its key', 1763000000003);

INSERT INTO tram_held_key (subscriber_id, channel, message_key, held_count) VALUES ('billing', 'orders', '7', 3);
INSERT INTO tram_held_message (subscriber_id, channel, message_key, message_id, "partition", "position", headers, payload, reason, attempts, held_at) VALUES
  ('billing', 'orders', '7', 'm1', 0, 1, '{"ID":"m1"}', '{}', 'no such customer', 4, 1763000000001),
  ('billing', 'orders', '7', 'm2', 0, 2, '{"ID":"m2"}', '{}', 'held behind an earlier message of its key', 0, 1763000000002),
  ('billing', 'orders', '7', 'm3', 0, 3, '{}', '/w==', 'the payload is no text and stands here in Base64; held behind an earlier message of its key', 0, 1763000000003);
