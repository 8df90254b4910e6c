-- People whom somebody else signs in: the subject of their tokens ----------------------------------------------------------------
alter table users add column external_subject text;
create unique index users_external_subject_key on users (external_subject);

-- Requests with an Idempotency-Key: what was asked, by its hash, and what was answered, sealed -----------------------------------
create table requests (
  account_id uuid not null,
  key text not null,
  asked bytea not null,
  answer bytea,                   -- null: begun, and somebody else's server has not answered yet
  answered_at timestamptz not null,
  constraint requests_pkey primary key (account_id, key)
);
create index requests_answered_idx on requests (account_id, answered_at);
