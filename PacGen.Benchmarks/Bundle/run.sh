#!/bin/sh
# Runs PacGen on this machine's GPU and keeps what it did: the kernels' tests, a training, a benchmark, and PyTorch's steps where
# Python has PyTorch. Needs Linux on x86-64 with glibc, libstdc++ and NVIDIA's driver: no .NET, no CUDA toolkit.
#
#   ./run.sh [--data FOLDER] [--device NAME] [--output FOLDER] [--seconds S] [--fixtures FILTER] [--rows PATTERN] [--limit S]
#
#   --data FOLDER      the four MNIST files, as they are or as .gz: mnist-cnn is trained on them; without it an mlp on the embedded digits
#   --device NAME      cuda (without it), cuda:1, opencl, cpu, simulator; ./program/pacgen devices lists them
#   --output FOLDER    where everything is kept; without it results-DEVICE-DATE beside this script
#   --seconds S        how long the benchmark repeats each measurement; 0.5 without it
#   --fixtures FILTER  only these of the device's tests, such as FullyQualifiedName~MatMul
#   --rows PATTERN     only these rows of the benchmark, such as *perturb*
#   --limit S          after so many seconds a step is ended and counts as failed; 3600 without it
#
# A step that fails is said and the next one runs; the exit code is then 1. The folder's report.md tells everything.
set -u
here=$(cd "$(dirname "$0")" && pwd)
data= device=cuda output= seconds=0.5 fixtures= rows='*' limit=3600

usage() { sed -n '2,/^set -u/{/^set -u/d;s/^# \{0,1\}//;p;}' "$here/run.sh"; }
while [ $# -gt 0 ]; do
    case "$1" in
        --help | -h) usage; exit 0 ;;
        --data | --device | --output | --seconds | --fixtures | --rows | --limit)
            [ $# -ge 2 ] || { echo "run.sh: $1 needs a value; see ./run.sh --help" >&2; exit 2; }
            case "$1" in
                --data) data=$2 ;;
                --device) device=$2 ;;
                --output) output=$2 ;;
                --seconds) seconds=$2 ;;
                --fixtures) fixtures=$2 ;;
                --rows) rows=$2 ;;
                --limit) limit=$2 ;;
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

if ! "$here/program/pacgen" devices > "$output/devices.txt" 2>&1; then
    cat "$output/devices.txt" >&2
    echo "run.sh: the program doesn't start here: it needs glibc, libgcc_s and libstdc++ of a Linux of 2018 or later." >&2
    exit 1
fi
cat "$output/devices.txt"
if ! "$here/program/pacgen" devices --json | grep '"available":true' | grep -q "\"id\":\"$device\""; then
    echo "run.sh: there is no device $device here. The table above says what there is, and why a kind of device is missing." >&2
    case "$device" in cuda* | gpu) echo "run.sh: CUDA needs NVIDIA's driver (nvidia-smi shows whether it works); in a container, the container must be given the GPU." >&2 ;; esac
    exit 1
fi

failed=0
{
    echo "# PacGen on ${device}: what run.sh did"
    echo
    echo "- date: $(date -u '+%Y-%m-%d %H:%M') UTC"
    echo "- machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, $(uname -sr), $(. /etc/os-release 2>/dev/null && echo "$PRETTY_NAME")"
    command -v nvidia-smi > /dev/null && nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,power.limit --format=csv,noheader | sed 's/^/- GPU: /'
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
    { timeout --foreground -k 10 "$limit" "$@" 2>&1; echo $? > "$output/.status"; } | tee "$output/$file"
    status=$(cat "$output/.status")
    rm -f "$output/.status"
    said=
    if [ "$status" != 0 ]; then
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
step "Tests of the kernels and of training on $device" tests.txt 5 \
    "$here/program/PacGen.Tests" --progress off --no-ansi --filter "FullyQualifiedName~$device${fixtures:+&($fixtures)}"

if [ -n "$data" ]; then
    step "Training of mnist-cnn on MNIST, one epoch" train.txt 12 \
        "$here/program/pacgen" train --dataset mnist --data "$data" --no-download --model mnist-cnn --optimizer adam --perturb uniform --epochs 1 --device "$device"
else
    step "Training of an mlp on the embedded digits, no --data being given" train.txt 12 \
        "$here/program/pacgen" train --dataset digits --model mlp --optimizer adam --perturb uniform --epochs 5 --device "$device"
fi

peer=
if ! python3 -c 'import torch' > /dev/null 2>&1; then
    echo; echo "== PyTorch's steps: left out, python3 has no PyTorch here"
    printf "\n## PyTorch's steps\n\nLeft out: \`python3 -c 'import torch'\` fails here.\n" >> "$report"
else
    case "$device" in cuda*) where=$device ;; *) where=cpu ;; esac
    if [ "$where" != cpu ] && ! python3 -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then
        echo; echo "== PyTorch's steps: left out, PyTorch is here but sees no GPU"
        printf "\n## PyTorch's steps\n\nLeft out: PyTorch is there, but \`torch.cuda.is_available()\` is false.\n" >> "$report"
    else
        step "PyTorch's steps on $where" pytorch.txt 0 \
            sh -c 'python3 "$1/pytorch/steps.py" --device "$2" --seconds "$3" > "$4"' sh "$here" "$where" "$seconds" "$output/pytorch.jsonl"
        [ -s "$output/pytorch.jsonl" ] && peer="$output/pytorch.jsonl"
    fi
fi

if [ "$device" = simulator ]; then
    echo; echo "== Benchmark: left out, the simulator's times mean nothing"
else
    step "Benchmark on $device" benchmark.txt 0 \
        "$here/program/pacgen" bench --device "$device" --seconds "$seconds" --filter "$rows" --output "$output/benchmark.md" ${peer:+--peer "$peer"}
    [ -f "$output/benchmark.md" ] && { echo; sed 's/^#/##/' "$output/benchmark.md"; } >> "$report"
    case "$device" in cuda*)
        # Products and steps once more on tensor cores; cuBLAS where the machine has it.
        for products in tf32 cublas cublas-tf32; do
            case "$products" in cublas*) ldconfig -p 2>/dev/null | grep -q 'libcublas\.so\.1[123]' || continue ;; esac
            for kind in '*product*' '*convolution*' '*step*'; do
                name=benchmark-$products-$(echo "$kind" | tr -d '*')
                step "Benchmark with --products $products, $kind" "$name.txt" 0 \
                    "$here/program/pacgen" bench --device "$device" --products "$products" --seconds "$seconds" --filter "$kind" --output "$output/$name.md" ${peer:+--peer "$peer"}
                [ -f "$output/$name.md" ] && { echo; sed 's/^#/##/' "$output/$name.md"; } >> "$report"
            done
        done ;;
    esac
fi

echo
if [ $failed = 0 ]; then echo "All steps went well: $report"; else echo "Some steps failed: $report"; fi
exit $failed
