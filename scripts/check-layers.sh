#!/bin/sh
# A folder of src/ may include only what stands above it on the ladder (docs/architecture.md); only mpi/ knows MPI; the public
# headers know nothing of the library's inside; nothing goes by the time of day.
set -eu
ladder="base field curve poly transcript comm ledger session sumcheck witness lookup finale relation train data provenance attest cli"
bad=0
allowed=
for rung in $ladder; do
    allowed="$allowed $rung"
    for folder in $(find "src/$rung" -name '*.[ch]' -exec sed -n 's/^ *# *include "\([a-z0-9_]*\)\/.*/\1/p' {} + | sort -u); do
        case " $allowed consort " in
        *" $folder "*) ;;
        *)
            echo "src/$rung includes $folder/, which is below it on the ladder:"
            grep -rn "include \"$folder/" "src/$rung"
            bad=1
            ;;
        esac
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
if grep -rlE 'include *[<"]mpi\.h' src include tests benchmarks | grep -v '^tests/mpi/'; then
    echo "the files above include <mpi.h>; only mpi/ and its tests may"
    bad=1
fi
if grep -rn '#include "' include | grep -v '#include "consort/'; then
    echo "public headers include internal ones"
    bad=1
fi
if grep -rnE 'CLOCK_REALTIME|gettimeofday|PTHREAD_COND_INITIALIZER|[^a-z_]time\(' src mpi --include='*.[ch]' | grep -vE '^src/provenance/date\.c:|^[^:]*:[0-9]*: *(\*|/\*)'; then
    echo "the lines above go by the time of day, which jumps; only provenance/date.c may, for the day: see base/timer.h"
    bad=1
fi
[ "$bad" -eq 0 ] && echo "layers: in order"
exit "$bad"
