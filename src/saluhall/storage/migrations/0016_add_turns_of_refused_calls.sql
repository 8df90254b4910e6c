-- The last turn that was given to a refused call: the next refused call is told to come back one step later.
alter table rate_buckets add column turn_at timestamptz;
