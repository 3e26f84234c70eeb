#!/bin/sh
# Cuts the example datasets from the two original files of the UCI Machine Learning Repository:
#   scripts/make-examples.sh DIGITS.csv.gz BREAST_CANCER.csv
# DIGITS: 1,797 rows of 64 pixels and the digit, without a header (the test set of "Optical Recognition of Handwritten Digits").
# BREAST_CANCER: a line with counts and class names, then 569 rows of 30 measurements and the class ("Breast Cancer Wisconsin
# (Diagnostic)"), as scikit-learn ships both.
# Every fifth row, from the first on, goes to the public test file; the others go to the members one after the other, in order.
# The same input gives the same files.
set -eu
[ $# -eq 2 ] || { echo "usage: $0 DIGITS.csv.gz BREAST_CANCER.csv" >&2; exit 2; }
digits=$1
cancer=$2
examples=$(dirname "$0")/../examples

# cut_rows FOLDER NAME:ROWS...   rows on standard input -> FOLDER/test.csv and FOLDER/NAME.csv
cut_rows() {
    folder=$1
    shift
    awk -v folder="$folder" -v members="$*" '
        BEGIN { count = split(members, part, " "); member = 1; split(part[1], now, ":") }
        NR % 5 == 1 { print > (folder "/test.csv"); next }
        {
            while (taken == now[2]) {
                if (++member > count) { print "too many rows" > "/dev/stderr"; exit 1 }
                split(part[member], now, ":")
                taken = 0
            }
            print > (folder "/" now[1] ".csv")
            taken++
        }
        END { if (member != count || taken != now[2]) { print "wrong number of rows" > "/dev/stderr"; exit 1 } }'
}

# add_header FILE NAMES
add_header() {
    { echo "$2"; cat "$1"; } > "$1.new"
    mv "$1.new" "$1"
}

pixels=$(awk 'BEGIN { for (p = 0; p < 64; p++) printf "pixel_%d_%d,", p / 8, p % 8 }')
gzip -dc "$digits" | cut_rows "$examples/digits" alpha:560 bravo:410 charlie:320 delta:147
add_header "$examples/digits/delta.csv" "${pixels}digit"
gzip -9nf "$examples/digits/alpha.csv" "$examples/digits/bravo.csv" "$examples/digits/delta.csv" "$examples/digits/test.csv"

measured='radius texture perimeter area smoothness compactness concavity concave_points symmetry fractal_dimension'
names=$(for kind in mean error worst; do for what in $measured; do printf '%s_%s,' "$what" "$kind"; done; done)
sed 1d "$cancer" | cut_rows "$examples/breast-cancer" alpha:210 bravo:150 charlie:95
add_header "$examples/breast-cancer/bravo.csv" "${names}benign"
gzip -9nf "$examples/breast-cancer/alpha.csv" "$examples/breast-cancer/test.csv"
