-- Events of one item go to an endpoint in their order: what an item's later deliveries wait for is found by its SKU. Those that were finished
-- before this was noted need none.
alter table deliveries add column sku text; -- of its event; null: nothing waits for it
update deliveries d set sku = nullif(e.sku, '') from events e
 where e.account_id = coalesce(d.event_account_id, d.account_id) and e.id = d.event_id
   and (d.due_at is not null or d.state = 'held');
create index deliveries_item_idx on deliveries (account_id, endpoint_id, sku, event_id) where due_at is not null;

-- Failures are counted by time as well as by number: since when the endpoint has answered nothing but failures.
alter table endpoints add column failing_since timestamptz;
