-- Each claim of a row gets the next number: what an earlier one learned is not written any more (decision 0025).
alter table listings add column claim_number integer not null default 0;
alter table images add column claim_number integer not null default 0;
alter table deliveries add column claim_number integer not null default 0;
alter table replays add column claim_number integer not null default 0;
alter table prunings add column claim_number integer not null default 0;
alter table products add column enhance_claim_number integer not null default 0;
alter table connections add column poll_claim_number integer not null default 0;
alter table order_heads add column push_claim_number integer not null default 0;

-- A live listing has its id over there. Where an earlier version lost it, it is looked for before anything is published.
update listings
   set state = 'waiting', progress = '{"may_stand": true, "unclear": true}', due_at = now(), claimed_by = null, priority = 3
 where state = 'live' and external_id is null;
alter table listings add constraint listings_live_has_id check (state <> 'live' or external_id is not null);
