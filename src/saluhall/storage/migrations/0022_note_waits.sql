-- What a connection waits for ('calls' or 'marketplace'), why, and when it is tried next; and why the last try of a listing failed.
alter table connections
  add column waits_for text,
  add column waits_reason text,
  add column next_try_at timestamptz;
alter table listings add column waits_reason text;
