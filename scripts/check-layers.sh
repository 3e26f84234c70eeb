#!/bin/sh
# A folder of src/ may include only what stands above it on the ladder (docs/architecture.md); only mpi/ knows MPI; the public
# headers know nothing of the library's inside.
set -eu
ladder="base field curve poly transcript comm ledger session sumcheck witness lookup finale relation train data attest cli"
bad=0
allowed=
for rung in $ladder; do
    allowed="$allowed $rung"
    for file in $(find "src/$rung" -name '*.[ch]'); do
        for folder in $(sed -n 's/^#include "\([a-z0-9_]*\)\/.*/\1/p' "$file" | sort -u); do
            case " $allowed consort " in
            *" $folder "*) ;;
            *)
                echo "$file includes $folder/, which is below $rung/ on the ladder"
                bad=1
                ;;
            esac
        done
    done
done
for folder in src/*/; do
    case " $ladder " in
    *" $(basename "$folder") "*) ;;
    *)
        echo "$folder is not on the ladder"
        bad=1
        ;;
    esac
done
if grep -rln '<mpi.h>' src include tests/support 2>/dev/null; then
    echo "the files above include <mpi.h>; only mpi/ may"
    bad=1
fi
if grep -rn '#include "' include | grep -v '#include "consort/'; then
    echo "public headers include internal ones"
    bad=1
fi
[ "$bad" -eq 0 ] && echo "layers: in order"
exit "$bad"
