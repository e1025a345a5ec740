# Loaded by every bats file: the filters just built on PATH, a fresh directory, no surprises from outside.
setup() {
    root=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
    build=${RUBRIC_BUILD:-$root/build}
    export PATH="$build/libexec/rubric:$build/bin:$PATH"
    export LC_ALL=C.UTF-8
    unset RUBRIC_MODEL RUBRIC_KERNELS NO_COLOR
    # shellcheck disable=SC2034  # the tests read it
    fixtures=$root/tests/fixtures
    cd "$BATS_TEST_TMPDIR" || exit 1
    bats_require_minimum_version 1.5.0
}

# expect_status N COMMAND...: runs it, output in $output and $stderr, and insists on the exit status.
expect_status() {
    local want=$1
    shift
    run --separate-stderr "$@"
    if [ "$status" -ne "$want" ]; then
        printf 'exit status %s, not %s, of: %s\n%s\n%s\n' "$status" "$want" "$*" "$output" "$stderr"
        return 1
    fi
}

# expect_text WANT GOT: equal, or shows the difference.
expect_text() {
    diff <(printf '%s\n' "$1") <(printf '%s\n' "$2")
}

# absent PATH...: none of them exists.
absent() {
    local path
    for path in "$@"; do
        if [ -e "$path" ] || [ -L "$path" ]; then
            echo "$path exists"
            return 1
        fi
    done
}

# expect_unsealed FILE: nothing in it could be taken for whole; or there was no first byte, and so no file.
expect_unsealed() {
    [ ! -e "$1" ] || expect_status 4 show --check "$1"
}

# line COMMANDS: a shell line that fails where any command of its pipelines does.
line() {
    bash -o pipefail -c "$1"
}
