-- A change is made once, by its key; another request under the same key is refused. Null: the change was made by a
-- former version, or nobody can send another one under its key.
alter table order_revision add column change_fingerprint text;
