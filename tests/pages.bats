# The pages and the README: well-formed, in step with the programs, and every example runs.
load helper

pages() { ls "$root"/man/*.[157]rubric; }

@test "no word of a reference is taken for a macro" {
    # groff, which Debian's man is, calls such a word, and loses the rest of the page.
    macros='Ad|An|Ao|Ap|Aq|Ar|At|Bc|Bo|Bq|Bx|Cd|Cm|Do|Dq|Dv|Em|Er|Ev|Fa|Fl|Fn|Ic|In|Lb|Li|Lk|Ms|Mt|Nm|No|Ns|Oc|Op|Ot|Ox|Pa|Pc|Pf|Po|Pq|Ql|Qo|Qq|Sc|So|Sq|St|Sx|Sy|Tn|Ux|Va|Vt|Xc|Xo|Xr'
    run ! grep -hE "^\.%. (.* )?($macros)( |\$)" $(pages)
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

# Under the sanitizers the vector kernels take fifty times as long; other tests run them there.
quick_kernels() {
    ! ldd "$build/libexec/rubric/fit" | grep -q libasan || export RUBRIC_KERNELS=portable
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
    quick_kernels
    plain "$root/man/$1" >"$1.text"
    run_examples "$PWD/$1.text" "$BATS_TEST_TMPDIR/$1.run"
}

@test "the examples of tok.1rubric run" { examples_of tok.1rubric; }
@test "the examples of split.1rubric run" { examples_of split.1rubric; }
@test "the examples of embed.1rubric run" { examples_of embed.1rubric; }
@test "the examples of fit.1rubric run" { examples_of fit.1rubric; }
@test "the examples of predict.1rubric run" { examples_of predict.1rubric; }
@test "the examples of evalm.1rubric run" { examples_of evalm.1rubric; }
@test "the examples of show.1rubric run" { examples_of show.1rubric; }
@test "the examples of tally.1rubric run" { examples_of tally.1rubric; }
@test "the examples of vocab.1rubric run" { examples_of vocab.1rubric; }
@test "the examples of get.1rubric run" { examples_of get.1rubric; }
@test "the examples of rubric.1rubric run" { examples_of rubric.1rubric; }
@test "the examples of rubric-stream.5rubric run" { examples_of rubric-stream.5rubric; }
@test "the examples of rubric-model.5rubric run" { examples_of rubric-model.5rubric; }
@test "the examples of rubric.7rubric run" { examples_of rubric.7rubric; }
@test "the examples of rubric-guide.7rubric run" { examples_of rubric-guide.7rubric; }
@test "the examples of rubric-privacy.7rubric run" { examples_of rubric-privacy.7rubric; }

@test "no page is without its test of examples" {
    for page in $(pages); do
        grep -q "examples_of $(basename "$page");" "$BATS_TEST_FILENAME" || { echo "$page"; return 1; }
    done
}

@test "the README's pipelines run" {
    quick_kernels
    for name in essays your-essays new; do cp "$root/examples/essays.csv" "$name.csv"; done
    tok -q essays.csv | fit -q --scratch --shape 3,16,2 --max-steps 1 -o minilm >/dev/null
    # indented lines that begin with a filter, joined where they end in a pipe
    sed -n 's/^    //p' "$root/README.md" | sed -e ':more' -e '/|$/{N;s/\n */ /;b more' -e '}' | grep '^tok ' >commands
    [ "$(wc -l <commands)" -ge 6 ]
    while IFS= read -r command; do
        case $command in *'-o model'*) rm -rf model ;; esac
        bash -o pipefail -c "$command" >output 2>errors </dev/null || {
            echo "exit status $? of: $command"; cat errors; return 1
        }
    done <commands
    cmp <(cut -c1-20 submission.csv | head -1) <(echo content,score)
}
