# Bash completion of consort and consort-prove: commands, and the options that --help of a command names.
_consort() {
    local word=${COMP_WORDS[COMP_CWORD]} command=("${COMP_WORDS[0]}") k
    for ((k = 1; k < COMP_CWORD && k < 3; k++)); do
        [[ ${COMP_WORDS[k]} =~ ^[a-z][a-z-]*$ ]] || break
        command+=("${COMP_WORDS[k]}")
    done
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$("${command[@]}" --help 2>/dev/null | grep -o -- '--[a-z][a-z-]*' | sort -u)" -- "$word")
    elif ((COMP_CWORD == ${#command[@]} && COMP_CWORD < 3)) && [[ ${COMP_WORDS[0]##*/} == consort ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$("${command[@]}" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')" -- "$word")
    fi
    return 0
}
complete -o default -F _consort consort consort-prove
