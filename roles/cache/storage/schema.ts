/**
 * The tables of the cache's database, as the steps that lead to them. A step
 * that was released is never changed: databases out there have taken it.
 *
 * @module
 */

const FIRST = `
CREATE TABLE nar (
  file TEXT PRIMARY KEY,
  file_size INTEGER NOT NULL,
  nar_hash TEXT NOT NULL,
  nar_size INTEGER NOT NULL,
  stored_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE path (
  hash TEXT PRIMARY KEY,
  base TEXT NOT NULL,
  file TEXT NOT NULL,
  nar_size INTEGER NOT NULL,
  text TEXT NOT NULL,
  stored_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX path_by_file ON path (file);
CREATE TABLE reference (
  hash TEXT NOT NULL,
  reference TEXT NOT NULL,
  PRIMARY KEY (hash, reference)
) STRICT, WITHOUT ROWID;
CREATE INDEX reference_by_reference ON reference (reference);
CREATE TABLE object (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  body BLOB NOT NULL,
  stored_at_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT;
`;

/**
 * What garbage collection and repair go by.
 *
 * - `path.used_at_ms`: when it was last asked for or stored, to some minutes;
 *   0 for what was stored before this column was.
 * - `path.stored_by`: the token's name; `upstream URL` for what was pulled.
 * - `pin`: what people keep; the name is theirs.
 * - `root`: what others keep, as they last told: `master`, `generation 41 of shop`.
 * - `offer`: which source's path a nar is of that clients were told of.
 * - `root_source`: when each of them was last read, also when it kept nothing.
 * - `collection`: what the last collections came to, as JSON.
 * - `damage`: what a repair took out, and why; its file is in `quarantine/`.
 * - `signing_key`: how far each public key has signed what was stored before it.
 * - `total`: how much there is, kept by triggers, so that every way to write
 *   counts and none has to read a million rows for a figure. They need
 *   `recursive_triggers`, without which REPLACE removes rows unseen.
 */
const COLLECTED = `
ALTER TABLE path ADD COLUMN used_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE path ADD COLUMN stored_by TEXT NOT NULL DEFAULT '';
CREATE INDEX path_by_stored ON path (stored_at_ms);
CREATE TABLE pin (
  name TEXT PRIMARY KEY,
  base TEXT NOT NULL,
  pinned_by TEXT NOT NULL,
  pinned_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER
) STRICT;
CREATE TABLE root (
  source TEXT NOT NULL,
  label TEXT NOT NULL,
  base TEXT NOT NULL,
  read_at_ms INTEGER NOT NULL,
  PRIMARY KEY (source, label, base)
) STRICT, WITHOUT ROWID;
CREATE TABLE offer (
  file TEXT NOT NULL,
  hash TEXT NOT NULL,
  source TEXT NOT NULL,
  told_at_ms INTEGER NOT NULL,
  PRIMARY KEY (file, hash, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX offer_by_told ON offer (told_at_ms);
CREATE TABLE root_source (
  source TEXT PRIMARY KEY,
  read_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE collection (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  ended_at_ms INTEGER NOT NULL,
  report TEXT NOT NULL
) STRICT;
CREATE TABLE damage (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  why TEXT NOT NULL,
  record TEXT NOT NULL,
  found_at_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT;
CREATE TABLE signing_key (
  key TEXT PRIMARY KEY,
  cursor TEXT NOT NULL,
  signed_at_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE total (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  paths INTEGER NOT NULL,
  nar_bytes INTEGER NOT NULL,
  nars INTEGER NOT NULL,
  file_bytes INTEGER NOT NULL,
  objects INTEGER NOT NULL
) STRICT;
INSERT INTO total SELECT 1,
  (SELECT count(*) FROM path), (SELECT coalesce(sum(nar_size), 0) FROM path),
  (SELECT count(*) FROM nar), (SELECT coalesce(sum(file_size), 0) FROM nar),
  (SELECT count(*) FROM object);
CREATE TRIGGER path_added AFTER INSERT ON path BEGIN
  UPDATE total SET paths = paths + 1, nar_bytes = nar_bytes + new.nar_size; END;
CREATE TRIGGER path_removed AFTER DELETE ON path BEGIN
  UPDATE total SET paths = paths - 1, nar_bytes = nar_bytes - old.nar_size; END;
CREATE TRIGGER nar_added AFTER INSERT ON nar BEGIN
  UPDATE total SET nars = nars + 1, file_bytes = file_bytes + new.file_size; END;
CREATE TRIGGER nar_removed AFTER DELETE ON nar BEGIN
  UPDATE total SET nars = nars - 1, file_bytes = file_bytes - old.file_size; END;
CREATE TRIGGER object_added AFTER INSERT ON object BEGIN
  UPDATE total SET objects = objects + 1; END;
CREATE TRIGGER object_removed AFTER DELETE ON object BEGIN
  UPDATE total SET objects = objects - 1; END;
`;

/** In the order they are taken; a database's version is how many it has taken. */
export const STEPS: readonly string[] = [FIRST, COLLECTED];
