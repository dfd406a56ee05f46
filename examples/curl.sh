#!/bin/sh
# The whole service with nothing but curl. Start it first: gradqueue serve
set -eu
url=${GRADQUEUE_URL:-http://127.0.0.1:8000}
cd "$(dirname "$0")"

field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

echo "== Submit, and wait up to 30 s for the end"
job=$(curl -sS --fail-with-body "$url/v1/jobs" -H 'Content-Type: application/json' -H 'Prefer: wait=30' -d @tutorial.json)
id=$(printf '%s' "$job" | field id)
model=$(printf '%s' "$job" | field model_id)
printf '%s is %s\n' "$id" "$(printf '%s' "$job" | field status)"

echo "== The loss curve, its first epochs as CSV"
curl -sS --fail-with-body "$url/v1/jobs/$id/loss-curve?format=csv&limit=5"

echo "== The weights"
curl -sS --fail-with-body "$url/v1/jobs/$id/weights"

echo
echo "== A CSV file as a dataset, uploaded once for many jobs"
dataset=$(curl -sS --fail-with-body "$url/v1/datasets?target=species&problem=classification&name=iris" \
    -H 'Content-Type: text/csv' --data-binary @iris.csv | field id)
curl -sS --fail-with-body "$url/v1/jobs" -H 'Content-Type: application/json' -H 'Prefer: wait=30' \
    -d "{\"dataset\": {\"id\": \"$dataset\"}, \"model\": {\"hidden_layers\": [8]}}" | field latest

echo
echo "== A prediction"
curl -sS --fail-with-body "$url/v1/models/$model/predictions" -H 'Content-Type: application/json' \
    -d '{"inputs": [[0.5, 0.5, 0.7]]}'
echo
