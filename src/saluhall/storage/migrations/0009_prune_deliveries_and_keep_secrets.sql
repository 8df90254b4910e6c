-- What was delivered or given up goes when the log of its attempts does: with the last one. What there is already counts as tried today,
-- which costs no rewriting of the table.
alter table deliveries add column tried_at timestamptz not null default now(); -- for the last time; as long as it was not: made
create index deliveries_finished_idx on deliveries (tried_at) where due_at is null and state <> 'held';

-- Nobody asks for a replay that is done.
create index replays_done_idx on replays (created_at) where due_at is null;

-- Secrets that were replaced before the previous one, and when each was, the last one first: all that are less than a day old sign.
alter table endpoints
  add column older_secrets bytea[] not null default '{}',             -- sealed
  add column older_replaced_at timestamptz[] not null default '{}';
