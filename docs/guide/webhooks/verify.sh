#!/usr/bin/env bash
# Verify a webhook: bash verify.sh SECRET ID TIMESTAMP SIGNATURE < body
set -euo pipefail
secret=$1 id=$2 timestamp=$3 signatures=$4

key=$(printf %s "${secret#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
expected="v1,$({ printf '%s.%s.' "$id" "$timestamp"; cat; } | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)"

age=$(( $(date +%s) - timestamp ))
if (( ${age#-} <= 300 )) && [[ " $signatures " == *" $expected "* ]]; then
  echo "valid"
else
  echo "not valid"
  exit 1
fi
