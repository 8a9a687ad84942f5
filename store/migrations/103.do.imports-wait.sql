-- Since when somebody wants an import read: of a kind one is read at a time, whoever asked first goes first.
-- Null: asked for by a former version, and before all others.
alter table import add column queued_at timestamptz;
