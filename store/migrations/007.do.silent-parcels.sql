-- When the carrier is asked about a parcel on its way to a shopper, unless it reports before.
alter table shipment add column ask_carrier_at timestamptz;
update shipment set ask_carrier_at = now() where shipped_at is not null and delivered_at is null and return_id is null;
create index shipment_silent on shipment (ask_carrier_at) where ask_carrier_at is not null;
