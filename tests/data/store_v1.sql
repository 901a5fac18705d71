-- A database of format 1, as it was first released; never to be changed.
BEGIN TRANSACTION;
CREATE TABLE conversations (
          owner TEXT NOT NULL,
          id TEXT NOT NULL,
          title TEXT NOT NULL,
          chat_node_id TEXT,
          project_id TEXT,
          created_at TEXT NOT NULL,
          updated_at TEXT NOT NULL,
          PRIMARY KEY (owner, id)
        );
INSERT INTO "conversations" VALUES('ann','c1','Hello','node',NULL,'2026-01-01T10:00:00.000Z','2026-01-01T10:01:00.000Z');
CREATE TABLE events (
          run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
          id INTEGER NOT NULL,
          block BLOB NOT NULL,
          PRIMARY KEY (run_id, id)
        ) WITHOUT ROWID
        ;
INSERT INTO "events" VALUES('r1',1,X'69643A20310A6576656E743A2073747265616D5F73746172740A646174613A207B22737461747573223A202273747265616D696E67222C202272756E5F6964223A20227231227D0A0A');
INSERT INTO "events" VALUES('r1',2,X'69643A20320A6576656E743A206D6573736167650A646174613A207B22746F6B656E223A2022536F20227D0A0A');
INSERT INTO "events" VALUES('r1',3,X'69643A20330A6576656E743A206D6573736167650A646174613A207B22746F6B656E223A2022666172227D0A0A');
CREATE TABLE messages (
          seq INTEGER PRIMARY KEY AUTOINCREMENT,
          id TEXT NOT NULL UNIQUE,
          owner TEXT NOT NULL,
          conversation_id TEXT NOT NULL,
          role TEXT NOT NULL,
          content TEXT NOT NULL,
          timestamp TEXT NOT NULL,
          status TEXT NOT NULL,
          error TEXT,
          FOREIGN KEY (owner, conversation_id)
            REFERENCES conversations (owner, id) ON DELETE CASCADE
        );
INSERT INTO "messages" VALUES(1,'q1','ann','c1','user','Hello','2026-01-01T10:00:00.000Z','complete',NULL);
INSERT INTO "messages" VALUES(2,'a1','ann','c1','assistant','Hello yourself','2026-01-01T10:00:00.000Z','complete',NULL);
INSERT INTO "messages" VALUES(3,'q2','ann','c1','user','And now?','2026-01-01T10:00:00.000Z','complete',NULL);
INSERT INTO "messages" VALUES(4,'a2','ann','c1','assistant','','2026-01-01T10:00:00.000Z','streaming',NULL);
CREATE TABLE runs (
          id TEXT PRIMARY KEY,
          owner TEXT NOT NULL,
          conversation_id TEXT NOT NULL,
          message_id TEXT NOT NULL,
          model TEXT NOT NULL,
          system TEXT,
          idempotency_key TEXT,
          fingerprint BLOB NOT NULL,
          state TEXT NOT NULL,
          created_at REAL NOT NULL,
          changed_at REAL NOT NULL,
          FOREIGN KEY (owner, conversation_id)
            REFERENCES conversations (owner, id) ON DELETE CASCADE
        );
INSERT INTO "runs" VALUES('r1','ann','c1','a2','other',NULL,NULL,X'00','live',1767261600.0,1767261600.0);
CREATE INDEX conversations_by_age ON conversations (owner, updated_at);
CREATE INDEX messages_in_order ON messages (owner, conversation_id, seq);
CREATE INDEX runs_of_conversation ON runs (owner, conversation_id);
CREATE INDEX runs_by_key ON runs (owner, idempotency_key);
CREATE INDEX runs_by_state ON runs (state, changed_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('messages',4);
COMMIT;
PRAGMA application_id = 1347571284;
PRAGMA user_version = 1;
