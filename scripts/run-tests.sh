#!/bin/sh
# Runs test programs one after the other, from the repository's root, and ends with one line: N passed, N failed (programs).
set -u
passed=0
failed=0
for t in "$@"; do
    echo "== $t"
    if "$t"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "== FAILED: $t"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
