-- Endpoints of `saluhall listen`: a receiver on this machine with a certificate that nothing else trusts, until `expires_at`.
alter table endpoints
  add column certificate text,          -- PEM; null: an endpoint that stays
  add column expires_at timestamptz;
create index endpoints_expiring_idx on endpoints (expires_at) where expires_at is not null;
