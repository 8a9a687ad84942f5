-- Sagas are begun channel by channel in turn, and what is said to one waits for its beginning. Both are looked
-- up among the starts that are still to be carried out, of which a channel that floods leaves many.
create index outbox_start_turns on outbox ((payload #>> '{args,0,channelId}'), due_at, id)
  where done_at is null and topic = 'workflow.start';
create index outbox_starts on outbox ((payload->>'workflowId'))
  where done_at is null and topic = 'workflow.start';
-- By topic as well: neither signals nor mails are looked for among the starts before them.
create index outbox_topic_due on outbox (topic, due_at, id) where done_at is null;
drop index outbox_due;
