# The experiments, with networks, steps and a file small enough to end at once, in a copy of examples/.
load helper

prepare() {
    cp -r "$root/examples" copy && cd copy || return 1
    rm -rf out
    sed '/^e061,/,$d' essays.csv >few.csv
    unset MAKEFLAGS MAKELEVEL MFLAGS
}

tiny=(DATA=few.csv SEEDS="1 2" FIT="--scratch --shape 1,16,2 --max-steps 2")
experiment() { make --no-print-directory "$@" "${tiny[@]}"; }

# The columns of a table that name its rows, blanks gone: head|a|b
rows() { grep '^|' "$2" | grep -v -- '---' | cut -d'|' -f"$1" | tr -d ' '; }

# Every other cell of table FILE, from column N on, looks like a figure.
figures() {
    grep '^|' "$2" | sed 1,2d | cut -d'|' -f"$1-" | tr '|' '\n' | sed 's/^ *//; s/ *$//; /^$/d' >cells
    [ -s cells ]
    run -1 grep -vE '^(-?[0-9.]+( (±|to) -?[0-9.]+)?( \([0-9]+\))?|undefined)$' cells
}

@test "make alone lists every experiment, also without the filters" {
    prepare
    PATH=/usr/bin:/bin run make --no-print-directory
    [ "$status" -eq 0 ]
    expect_text "$(sed -n 's/^all: //p' Makefile | tr ' ' '\n' | cat - <(printf '%s\n' epoch results) | sort)" \
        "$(sed '$d' <<<"$output" | cut -d' ' -f1 | sort)"
    for name in $(sed '$d' <<<"$output" | cut -d' ' -f1); do grep -q "^| \`$name\` |" README.md; done
    PATH=/usr/bin:/bin expect_status 2 make losses
    [[ $stderr == *"filters are not on the PATH"* ]]
}

@test "losses: a row for each loss, and nothing is made twice" {
    prepare
    experiment -s -j2 losses LOSSES="ce mse" >printed
    cmp printed out/losses.md
    expect_text $'loss\nce\nmse' "$(rows 2 out/losses.md)"
    figures 3 out/losses.md
    grep -qx 'Means of 2 runs; after ± their standard deviation.' out/losses.md
    experiment -q LOSSES="ce mse" out/losses.md

    # without one run's predictions, only it and the table; the model that stands is not trained again
    ls -i out/losses/ce_none_mean_1.model >before
    rm out/losses/ce_none_mean_1.predictions
    experiment -n losses LOSSES="ce mse" >plan
    expect_text '1 1 0' "$(grep -c '^fit' plan) $(grep -c '^evalm' plan) $(grep -c '^split' plan || true)"
    experiment -s losses LOSSES="ce mse" >again
    cmp printed again
    ls -i out/losses/ce_none_mean_1.model | cmp - before

    # without the division of seed 2, its runs, and the models anew
    ls -i out/losses/mse_none_mean_2.model >before
    rm out/split_2
    experiment -n losses LOSSES="ce mse" >plan
    expect_text 'ce_none_mean_2 mse_none_mean_2 ' \
        "$(grep '^fit' plan | sed 's/.*losses.\([^ ]*\)\.model.*/\1/' | sort | tr '\n' ' ')"
    experiment -s losses LOSSES="ce mse" >again
    cmp printed again
    run ! cmp -s before <(ls -i out/losses/mse_none_mean_2.model)

    # one more loss costs its own runs
    experiment -n losses LOSSES="ce mse soft" >plan
    expect_text 2 "$(grep -c '^fit' plan)"
}

@test "killed in the middle and started again, it ends in the same table" {
    prepare
    experiment -s losses OUT=whole LOSSES="ce mse soft" >want
    setsid make -s -j2 losses LOSSES="ce mse soft" "${tiny[@]}" >/dev/null 2>&1 3>&- & local pid=$!
    until [ -e out/losses/ce_none_mean_1.predictions ]; do sleep 0.01; done
    kill -9 -- -$pid
    wait $pid || true
    experiment -s losses LOSSES="ce mse soft" >got
    cmp want got
}

@test "results of other settings are refused, not mixed" {
    prepare
    experiment -s out/split_1
    expect_status 2 make losses DATA=few.csv FIT="--epochs 3"
    [[ $stderr == *"out was made with DATA=few.csv"*"give another OUT"* ]]
    experiment -q out/split_1
}

@test "grid: loss x weighting x pooling, best kappa first" {
    prepare
    experiment -s grid LOSSES="ce mse" WEIGHTINGS="balanced sample-sqrt" POOLINGS="mean cls" >printed
    cmp printed out/grid.md
    expect_text \
        "$(printf '%s\n' {ce,mse}'|'{balanced,sample-sqrt}'|'{cls,mean} 'loss|weighting|pooling' | sort)" \
        "$(rows 2-4 out/grid.md | sort)"
    figures 5 out/grid.md
    grep '^|' out/grid.md | sed 1,2d | cut -d'|' -f6 | cut -d' ' -f2 >kappas
    sort -c -g -r kappas
    # each weighting reaches fit
    show out/losses/ce_balanced_mean_1.model | grep -q -- '--class-weight balanced'
    show out/losses/ce_sample-sqrt_cls_2.model | grep -q -- '--sample sqrt.*--pool cls'
}

@test "rates: loss x learning rate" {
    prepare
    experiment -s rates RATE_LOSSES=mse RATES="1e-4 1e-3" >/dev/null
    expect_text $'loss|rate\nmse|1e-4\nmse|1e-3' "$(rows 2-3 out/rates.md)"
    figures 4 out/rates.md
}

@test "shares: training shrinks, what is held out does not" {
    prepare
    experiment -s shares SHARES="20 50 100" >/dev/null
    expect_text $'percent\n20\n50\n100' "$(rows 2 out/shares.md)"
    trained() { show --csv --where part=train "out/shares/$1" | sed 1d | wc -l; }
    for percent in 20 50 100; do
        { trained ${percent}_1.stream; trained ${percent}_2.stream; } | sort -n | uniq >counts
        expect_text "$percent|$(paste -sd- counts | sed s/-/to/)" \
            "$(rows 2-3 out/shares.md | grep "^$percent|")"
        # each of five classes has its share, rounded down or up
        [ $((($(trained ${percent}_1.stream) - $(trained 100_1.stream) * percent / 100) ** 2)) -le 25 ]
    done
    figures 4 out/shares.md
    for percent in 20 50; do
        cmp <(show --csv out/shares/${percent}_1.predictions | cut -d, -f1) \
            <(show --csv out/shares/100_1.predictions | cut -d, -f1)
    done
    rm out/shares/50_2.stream
    experiment -n shares SHARES="20 50 100" >plan
    expect_text 1 "$(grep -c '^fit' plan)"
}

@test "seeds: dividing by chance spreads the rarest class" {
    prepare
    experiment -s seeds DIVISIONS="1 2 3 4 5" >/dev/null
    expect_text 1 "$(cat out/seeds/rarest)"
    expect_text $'split\nstratify\nrandom' "$(rows 2 out/seeds.md)"
    figures 3 out/seeds.md
    for run in stratify_1 stratify_2 random_3; do
        show --where y=1 --stream out/seeds/$run.predictions | evalm -q --tsv >alone || true
        expect_text "$(sed -n 's/^accuracy\t//p' alone)" "$(sed -n 's/^recall\t//p' out/seeds/$run.tsv)"
        expect_text "$(show --csv --where y=1 out/seeds/$run.predictions | sed 1d | wc -l)" \
            "$(sed -n 's/^held\t//p' out/seeds/$run.tsv)"
    done
    # of 4 such essays chance holds out none, or several
    [[ $(rows 8 out/seeds.md | sed -n 3p) == *to* ]]
}

@test "lengths: tokens x long texts, and placeholders" {
    prepare
    experiment -s lengths LENGTHS="64 128" LONGS="head windows" PLACEHOLDERS="drop keep" >printed
    cat out/lengths.md <(echo) out/placeholders.md | cmp - printed
    expect_text $'tokens|long\n64|head\n64|windows\n128|head\n128|windows' "$(rows 2-3 out/lengths.md)"
    expect_text $'placeholders\ndrop\nkeep' "$(rows 2 out/placeholders.md)"
    figures 4 out/lengths.md
    figures 3 out/placeholders.md
    show --header out/lengths/64_windows_drop/whole | grep -q '"long": *"windows"'
    show --header out/lengths/128_head_keep/split_2 | grep -q '"placeholders": *"keep"'
    # the same essays are held out, whatever is read of them
    cmp <(show --csv out/lengths/64_head_drop_1.predictions | cut -d, -f1) \
        <(show --csv out/lengths/128_windows_drop_1.predictions | cut -d, -f1)
}

@test "epoch: prints the report, and the gate decides" {
    prepare
    run --separate-stderr experiment -s epoch
    [ "$status" -eq 2 ]
    [[ $output == *"  accuracy  "* && $stderr == *"expected at least 0.75"* && $output != *reached* ]]
    experiment -s epoch GATE=accuracy=0 >printed
    expect_text 'reached: accuracy=0' "$(tail -1 printed)"
    expect_text 1 "$(sed 1d out/epoch_1.model/epochs.csv | wc -l)"
}

@test "folds: every essay is scored once" {
    prepare
    experiment -s -j2 folds FOLDS=3 >printed
    cmp printed out/folds.txt
    expect_text $'0\n1\n2\nmean' "$(sed '1,/^  fold /d' printed | awk '{ print $1 }')"
    expect_text "$(show --csv out/tokens | sed 1d | cut -d, -f1 | sort)" \
        "$(show --csv out/folds/3_{0,1,2}.predictions | sed 1d | cut -d, -f1 | sort)"
    rm out/folds/3_1.predictions
    experiment -n folds FOLDS=3 >plan
    expect_text '1' "$(grep -c '^fit.*--fold 1 ' plan)"
    expect_text '1' "$(grep -c '^fit' plan)"
}

@test "frozen: layer x head, vectors made once for each layer" {
    prepare
    make -s frozen DATA=few.csv SEEDS="1 2" LAYERS="0 1" HEADS="ridge ordinal" >/dev/null
    expect_text $'layer|head\n0|ridge\n0|ordinal\n1|ridge\n1|ordinal' "$(rows 2-3 out/frozen.md)"
    figures 4 out/frozen.md
    rm out/frozen/1_ridge_2.tsv
    make -n frozen DATA=few.csv SEEDS="1 2" LAYERS="0 1" HEADS="ridge ordinal" >plan
    expect_text 1 "$(grep -c '^evalm' plan)"
    run ! grep -E '^(embed|split|fit) ' plan
    # by default every layer that the model has
    cp -r out/frozen/1_ridge_1.model small
    make -n frozen DATA=few.csv MODEL=small OUT=other | sed -n 's/^embed.* --layer \([0-9]*\) .*/\1/p' >layers
    expect_text "$(seq 0 "$(jq .num_hidden_layers small/config.json)")" "$(cat layers)"
}

# A model of one layer, as pretrained ones are found: 40 positions, so that essays are too long for it.
pretrained() { cp -r "$fixtures/model/trained" small; }

@test "lengths of a LAYER: vectors under a linear head" {
    prepare
    pretrained
    make -s lengths DATA=few.csv SEEDS="1 2" MODEL=small LAYER=1 LENGTHS=24 LONGS="head windows" >printed
    cat out/lengths_of_layer_1.md <(echo) out/placeholders_of_layer_1.md | cmp - printed
    expect_text $'tokens|long\n24|head\n24|windows' "$(rows 2-3 out/lengths_of_layer_1.md)"
    show --header out/lengths_of_layer_1/24_windows_drop/whole | grep -q '"kind": *"vectors"'
}

@test "defaults: each way over all folds, and against the first, essay by essay" {
    prepare
    experiment -s -j2 defaults FOLDS=2 WAYS="first quick" ways_quick="--max-steps 1" >printed
    cat out/defaults.md <(echo) out/defaults_paired.txt | cmp - printed
    expect_text $'way\nfirst\nquick' "$(rows 2 out/defaults.md)"
    figures 3 out/defaults.md
    for stream in out/defaults/{first,quick}_{1,2}.predictions; do
        expect_text "$(show --csv out/tokens | cut -d, -f1 | sort)" "$(show --csv "$stream" | cut -d, -f1 | sort)"
    done
    show out/defaults/folds/first_2_1.model | grep -q -- "--keep best --thresholds round --fold 1 --seed 2"
    expect_text 1 "$(grep -c "^quick_1 against first_1$" out/defaults_paired.txt)"
}

@test "probed: what is tuned starts from the fold's own head" {
    prepare
    pretrained
    make -s -j2 probed DATA=few.csv MODEL=small LAYER=1 FOLDS=2 PROBED="--max-steps 2" >printed
    cat out/probed.md <(echo) out/probed_paired.txt | cmp - printed
    expect_text $'way\nround\nprior\ntuned' "$(rows 2 out/probed.md)"
    figures 3 out/probed.md
    for fold in 0 1; do
        expect_text "$(show --csv out/probed/round_$fold.predictions | cut -d, -f1)" \
            "$(show --csv out/probed/tuned_$fold.predictions | cut -d, -f1)"
        show out/probed/tuned_$fold.model | grep -q -- "-m prior_$fold.model .*--fold $fold"
    done
    cat out/probed/tuned_{0,1}.predictions | show --csv | sed 1d | wc -l >count
    expect_text "$(show --csv out/tokens | sed 1d | wc -l)" "$(cat count)"
}

@test "results: a document of the default model and of a pretrained one" {
    prepare
    pretrained
    local how=(DATA=few.csv MODEL=small SEEDS="1 2" LOSSES=mse WEIGHTINGS=none POOLINGS=cls LAYERS=1 HEADS=ridge
        LONGS=head PLACEHOLDERS=drop FOLDS=2 PROBED="--max-steps 2" RESULTS_LAYER=1 LENGTHS=24
        WAYS="first ce" ways_first="--max-steps 1" ways_ce="--max-steps 2")
    make -s -j2 results "${how[@]}" >printed
    cmp printed out/results.md
    expect_text 7 "$(grep -c '^#' printed)"
    expect_text $'loss\nmse\nway\nfirst\nce\nlayer\n1\ntokens\n24\nplaceholders\ndrop\nway\nround\nprior\ntuned' "$(rows 2 printed)"
    grep -q 'Only these are right' printed
    # nothing is made again
    make -n results "${how[@]}" >plan
    run ! grep -E '^(tok|embed|split|fit) ' plan
    # with no model there is nothing to say of one
    make -s results DATA=few.csv OUT=alone SEEDS=1 LOSSES=mse WEIGHTINGS=none POOLINGS=cls \
        FIT="--scratch --shape 1,16,2 --max-steps 2" >printed
    expect_text 3 "$(grep -c '^#' printed)"
}

@test "table: means, deviations, ranges, what is undefined" {
    prepare
    printf 'qwk\t%s\naccuracy\t%s\nn\t%s\n' .1 .5 4 >a_x_1.tsv
    printf 'qwk\t%s\naccuracy\t%s\nn\t%s\n' .3 .5 5 >a_x_2.tsv
    printf 'qwk\t%s\naccuracy\t%s\nn\t%s\n' .25 '' 7 >b_x_1.tsv
    printf 'qwk\t%s\naccuracy\t%s\nn\t%s\n' .35 .75 7 >b_x_2.tsv
    ./table -s qwk 'loss -' 'kappa=qwk accuracy from_to=qwk:range n:count log_loss' ?_x_?.tsv >got
    cat >want <<'END'
| loss | kappa         | accuracy      | from to        | n      | log loss  |
| ---- | ------------- | ------------- | -------------- | ------ | --------- |
| b    | 0.300 ± 0.071 | 0.750 (1)     | 0.250 to 0.350 | 7      | undefined |
| a    | 0.200 ± 0.141 | 0.500 ± 0.000 | 0.100 to 0.300 | 4 to 5 | undefined |

Means of 2 runs; after ± their standard deviation.
END
    diff want got
}
