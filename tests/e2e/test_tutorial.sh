#!/bin/sh
# The commands of docs/tutorial.md run as written. Its folder build/tutorial is made anew.
set -u
rm -rf build/tutorial
sed -n 's/^    //p' docs/tutorial.md >build/tutorial.sh
if sh -eu build/tutorial.sh >build/tutorial.log 2>&1 && grep -q '^accepted: clinics' build/tutorial.log; then
    echo "$0: passed"
else
    echo "FAILED: the commands of docs/tutorial.md"
    cat build/tutorial.log
    exit 1
fi
