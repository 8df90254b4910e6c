#!/usr/bin/env bash
# Send a signed webhook to your own program: bash send.sh SECRET URL < body
set -euo pipefail
secret=$1 url=$2
body=$(cat) id="evt_test_$RANDOM" timestamp=$(date +%s)

key=$(printf %s "${secret#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
rheo=$(printf %s "$body" | openssl dgst -sha256 -hmac "$secret" -r | cut -d' ' -f1)
standard=$(printf '%s.%s.%s' "$id" "$timestamp" "$body" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)

curl --fail-with-body -sS -X POST "$url" --data-binary "$body" -H 'content-type: application/json' \
  -H "x-rheo-signature: sha256=$rheo" \
  -H "webhook-id: $id" -H "webhook-timestamp: $timestamp" -H "webhook-signature: v1,$standard"
