#!/usr/bin/env bash
# The first tour of README.md: tour.sh PROGRAM, in the directory where the account shall be made.
set -euo pipefail
rollcall=${1:-rollcall}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

show() {
  echo "\$ rollcall $*"
  "$rollcall" "$@"
  echo
}

# Data of the past needs a clock that stands still; without --clock manual it is the machine's.
show load --data shop --clock manual --start 2026-06-15T09:30:00Z "$here/store.ndjson"
show metrics --data shop
show segment create --data shop Buyers --definition "$here/buyers.json"
show segment members --data shop Buyers
show segment explain --data shop Buyers --profile ann
show advance --data shop --to 2026-07-10T00:00:00Z
show segment feed --data shop Buyers
show check --data shop

# Ann's order is more than 30 days old by now, so nobody is left.
[[ -z $("$rollcall" segment members --data shop Buyers --ids -) ]]
