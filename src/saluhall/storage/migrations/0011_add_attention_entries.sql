-- Entries of marketplaces' answers that could not be read or stored: kept for a person to look at, while their neighbours go on.
create table attention_entries (
  account_id uuid not null,
  id uuid not null,
  connection_id uuid not null,
  kind text not null,             -- order | listing | change | submission | transaction
  identity text not null,         -- tells whether it came before: its id there, or a digest of its text
  remote_id text not null,
  raw text not null,              -- the beginning of its text
  reason text not null,
  times integer not null default 1,
  first_at timestamptz not null,
  last_at timestamptz not null,
  constraint attention_entries_pkey primary key (account_id, id),
  constraint attention_entries_identity_key unique (account_id, connection_id, kind, identity)
);
