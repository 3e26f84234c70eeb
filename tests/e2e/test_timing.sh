#!/bin/sh
# Control flow and addresses do not depend on secrets, but where docs/security.md ("Timing and caches") says that they do: memcheck's
# reports on tests/timing/secrets.c, in each instruction set. Jumps in commitments only tell exceptions (a point met again, the
# identity, the denominator zero of an addition that is left out, an entry outside of its range, the end of a row), which no honest rank's secrets lead to.
. tests/e2e/common.sh
exceptions='is_regular|add_lanes|divide|cs_g1_affine_is_identity|cs_g1_is_identity|cs_g1_add_affine|add_scaled|add_entries|list_terms|any_empty|batch_twice|twice_lanes|check_range|cs_int_row_in_range|all_within|cs_g1_vec_to_affine'

# judge LOG: each case with what it shows; findings that it must not have, or lacks.
# shellcheck disable=SC2317 # called by expect
judge() {
    awk -v exceptions="^($exceptions)$" '
        { sub(/^(==|\*\*)[0-9]+(==|\*\*) */, "") }
        /^case / { name = $0; allowed = $0; sub(/^case /, "", name); sub(/: [a-z]*$/, "", name); sub(/.*: /, "", allowed); jumps = addresses = 0; cases++ }
        /^Conditional jump/ { jump = 1 }
        /^Use of uninitialised/ { addresses++; jump = 0 }
        /^at 0x/ && jump { jump = 0; if ($3 !~ exceptions) { jumps++; where = $3 } }
        /^end/ {
            if (allowed != "jumps" && jumps) { print name ": jumps in " where " depend on secrets"; bad = 1 }
            if (allowed == "nothing" && addresses) { print name ": addresses depend on secrets"; bad = 1 }
            if ((allowed == "jumps" && !jumps) || (allowed == "addresses" && !addresses)) { print name ": not seen"; bad = 1 }
        }
        END { print cases " cases"; exit bad || cases < 10 }' "$1"
}

for isa in portable $("$consort" --version | sed 's/.*(\(.*\))/\1/' | grep -x x86_64); do
    expect 0 "" env CONSORT_ISA="$isa" valgrind --error-limit=no --log-file="$work/$isa" "$build/tests/timing/secrets"
    grep -q "arithmetic: $isa\$" "$work/$isa" || fail "$isa: another arithmetic was looked at"
    expect 0 "cases" judge "$work/$isa"
done
finish
