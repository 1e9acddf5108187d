#!/bin/sh
# A shell step: the files of a release, proven, in a folder; then whatever comes next. Its exit code tells what went wrong:
# 1 a file failed, 2 wrong usage, 4 not authorised, 5 no such release, 6 skipped, 130 out of time.
#
#   sh stage_models.sh RELEASE URL FOLDER
set -eu

here=$(dirname "$0")
release=$1
mirror=$2
folder=$3

# A download that was cut is tried again later, and goes on where it was; anything else ends the step at once.
tries=3
while :; do
  status=0
  python3 "$here/../weighbridge_get.py" "$release" --from "$mirror" --into "$folder" --timeout 30m || status=$?
  [ "$status" -eq 0 ] && break
  tries=$((tries - 1))
  if [ "$status" -ne 130 ] || [ "$tries" -eq 0 ]; then exit "$status"; fi
done

# The record that was fetched holds every digest, so that a later step needs no network to look again.
python3 "$here/../weighbridge_get.py" "$release" --into "$folder" --offline --check
