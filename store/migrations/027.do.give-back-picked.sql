-- Units that were picked and are on the shelf again, of a hold whose other units are still in use.
alter table stock_errand add column of_picked boolean not null default false;
