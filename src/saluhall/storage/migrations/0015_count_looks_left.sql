-- After an unclear answer a listing is looked at until it is sure what stands on the marketplace: so many looks are left.
alter table listings add column looks_left smallint not null default 0;
