#!/bin/sh
# How the service is started where it runs.
set -eu
cd "$(dirname "$0")"

# These two lines protect it.
export NODE_OPTIONS="--import @lifeguard/register ${NODE_OPTIONS:-}"
export LIFEGUARD_LOG_LEVEL="${LIFEGUARD_LOG_LEVEL:-warn}"

exec node src/service.js
