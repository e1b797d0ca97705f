#!/usr/bin/env bash
# Our scripts pass shellcheck, and ./run lists every verb that it has.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command -v shellcheck >/dev/null || fail "shellcheck is not installed; ./run setup installs it"
# shellcheck disable=SC2016
if printf '#!/bin/bash\ncd $1 && rm $2/*\n' | shellcheck - >/dev/null; then fail "shellcheck passes anything"; fi
mapfile -t scripts < <(printf '%s\n' run .ci/run && find cmake tests -name '*.sh')
shellcheck --external-sources --source-path=SCRIPTDIR "${scripts[@]}"

./run >"$scratch/usage"
while read -r verb; do
    grep -qE "^    $verb +[a-z]" "$scratch/usage" || fail "./run does not list $verb"
done < <(sed -nE 's/^verb_([a-z]+)\(\).*/\1/p' run)
if ./run no_such_verb 2>/dev/null; then fail "./run accepts any verb"; fi
echo "${#scripts[@]} scripts"
