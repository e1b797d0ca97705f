#!/usr/bin/env bash
# README's program compiles as it stands there, links, and without its weights file says which file is missing.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# shellcheck disable=SC2016  # the backticks are Markdown's
sed -n '/^```cpp$/,/^```$/p' README.md | sed '/^```/d' >"$scratch/readme.cpp"
grep -q 'int main' "$scratch/readme.cpp" || fail "README.md has no program in a cpp block"
g++ "${std[@]}" "${warnings[@]}" "${native[@]}" -O1 "$scratch/readme.cpp" -o "$scratch/readme"
if said=$(cd "$scratch" && ./readme); then fail "README's program finds weights where there are none"; fi
[[ $said == *resnet152_cifar.safetensors*"no such file"* ]] || fail "README's program says: $said"
echo "README's program says: $said"

# Every file that README links to is there.
while read -r link; do
    [[ -e $link ]] || fail "README.md links to $link, which does not exist"
done < <(grep -oE '\]\([^)#]+\)' README.md | sed -E 's/^\]\(|\)$//g' | grep -v '^http')
