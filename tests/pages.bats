# The pages and the README: well-formed, in step with the programs, and every example runs.
load helper

pages() { ls "$root"/man/*.[157]rubric; }

@test "every page is clean mdoc" {
    run mandoc -Tlint -Wstyle $(pages)
    # rubric's section suffix and its own cross references are no mistakes of form
    printf '%s\n' "$output" | grep -v -e 'referenced manual not found' -e 'unknown manual section' || [ -z "$output" ] || true
    ! printf '%s\n' "$output" | grep -v -e 'referenced manual not found' -e 'unknown manual section' | grep .
}

@test "every command has a page, and every page's options are the command's" {
    for command in "$root"/cmd/*.c; do
        name=$(basename "$command" .c)
        page=$root/man/$name.1rubric
        [ -e "$page" ]
        [ "$name" != rubric ] || continue
        # long options of the usage, and those the page describes
        "$name" --help | grep -oE '^ +(-.,)? *--[a-z0-9-]+' | grep -oE '\-\-[a-z0-9-]+' | sort -u >usage
        grep -oE '^\.It .*' "$page" | grep -oE 'Fl -[a-z0-9-]+' | sed 's/Fl -/--/' | sort -u >described
        diff usage described >difference || { echo "$name: usage (<) and page (>) differ"; cat difference; return 1; }
    done
}

@test "every page names its exit statuses" {
    for page in "$root"/man/*.1rubric; do
        grep -q '^\.Sh EXIT STATUS' "$page" || { echo "$page"; return 1; }
    done
}

# Runs the commands that stand behind "$ " in a text's displays, one after another, in one directory.
run_examples() {
    mkdir "$2" && cd "$2" || return 1
    cp "$root/examples/essays.csv" .
    sed -n 's/^\$ //p' "$1" >commands
    [ -s commands ]
    while IFS= read -r command; do
        bash -o pipefail -c "$command" >output 2>errors </dev/null || {
            echo "exit status $? of: $command"; cat errors; return 1
        }
    done <commands
}

# What a page's displays hold, with mdoc's escapes undone.
plain() {
    sed -e 's/\\e/\\/g' -e 's/\\-/-/g' -e "s/\\\\(aq/'/g" -e 's/\\(dq/"/g' -e 's/\\&//g' "$1"
}

examples_of() {
    plain "$root/man/$1" >"$1.text"
    run_examples "$PWD/$1.text" "$BATS_TEST_TMPDIR/$1.run"
}

