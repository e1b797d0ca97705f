#!/usr/bin/env bash
# SLUICE_TOOL_NETWORKS chooses what the sluice command is built with, and refuses names that no network has.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

sources() { # NAMES: the networks that a build with them compiles
    local folder
    folder=$(mktemp -d -p "$scratch")
    cmake -S . -B "$folder" -DSLUICE_TESTS=OFF -DSLUICE_TOOL_NETWORKS="$1" >/dev/null || return 1
    find "$folder/networks" -name '*.cpp' -printf '%f\n' | sort
}

two=$(sources 'resnet56_cifar;resnet32_cifar' | paste -sd ' ')
[[ $two == 'network_resnet32cifar.cpp network_resnet56cifar.cpp' ]] || fail "two networks were asked for, there are: $two"
all=$(sources '' | wc -l)
listed=$(sed -n '/using networks/,$p' include/sluice/nets/networks.hpp | grep -cE '^    \w+<')
[[ $all == "$listed" ]] || fail "without names there are $all networks, $listed are listed"
if sources 'resnet32_cifar;resnet33_cifar' 2>"$scratch/said"; then fail "any name is taken"; fi
for words in "'resnet33_cifar'" 'resnet32_cifar,'; do
    grep -qF "$words" "$scratch/said" || fail "CMake does not say $words but: $(cat "$scratch/said")"
done
echo "$two; $all without a choice"
