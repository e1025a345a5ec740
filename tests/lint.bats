# The quick part of `make lint`, and the linter of bats files itself.
load helper

lint() { "$root/tests/lint/run" "$@"; }

@test "bats files: every check can fail" { lint bats; }
@test "scripts are clean under shellcheck" { lint shell; }
@test "every page is clean mdoc" { lint pages; }
@test "no line of C is longer than 110 columns" { lint columns; }

@test "a check that cannot fail is found, and what can fail is left alone" {
    sed s/^TEST/@test/ > some.bats <<'END'
TEST "one" {
    [ -e a ] && [ -e b ]
    ! grep -q x file
    for i in 1 2; do ! [[ $i == 3 ]]; done
    case x in x) ! cmp -s a b ;; esac
    true || { [ -e a ] && [ -e b ]; }
    [ -e a ] &&
        [ -e b ]
    run grep x file
    true
}
END
    sed s/^TEST/@test/ > good.bats <<'END'
# ! no command && none
TEST "two" {
    if [ -e a ] && ! [ -e b ]; then true; fi
    while ! grep -q "a && b" file; do sleep 1; done
    [ -e a ] && [ -e b ] || return 1
    ! grep x file || { echo "x && y"; return 1; }
    [[ -e a && -e b ]]
    (cd a && make)
    run bash -c 'a && b' # one && two
    [ "$status" -eq 0 ]
    run -1 grep x file
    cat <<'HERE'
! here && there
HERE
    [ $((1 && 0)) = "$(true && echo 0)" ]
    read -r x <<< "a"
}
END
    run -1 "$root/tests/lint/bats.py" some.bats good.bats
    expect_text "some.bats:2
some.bats:3
some.bats:4
some.bats:5
some.bats:6
some.bats:7
some.bats:9" "$(cut -d: -f1,2 <<<"$output")"
}
