#!/bin/sh
# Runs PacGen on this machine's GPU and keeps what it did: the kernels' tests, trainings, benchmarks by turns with PyTorch's steps
# where Python has PyTorch, profiles, and compute-sanitizer where there is one. Needs Linux on x86-64 with glibc, libstdc++ and
# NVIDIA's driver: no .NET, no CUDA toolkit.
#
#   ./run.sh [--data FOLDER] [--device NAME] [--output FOLDER] [--seconds S] [--fixtures FILTER] [--rows PATTERN]
#            [--limit S] [--budget S]
#
#   --data FOLDER      the four MNIST files, as they are or as .gz: mnist-cnn is trained on them; without it an mlp on the
#                      embedded digits
#   --device NAME      cuda (without it), cuda:1, opencl, cpu, simulator; ./program/pacgen devices lists them
#   --output FOLDER    where everything is kept; without it results-DEVICE-DATE beside this script
#   --seconds S        how long the benchmark repeats each measurement; 0.5 without it
#   --fixtures FILTER  only these of the device's tests, such as FullyQualifiedName~MatMul; none for no test
#   --rows PATTERN     only these rows of the benchmark, such as *perturb*
#   --limit S          after so many seconds a step is ended and counts as failed; 3600 without it
#   --budget S         after so many seconds no step is begun, and one that runs is ended; without it none. 540 fits ten minutes
#
# A step that fails is said and the next one runs; the exit code is then 1. The folder's report.md tells everything;
# results.tar.gz beside it has all files in one.
set -u
here=$(cd "$(dirname "$0")" && pwd)
data= device=cuda output= seconds=0.5 fixtures= rows='*' limit=3600 budget=
begun=$(date +%s)

usage() { sed -n '2,/^set -u/{/^set -u/d;s/^# \{0,1\}//;p;}' "$here/run.sh"; }
while [ $# -gt 0 ]; do
    case "$1" in
        --help | -h) usage; exit 0 ;;
        --data | --device | --output | --seconds | --fixtures | --rows | --limit | --budget)
            [ $# -ge 2 ] || { echo "run.sh: $1 needs a value; see ./run.sh --help" >&2; exit 2; }
            case "$1" in
                --data) data=$2 ;;
                --device) device=$2 ;;
                --output) output=$2 ;;
                --seconds) seconds=$2 ;;
                --fixtures) fixtures=$2 ;;
                --rows) rows=$2 ;;
                --limit) limit=$2 ;;
                --budget) budget=$2 ;;
            esac
            shift 2 ;;
        *) echo "run.sh: $1 is no option; see ./run.sh --help" >&2; exit 2 ;;
    esac
done

[ "$(uname -sm)" = "Linux x86_64" ] || { echo "run.sh: this bundle is for Linux on x86-64, not $(uname -sm)." >&2; exit 1; }
[ -z "$data" ] || [ -d "$data" ] || { echo "run.sh: --data $data: there is no such folder." >&2; exit 1; }
[ -n "$output" ] || output="$here/results-$(echo "$device" | tr ':' '-')-$(date -u +%Y%m%d-%H%M%S)"
mkdir -p "$output" || exit 1
output=$(cd "$output" && pwd)
report="$output/report.md"
export TESTINGPLATFORM_TELEMETRY_OPTOUT=1 TESTINGPLATFORM_NOBANNER=1

# Kernels that were compiled when the bundle was made, and those that will be: minutes, which a lent GPU need not wait for. What
# nobody has read for a month would be deleted.
mkdir -p "$here/cache/pacgen/kernels" && export XDG_CACHE_HOME="$here/cache" PACGEN_GPU_KERNELS=1
find "$here/cache" -name '*.kernel' -exec touch {} + 2>/dev/null

if ! "$here/program/pacgen" devices > "$output/devices.txt" 2>&1; then
    cat "$output/devices.txt" >&2
    echo "run.sh: the program doesn't start here: it needs glibc, libgcc_s and libstdc++ of a Linux of 2018 or later." >&2
    exit 1
fi
cat "$output/devices.txt"
if ! "$here/program/pacgen" devices --json | grep '"available":true' | grep -q "\"id\":\"$device\""; then
    echo "run.sh: there is no device $device here. The table above says what there is, and why a kind of device is missing." >&2
    case "$device" in cuda* | gpu)
        echo "run.sh: CUDA needs NVIDIA's driver (nvidia-smi shows whether it works); a container must be given the GPU." >&2 ;;
    esac
    exit 1
fi

failed=0
{
    echo "# PacGen on ${device}: what run.sh did"
    echo
    echo "- date: $(date -u '+%Y-%m-%d %H:%M') UTC"
    processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
    system=$(. /etc/os-release 2>/dev/null && echo "$PRETTY_NAME")
    echo "- machine: $processor, $(nproc) cores, $(uname -sr), $system"
    fields=name,driver_version,memory.total,clocks.max.sm,power.limit
    command -v nvidia-smi > /dev/null && nvidia-smi --query-gpu=$fields --format=csv,noheader | sed 's/^/- GPU: /'
    echo
    echo '```'
    cat "$output/devices.txt"
    echo '```'
} > "$report"

# step TITLE FILE LINES COMMAND...: runs a command, shows and keeps what it says, and puts its last lines into the report.
step() {
    title=$1 file=$2 lines=$3
    shift 3
    echo
    echo "== $title"
    started=$(date +%s)
    most=$limit
    if [ -n "$budget" ]; then
        left=$((begun + budget - started))
        if [ "$left" -lt 5 ]; then
            echo "Left out: the budget of $budget s is spent."
            printf '\n## %s\n\nLeft out: the budget of %s s was spent.\n' "$title" "$budget" >> "$report"
            return
        fi
        [ "$left" -ge "$most" ] || most=$left
    fi
    { timeout --foreground -k 10 "$most" "$@" 2>&1; echo $? > "$output/.status"; } | tee "$output/$file"
    status=$(cat "$output/.status")
    rm -f "$output/.status"
    said=
    if [ "$most" != "$limit" ] && { [ "$status" = 124 ] || [ "$status" = 137 ]; }; then
        said=", ended before its end: the budget of $budget s was spent"
        echo "Ended: the budget of $budget s is spent."
    elif [ "$status" != 0 ]; then
        failed=1
        said=", **failed with code $status**"
        echo "run.sh: $title failed with code $status; $output/$file has all it said." >&2
    fi
    {
        echo
        echo "## $title"
        echo
        echo "$(($(date +%s) - started)) s$said; all it said: \`$file\`"
        if [ "$lines" != 0 ]; then
            echo
            echo '```'
            grep -v ', batch [0-9]*/[0-9]*, ' "$output/$file" | tail -n "$lines"
            echo '```'
        fi
    } >> "$report"
}

# A test's name bears its device's.
[ "$fixtures" = none ] || step "Tests of the kernels and of training on $device" tests.txt 5 \
    "$here/program/PacGen.Tests" --progress off --no-ansi --filter "FullyQualifiedName~$device${fixtures:+&($fixtures)}"

# train TITLE FILE LINES OPTIONS...: trains with perturbed Adam.
train() {
    title=$1 file=$2 lines=$3
    shift 3
    step "$title" "$file" "$lines" "$here/program/pacgen" train --optimizer adam --perturb uniform --device "$device" "$@"
}

if [ -n "$data" ]; then
    set -- --dataset mnist --data "$data" --no-download --model mnist-cnn --epochs 1
    title='Training of mnist-cnn on MNIST, one epoch'
else
    set -- --dataset digits --model mlp --epochs 5
    title='Training of an mlp on the embedded digits, no --data being given'
fi
train "$title" train.txt 12 "$@"
train 'The same in bf16' train-bf16.txt 3 "$@" --precision bf16

case "$device" in cuda*) where=$device precisions='fp32 tf32 bf16' ;; *) where=cpu precisions='fp32 bf16' ;; esac
torch=yes
if ! python3 -c 'import torch' > /dev/null 2>&1; then
    torch= why="\`python3 -c 'import torch'\` fails here"
elif [ "$where" != cpu ] && ! python3 -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then
    torch= why="PyTorch is there, but \`torch.cuda.is_available()\` is false"
fi
if [ -z "$torch" ]; then
    echo; echo "== PyTorch's steps: left out, $why"
    printf "\n## PyTorch's steps\n\nLeft out: %s.\n" "$why" >> "$report"
fi

# bench NAME PATTERN OPTIONS...: tables of the rows that a pattern chooses, beside PyTorch's times of the turn, with a setting
# VARIABLE=VALUE if there is one.
setting=
bench() {
    name=$1 kind=$2
    shift 2
    step "Benchmark, $name" "$name.txt" 0 \
        env $setting \
        "$here/program/pacgen" bench --device "$device" --seconds "$seconds" --filter "$kind" --output "$output/$name.md" \
        ${peer:+--peer "$peer"} "$@"
    [ -f "$output/$name.md" ] && { echo; sed 's/^#/##/' "$output/$name.md"; } >> "$report"
}

# By turns in each precision: PyTorch, then PacGen. Without a budget there is time for all of PyTorch's rows, compiling included.
if [ -n "$budget" ]; then torchBudget=55; else torchBudget=900; fi
if [ "$device" = simulator ]; then
    echo; echo "== Benchmarks: left out, the simulator's times mean nothing"
else
    for precision in $precisions; do
        peer=
        if [ -n "$torch" ]; then
            step "PyTorch's steps in $precision on $where" "pytorch-$precision.txt" 0 \
                sh -c 'file=$1; shift; exec python3 "$@" > "$file"' sh "$output/pytorch-$precision.jsonl" \
                "$here/pytorch/steps.py" --device "$where" --seconds "$seconds" --precisions "$precision" --steps plain \
                --budget "$torchBudget"
            [ -s "$output/pytorch-$precision.jsonl" ] && peer="$output/pytorch-$precision.jsonl"
        fi
        case "$precision" in
            fp32) bench benchmark "$rows" ;;
            tf32) for kind in product convolution step; do bench "benchmark-tf32-$kind" "*$kind*" --products tf32; done ;;
            bf16) for kind in product convolution step; do bench "benchmark-bf16-$kind" "*$kind*" --precision bf16; done ;;
        esac
    done

    # What can be turned off or on: the same steps without it, or with it.
    peer=
    for precision in $precisions; do
        case "$precision" in
            fp32) options= ;;
            tf32) options='--products tf32' ;;
            bf16) options='--precision bf16' ;;
        esac
        case "$device:$precision" in
            cuda*:fp32) settings='MOMENTS=1 PASSES=0 LONG_SUMS=0 FUSION=0 TILES=auto TILES=measured BESIDE=1' ;;
            cuda*:bf16) settings='BF16_MEMORY=0 MOMENTS=1 PASSES=0 LONG_SUMS=0 FUSION=0 TILES=auto TILES=measured BESIDE=1' ;;
            cuda*) settings='MOMENTS=1 PASSES=0 LONG_SUMS=0 FUSION=0 TILES=auto TILES=measured BESIDE=1' ;;
            opencl*) settings='PASSES=0 FUSION=0' ;;
            *) settings= ;;
        esac
        for setting in $settings; do
            setting=PACGEN_GPU_$setting
            bench "steps-$precision-$(echo "${setting#PACGEN_GPU_}" | tr 'A-Z_=' 'a-z--')" '*step' $options
        done
        setting=
        case "$device" in cuda*)
            for kind in product convolution; do bench "tiles-$precision-$kind" "*$kind*" $options --tiles measured; done ;;
        esac
        case "$device:$precision" in
            cuda*:fp32 | opencl*:fp32) bench steps-fp32-winograd '*step' --convolutions fastest ;;
        esac
    done

    # Which kernels were the fastest.
    cp "${XDG_CACHE_HOME:-$HOME/.cache}"/pacgen/tiles-*.txt "$output" 2>/dev/null

    # Kernel by kernel, one at a time.
    for model in 'mnist-cnn, batch 1024*' 'wrn-16-1*' 'wrn-58-3*'; do
        name=profile-$(echo "$model" | tr -dc 'a-z0-9-')
        step "Profile of $model" "$name.txt" 0 \
            env PACGEN_CUDA_GRAPHS=0 "$here/program/pacgen" bench --device "$device" --profile "$model"
        step "Profile of $model in bf16" "$name-bf16.txt" 0 \
            env PACGEN_CUDA_GRAPHS=0 "$here/program/pacgen" bench --device "$device" --profile "$model" --precision bf16
    done
fi

case "$device" in cuda*)
    peer=
    toolkit=/usr/local/cuda/lib64
    cublas=
    if ldconfig -p 2>/dev/null | grep -q 'libcublas\.so\.1[123]'; then
        cublas=yes
    elif ls "$toolkit"/libcublas.so.1[123] > /dev/null 2>&1; then
        cublas=yes LD_LIBRARY_PATH=$toolkit${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
        export LD_LIBRARY_PATH
    fi
    for products in cublas cublas-tf32; do
        [ -n "$cublas" ] || continue
        bench "benchmark-$products-product" '*product*' --products "$products"
    done
    # Kernels on trial, by turns with those in their place.
    step "Tiles of staged products" staged-times.txt 3 \
        env PACGEN_TILE_TIMES="$output/staged-times.csv" PACGEN_TILE_SECONDS=100 \
        "$here/program/PacGen.Tests" --progress off --no-ansi --filter FullyQualifiedName~StagedProductTimes
    step "Parts of Winograd's convolutions" winograd-times.txt 3 \
        env PACGEN_WINOGRAD_TIMES="$output/winograd-times.csv" \
        "$here/program/PacGen.Tests" --progress off --no-ansi --filter FullyQualifiedName~WinogradTimes

    for tool in memcheck racecheck; do
        command -v compute-sanitizer > /dev/null || continue
        filter=
        for fixture in TensorProductTests FusedProductTests ComputedReduceTests MatMulTests Conv2dTests Pool; do
            filter="${filter:+$filter|}FullyQualifiedName~$fixture"
        done
        step "compute-sanitizer, $tool, over products, convolutions and pooling" "sanitizer-$tool.txt" 5 \
            compute-sanitizer --tool "$tool" --error-exitcode 9 "$here/program/PacGen.Tests" --progress off --no-ansi \
            --filter "FullyQualifiedName~$device&($filter)"
    done ;;
esac

(cd "$output" && tar -czf results.tar.gz --exclude=results.tar.gz ./*)
echo
if [ $failed = 0 ]; then echo "All steps went well: $report"; else echo "Some steps failed: $report"; fi
exit $failed
