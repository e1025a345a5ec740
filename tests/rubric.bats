# The launcher, and what `make install` puts where.
load helper
load filters

@test "rubric runs a filter by name and passes its status on" {
    expect_status 0 rubric show --version
    expect_text "show (rubric) $(rubric --version | cut -d' ' -f2)" "$output"
    expect_status 2 rubric show --no-such-option
}

@test "rubric refuses what is not a filter" {
    expect_status 2 rubric nothing
    expect_text "rubric: 'nothing' is not one of the filters (see 'rubric --help')" "$stderr"
    for name in '' . ..; do
        expect_status 2 rubric "$name"
        expect_text "rubric: '$name' is not one of the filters (see 'rubric --help')" "$stderr"
    done
    expect_status 2 rubric ../bin/rubric
    expect_status 2 rubric
}

@test "rubric sh opens a shell in which split is ours" {
    expect_status 0 env PATH=/usr/bin:/bin "$build/bin/rubric" sh -c 'split --version'
    [[ $output == "split (rubric) "* ]]
}

@test "eval of rubric env does the same for this shell" {
    run env PATH="$build/bin:/usr/bin:/bin" bash -c 'eval "$(rubric env)" && split --version'
    [[ $output == "split (rubric) "* ]]
}

@test "an installed rubric works from anywhere, and uninstall leaves nothing" {
    make -s -C "$root" BUILD="$build" DESTDIR="$PWD/stage dir" PREFIX=/usr install
    [ -x "stage dir/usr/bin/rubric" ]
    [ -x "stage dir/usr/libexec/rubric/split" ]
    [ ! -e "stage dir/usr/bin/split" ]
    [ -e "stage dir/usr/share/man/man1/tok.1rubric" ]
    printf 'text,label\nhello world,1\n' >small.csv
    run env PATH=/usr/bin:/bin bash -o pipefail -c '"$0" tok -q < small.csv | "$0" show --check' "$PWD/stage dir/usr/bin/rubric"
    [ "$status" -eq 0 ]
    make -s -C "$root" DESTDIR="$PWD/stage dir" PREFIX=/usr uninstall
    run find "stage dir" -type f
    expect_text "" "$output"
}

@test "install refuses places in which programs would not find each other, and writes nothing" {
    refuse() { # MESSAGE, then what make is told
        expect_status 2 make -s -C "$root" BUILD="$build" DESTDIR="$PWD/stage" PREFIX=/usr install "${@:2}"
        [[ $stderr == "install: $1, where programs look"* ]] || { echo "$stderr"; return 1; }
        absent stage
    }
    refuse "libexecdir is /elsewhere: it has to be /usr/libexec" libexecdir=/elsewhere
    refuse "datadir is /elsewhere: it has to be /usr/share" datadir=/elsewhere
    refuse "libexecdir is /usr/libexec: it has to be /opt/libexec" bindir=/opt/bin
    make -s -C "$root" BUILD="$build" DESTDIR="$PWD/stage" PREFIX=/usr bindir=/opt/a/bin libexecdir=/opt/a/b/../libexec \
        datadir=/opt//a/share install
    run env PATH=/usr/bin:/bin stage/opt/a/bin/rubric show --version
    [[ $output == "show (rubric) "* ]]
}

@test "help and version go to standard output, and a full disk is not overlooked" {
    for name in "${filters[@]}" get; do
        expect_status 0 "$name" --help
        [[ $output == "usage: $name "* ]]
        run bash -c "$name --help >/dev/full"
        [ "$status" -eq 1 ]
    done
}
