# get: models by name, from a hub on loopback that redirects, breaks off, lies, and from files.
load helper

# The weights are a fixture's, large enough that the hub gives their SHA-256.
hub_start() {
    mkdir -p hub/owner
    cp -r "$fixtures/model/classifier" hub/owner/small
    mkdir hub/owner/small/1_Pooling
    echo '{"pooling_mode_mean_tokens": true}' >hub/owner/small/1_Pooling/config.json
    echo 'not needed' >hub/owner/small/train_script.py
    python3 "$root/tests/hub/server.py" "$PWD/port" "$PWD/hub" >server.log 2>&1 3>&- &
    server=$!
    for _ in $(seq 100); do [ ! -e port ] || break; sleep 0.05; done
    HF_ENDPOINT=http://127.0.0.1:$(cat port)
    export HF_ENDPOINT
    unset HF_TOKEN HF_HUB_OFFLINE http_proxy https_proxy all_proxy
}

setup_file() { export XDG_DATA_HOME=; }

start() {
    export XDG_DATA_HOME=$PWD/data
    models=$XDG_DATA_HOME/rubric/models
}

teardown() { [ -z "${server-}" ] || kill "$server"; }

# The installed model has the hub's bytes, the pooling's settings, and nothing that it does not need.
is_whole() {
    for file in config.json model.safetensors vocab.txt tokenizer_config.json 1_Pooling/config.json; do
        [ ! -e "hub/owner/small/$file" ] || cmp "hub/owner/small/$file" "$1/$file" || return 1
    done
    [ ! -e "$1/train_script.py" ] || return 1
    [ ! -e "$1.partial" ]
}

@test "a model of the hub is installed whole, named, and found by -m" {
    start
    hub_start
    expect_status 0 get owner/small
    [[ $stderr == *"licence of the model: apache-2.0"* ]]
    is_whole "$models/owner/small"
    jq -e '.from == "owner/small" and (.revision | length == 40) and .licence == "apache-2.0"' \
        "$models/owner/small/source.json"
    expect_status 0 get --list
    [[ $output == *"owner/small"* ]]
    expect_status 0 get --name small owner/small
    is_whole "$models/small"
    echo 'A text.' | tok -q --format text -m "$models/small" | show --json | grep '"ids"' >direct
    echo 'A text.' | tok --format text -m small 2>messages | show --json | grep '"ids"' >named
    cmp direct named
    grep -F "$models/small" messages
    expect_status 0 get --remove small
    [ ! -e "$models/small" ]
    expect_status 2 get --remove small
}

@test "a connection that breaks off is taken up where it stopped" {
    start
    hub_start
    expect_status 0 get --revision breaks owner/small
    is_whole "$models/owner/small"
    grep -E 'model.safetensors bytes=[1-9][0-9]*-' hub/requests
}

@test "a server that is busy is asked again" {
    start
    hub_start
    expect_status 0 get --revision busy owner/small
    is_whole "$models/owner/small"
}

@test "another run goes on with what an earlier one has" {
    start
    hub_start
    expect_status 0 get owner/small
    size=$(stat -c %s hub/owner/small/model.safetensors)
    mv "$models/owner/small" "$models/owner/small.partial"
    truncate -s $((size / 2)) "$models/owner/small.partial/model.safetensors"
    : >hub/requests
    expect_status 0 get owner/small
    is_whole "$models/owner/small"
    grep -F "model.safetensors bytes=$((size / 2))-" hub/requests
    run ! grep -F 'vocab.txt' hub/requests
}

@test "wrong bytes, too many, too few: refused, and nothing is installed" {
    start
    hub_start
    for how in wrong long short; do
        run --separate-stderr get --revision $how owner/small
        echo "$how: $status $stderr"
        [ "$status" -eq 4 ] || [ "$how,$status" = short,1 ]
        [ ! -e "$models/owner/small" ]
    done
    # what came wrong is not gone on with
    expect_status 0 get owner/small
    is_whole "$models/owner/small"
}

@test "a web page, a missing model, a token that is asked for: each is said" {
    start
    hub_start
    expect_status 4 get --revision html owner/small
    [[ $stderr == *"web page"* ]]
    expect_status 1 get owner/none
    [[ $stderr == *"404"* ]]
    expect_status 1 get --revision token owner/small
    [[ $stderr == *"HF_TOKEN"* ]]
    HF_TOKEN=wrong expect_status 1 get --revision token owner/small
    [[ $stderr == *"refuses the token"* ]]
    HF_TOKEN=secret expect_status 0 get --revision token owner/small
    is_whole "$models/owner/small"
}

@test "the token stays with the hub when it redirects to another host" {
    start
    hub_start
    HF_TOKEN=secret expect_status 0 get --revision redirect owner/small
    is_whole "$models/owner/small"
    grep -q '^1 .*Bearer secret' hub/requests
    grep -q '^2 ' hub/requests
    run ! grep '^2 .*secret' hub/requests
}

@test "offline, nothing is asked" {
    start
    hub_start
    HF_HUB_OFFLINE=1 expect_status 1 get owner/small
    [[ $stderr == *"HF_HUB_OFFLINE"* ]]
    [ ! -s hub/requests ]
}

@test "a wheel, a zip file, a directory; a wheel's digests are checked" {
    start
    cp -r "$fixtures/model/classifier" model
    python3 - <<'END'
import base64, hashlib, os, zipfile
for name, damage in (("good-1.0-py3-none-any.whl", False), ("bad-1.0-py3-none-any.whl", True)):
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as z:
        record = ""
        for file in sorted(os.listdir("model")):
            data = open("model/" + file, "rb").read()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += f"package/model/{file},sha256={digest},{len(data)}\n"
            if damage and file == "model.safetensors":
                data = data[:-1] + bytes([data[-1] ^ 1])
            z.writestr("package/model/" + file, data)
        z.writestr("package-1.0.dist-info/RECORD", record)
END
    expect_status 0 get good-1.0-py3-none-any.whl
    cmp model/model.safetensors "$models/good/model.safetensors"
    expect_status 4 get bad-1.0-py3-none-any.whl
    [[ $stderr == *"damaged"* ]]
    [ ! -e "$models/bad" ]
    expect_status 0 get --name copy model
    cmp model/model.safetensors "$models/copy/model.safetensors"
    expect_status 0 get --to "$PWD/here" --name copy model
    cmp model/model.safetensors here/copy/model.safetensors
}

@test "what get did not install is left alone" {
    start
    mkdir -p "$models/mine" "$models/other.partial" elsewhere
    echo precious >"$models/mine/config.json"
    echo precious >"$models/other.partial/notes"
    echo precious >elsewhere/file
    ln -s "$PWD/elsewhere" "$models/link"
    cp -r "$fixtures/model/classifier" model
    for name in mine other link; do
        expect_status 2 get -f --name $name model
        expect_status 2 get --remove $name
    done
    expect_text precious "$(cat "$models/mine/config.json")"
    expect_text precious "$(cat "$models/other.partial/notes")"
    expect_text precious "$(cat elsewhere/file)"
    # a file that somebody put beside an installed model
    expect_status 0 get --name own model
    echo precious >"$models/own/notes"
    expect_status 1 get --remove own
    expect_text precious "$(cat "$models/own/notes")"
}

@test "models that are no BERT, and names that are none, are refused before the weights come" {
    start
    hub_start
    jq '.model_type = "roberta"' hub/owner/small/config.json >config
    mv config hub/owner/small/config.json
    expect_status 4 get owner/small
    [[ $stderr == *"roberta"* ]]
    [ ! -e "$models/owner/small.partial" ]
    run ! grep -F 'resolve/' <(grep -F model.safetensors hub/requests)
    for name in unknown ../up a/b/c 'owner/../x'; do
        expect_status 2 get "$name"
    done
}
