#!/bin/sh
# point-pgbouncer-at.sh HOST PORT [FOLDER] - lead PgBouncer to a new primary; run it on the machine of PgBouncer, after the promotion.
set -eu
folder=${3:-/etc/pgbouncer}
printf '[databases]\nsaluhall = host=%s port=%s\n' "$1" "$2" > "$folder/primary.ini.new"
mv "$folder/primary.ini.new" "$folder/primary.ini"
kill -HUP "$(cat "${PGBOUNCER_PIDFILE:-/run/postgresql/pgbouncer.pid}")"
