-- What works less than it could since the vendor has not granted it to the account: sentences for people, which name
-- what to do. Empty: nothing; null: it was not asked for yet.
alter table channel_progress add column shortfalls text[];
