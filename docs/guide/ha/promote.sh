#!/bin/sh
# promote.sh FOLDER PORT - make the standby in this data folder the primary. Run it on the standby's machine, as the user of PostgreSQL, and only
# when the old primary is down and stays down: two primaries are worse than none.
set -eu
bin=${POSTGRES_BIN:-$(pg_config --bindir)}
"$bin/pg_ctl" promote --silent --wait --pgdata="$1"
# It has no standby yet. Set it again when the next standby streams.
"$bin/psql" --quiet --no-psqlrc --host="${PGHOST:-127.0.0.1}" --port="$2" --username=postgres --dbname=postgres \
  --command="alter system set synchronous_standby_names = ''" --command="select pg_reload_conf()" > /dev/null
