-- Which account at which provider a call went to, so that whatever follows it goes there, too. Rows from before name the
-- only ones there were.
alter table payment             add column account text not null default 'default';
alter table payment_transaction add column provider text not null default 'stripe',
                                add column account text not null default 'default';
alter table label_purchase      add column carrier_account text not null default 'default';
alter table shipment            add column carrier_account text not null default 'default';
