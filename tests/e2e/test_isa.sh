#!/bin/sh
# A proof made with each instruction set verifies with each; what runs is what was asked for; no file holds instructions of a
# set that it is not named after. Where the processor lacks AVX-512, its kernels run in plain C.
. tests/e2e/common.sh

# Where the programs that have the instruction set lie, or nothing.
programs() {
    if CONSORT_ISA=$1 "$consort" --version >/dev/null 2>&1; then
        echo "$build"
    elif [ "$1" = avx512ifma ] && [ -x "$build/emulated/consort" ]; then
        echo "$build/emulated"
    fi
}

tiny_job "$work/job.json" 2
sets=
for isa in portable x86_64 avx512ifma; do
    from=$(programs "$isa")
    [ -n "$from" ] || continue
    sets="$sets $isa"
    CONSORT_ISA=$isa
    export CONSORT_ISA
    expect 0 "^consort [0-9.]* ($isa)$" "$from/consort" --version
    expect 0 "^consort-prove [0-9.]* ($isa)$" "$from/consort-prove" --version
    expect 0 "2 members trained" timeout 120 scripts/mpirun.sh -n 2 "$from/consort-prove" "$work/job.json" --out "$work/$isa"
    unset CONSORT_ISA
done
echo "   instruction sets:$sets"

for isa in $sets; do
    cmp -s "$work/portable/tiny.safetensors" "$work/$isa/tiny.safetensors" || fail "another model with $isa"
    for by in $sets; do
        expect 0 "accepted" env CONSORT_ISA="$by" "$(programs "$by")/consort" verify "$work/$isa/tiny.attestation" \
            --model "$work/$isa/tiny.safetensors"
    done
done

# three OUT SET SET SET: members with different processors. Pads of pairs that both have AES are made with it, the others' without.
three() {
    expect 0 "3 members trained" timeout 120 scripts/mpirun.sh \
        -n 1 env CONSORT_ISA="$2" "$best/consort-prove" "$work/three.json" --out "$work/$1" : \
        -n 1 env CONSORT_ISA="$3" "$best/consort-prove" "$work/three.json" --out "$work/$1" : \
        -n 1 env CONSORT_ISA="$4" "$best/consort-prove" "$work/three.json" --out "$work/$1"
    expect 0 "accepted" "$best/consort" verify "$work/$1/tiny.attestation" --model "$work/$1/tiny.safetensors"
    cmp -s "$work/none/tiny.safetensors" "$work/$1/tiny.safetensors" || fail "another model with $1"
}
best=$(programs x86_64)
if [ -n "$best" ]; then
    tiny_job "$work/three.json" 3
    three none portable portable portable
    three all x86_64 x86_64 x86_64
    three last portable portable x86_64
    three middle x86_64 portable x86_64
fi

# What is not there is refused, with what is.
expect 2 "names no implementation; available: portable" env CONSORT_ISA=pdp11 "$consort" --version
expect 2 "names no implementation; available: portable" env CONSORT_ISA=pdp11 "$prove" --version

# Registers of AVX-512 and the instructions mulx, adcx and adox are used in the folders and files of that name only.
if command -v objdump >/dev/null 2>&1; then
    find "$build/src" -name '*.o' ! -path '*/avx512ifma/*' ! -name '*_avx512.o' | while read -r object; do
        case $object in
        */x86_64/*) never='%[xyz]mm(1[6-9]|2[0-9]|3[01])|%zmm|%k[1-7]' ;;
        *) never='%[xyz]mm(1[6-9]|2[0-9]|3[01])|%zmm|%k[1-7]|\<(mulx|adcx|adox)\>' ;;
        esac
        objdump -d "$object" | grep -Em 1 "$never" >"$work/found" && echo "$object: $(cat "$work/found")"
    done >"$work/strangers"
    [ ! -s "$work/strangers" ] || fail "instructions out of place: $(head -n 1 "$work/strangers")"
fi
finish
