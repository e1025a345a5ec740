# The filters where something is scarce or missing: little address space, few descriptors, small files, no threads, no
# /proc, no /dev/shm, a home that cannot be written to.  Each does its work, or says what it lacks, with status 1,
# and leaves nothing that could be taken for whole.
load helper
load filters

# What a run left: its output, and the model.
left() { cat out; if [ -d m ]; then cat m/model.safetensors; fi; }

# under NAME COMMAND...: a small run of the filter, started by COMMAND, which limits it.  Sets `status`.
under() {
    local name=$1 limit="${*:2}" want
    shift
    command_of "$name"
    rm -rf m m.partial
    "${command[@]}" > out
    want=$(left | sha256sum)
    rm -rf m
    # Messages go through a pipe: no limit on files holds there.
    { timeout -s KILL 60 "$@" "${command[@]}" 2>&1 < /dev/null 3>&- 4>&- > out; } | cat > said
    status=${PIPESTATUS[0]}
    if [ $status -eq 0 ]; then
        [ "$(left | sha256sum)" = "$want" ] || complain "$limit" "it did something else"
        return
    fi
    # 127: the loader could not map the libraries
    [ $status -eq 1 ] || [ $status -eq 127 ] || complain "$limit" "not a failure of the system"
    grep -q "^$name: ." said || complain "$limit" "no message"
    # A second line where cleaning up fails in its turn.
    [ "$(grep -vc "^$name: ." said)" -eq 0 ] || complain "$limit" "a line that names no filter"
    [[ $(show --check out 2> /dev/null) != sealed:* ]] || complain "$limit" "what it left passes for whole"
    absent m
    # What cannot open a directory cannot empty it, and says so.
    [ ! -e m.partial ] || grep -q 'm.partial: cannot open' said || complain "$limit" "m.partial was left"
}

complain() {
    echo "under '$1' $2; exit status $status of: ${command[*]}"
    cat said
    return 1
}

# each OPTION VALUE...: every filter under each limit; the narrowest stops it, under the widest it does its work.
each() {
    local option=$1 value first name
    shift
    for name in "${filters[@]}"; do
        first=
        for value in "$@"; do
            under "$name" prlimit "--$option=$value"
            [ -n "$first" ] || first=$status
        done
        [ "$first" -ne 0 ] || complain "$option" "the narrowest limit did not matter: $name"
        [ $status -eq 0 ] || complain "$option" "the widest limit is too narrow: $name"
    done
}

@test "little address space" {
    # A sanitizer takes terabytes of it.
    ! ldd "$build/libexec/rubric/fit" | grep -q libasan || return 0
    prepare
    each as {2,20,40,60,80,100,150,200,1000}000000
}

@test "few descriptors" {
    prepare
    each nofile 3 4 5 6 7 8 10 20
}

@test "small files" {
    prepare
    each fsize 0 1000 2000 4000 8000 16000 1000000
}

@test "no /proc, no /dev/shm, a home that cannot be written to" {
    prepare
    export ASAN_OPTIONS=verify_asan_link_order=0 HOME=$PWD/home FAULT_HIDDEN=/proc:/dev/shm FAULT_FROZEN=$PWD/home
    mkdir home
    local lacking=LD_PRELOAD=$build/tests/faults.so
    for name in "${filters[@]}"; do
        under "$name" env "$lacking"
        [ $status -eq 0 ] || { cat said; return 1; }
    done
    expect_status 0 env "$lacking" tok -q -o default.rubric essays.csv
    XDG_DATA_HOME='' expect_status 1 env "$lacking" get -q --name mine "$model"
    [[ $stderr == "get: $PWD/home"*"Read-only file system" ]]
    [ -z "$(ls -A home)" ]
}
