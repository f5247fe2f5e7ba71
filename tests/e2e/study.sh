#!/usr/bin/env bash
# lorkd study: methods and seeds from one plan, killed in the middle and gone on with; then Python reads the table.
. "$(dirname "$0")/common.sh"
project=$WORK/study
rm -rf "$project"
# Two test patients a region: too few for an interval, but enough for one of the mean over the regions.
"$LORKD" demo --out "$project" --patients 15 --data-only "${small[@]}" --set data.split.test=0.4 >/dev/null 2>&1
runs=$project/runs
study=("$LORKD" study "$project/plan.json" --set name=small --set training.steps=6 --set teacher.steps=6
  --set evaluation.threshold=0.05 --set lowrank.scaling=alpha_over_layer_rank --methods lorkd,mtl,stl,teacher --seeds 1,2 --out "$runs")
"${study[@]}" >/dev/null 2>&1 &
pid=$!
for _ in $(seq 1200); do
  grep -qs '"kind":"step"' "$runs/small-mtl-1/events.jsonl" && break
  kill -0 $pid 2>/dev/null || break
  sleep 0.05
done
kill -9 $pid 2>/dev/null || fail "the study ended before it could be killed"
wait $pid 2>/dev/null || true
teacher=$(stat -c %Y%s "$runs/small-teacher-1/checkpoints/last.safetensors")
"${study[@]}" --jobs 2 >"$WORK/study.txt" 2>"$WORK/study.log" || fail "$(tail -3 "$WORK/study.log")"
[ "$teacher" = "$(stat -c %Y%s "$runs/small-teacher-1/checkpoints/last.safetensors")" ] || fail "a finished run was repeated"
grep -q '^report ' "$WORK/study.txt" && grep -q '^mean .*\[' "$WORK/study.txt" || fail "the table in the terminal"
# One division of the patients for all runs, and one cache.
for run in "$runs"/small-*-[12]; do
  cmp -s "$runs/small-study/cases.json" "$run/cases.json" || fail "other cases in $run"
  grep -q '"finished"' "$run/status.json" || fail "$run is not finished"
done
[ "$(find "$project/cache" -mindepth 1 -maxdepth 1 | wc -l)" = 1 ] || fail "the cache is not shared"
python3 - "$runs" <<'PY' || fail "the table"
import csv, json, os, statistics, sys
runs = sys.argv[1]
rows = {(r["task"], r["method"], r["metric"]): r for r in csv.DictReader(open(f"{runs}/small-study/results.csv", newline=""))}
for method, name in (("expert", "lorkd"), ("mtl", "mtl"), ("stl", "stl"), ("teacher", "teacher")):
    seeds = []
    for seed in (1, 2):
        metrics = json.load(open(f"{runs}/small-{name}-{seed}/metrics.json"))["rows"]
        whole = {(r["task"], r["metric"]): r["value"] for r in metrics if "case" not in r}
        single = [r for r in metrics if "case" in r]
        assert single and all(r["method"] == method and r["patient"] for r in single)
        seeds.append(whole)
        for task in ("head", "thorax", "abdomen"):
            classes = {}
            for r in single:
                if r["task"] == task and r["metric"].startswith("dice/"):
                    classes.setdefault(r["metric"], []).append(r["value"])
            mean = statistics.mean(statistics.mean(v) for v in classes.values())
            assert abs(mean - whole[task, "dice"]) < 1e-9, (method, task)
    mean = rows["mean", method, "dice"]
    assert abs(float(mean["value"]) - statistics.mean(s["mean", "dice"] for s in seeds)) < 1e-9
    assert float(mean["low"]) < float(mean["value"]) < float(mean["high"]) and mean["seeds"] == "2", mean
    assert int(mean["patients"]) == 6 and mean["interval"] == "t" and not mean["note"], mean
    for task in ("head", "thorax", "abdomen"):
        row = rows[task, method, "dice"]
        assert not row["low"] and row["note"] == "2 patients: too few for an interval", row
    for metric in ("parameters", "multiply_adds", "training_seconds", "peak_memory"):
        assert float(rows["all", method, metric]["value"]) > 0, (method, metric)
value = lambda task, method, metric: float(rows[task, method, metric]["value"])
for metric in ("parameters", "multiply_adds"):
    assert value("head", "expert", metric) == value("head", "mtl", metric) == value("head", "stl", metric)
    assert value("all", "stl", metric) == sum(value(t, "stl", metric) for t in ("head", "thorax", "abdomen"))
    assert value("all", "mtl", metric) < value("all", "stl", metric)
for method, name in (("expert", "lorkd"), ("mtl", "mtl")):  # conflict from the logged Gram matrices
    shares = []
    for seed in (1, 2):
        of_steps = []
        for line in open(f"{runs}/small-{name}-{seed}/events.jsonl"):
            e = json.loads(line)
            if e["kind"] != "conflict":
                continue
            gram = [[sum(layer[i][j] for layer in e["layers"].values()) for j in range(3)] for i in range(3)]
            pairs = [gram[i][j] for i in range(3) for j in range(i) if gram[i][i] > 0 < gram[j][j]]
            if pairs:
                of_steps.append(sum(g < 0 for g in pairs) / len(pairs))
        shares.append(statistics.mean(of_steps))
    assert abs(value("all", method, "pairs_in_conflict") - statistics.mean(shares)) < 1e-9, (method, shares)
# Differences from the experts: of each case's mean over the seeds, on the same patients.
def by_case(name, task):
    scores = {}
    for seed in (1, 2):
        for r in json.load(open(f"{runs}/small-{name}-{seed}/metrics.json"))["rows"]:
            if "case" in r and r["task"] == task and r["metric"].startswith("dice/"):
                scores.setdefault(r["metric"], {}).setdefault(r["case"], []).append(r["value"])
    return {metric: {case: statistics.mean(v) for case, v in cases.items()} for metric, cases in scores.items()}
paired = {(r["task"], r["method"], r["metric"]): r for r in csv.DictReader(open(f"{runs}/small-study/differences.csv", newline=""))}
for method in ("mtl", "stl", "teacher"):
    tasks = []
    for task in ("head", "thorax", "abdomen"):
        own, reference = by_case(method, task), by_case("lorkd", task)
        tasks.append(statistics.mean(statistics.mean(own[m][c] - reference[m][c] for c in own[m]) for m in own))
        row = paired[task, method, "dice"]
        assert abs(float(row["difference"]) - tasks[-1]) < 1e-9 and row["reference"] == "expert", (row, tasks)
        assert not row["low"] and "too few" in row["note"], row
    row = paired["mean", method, "dice"]
    assert abs(float(row["difference"]) - statistics.mean(tasks)) < 1e-9 and row["patients"] == "6", (row, tasks)
    assert abs(float(row["difference"]) - value("mean", method, "dice") + value("mean", "expert", "dice")) < 1e-9
    assert float(row["low"]) < float(row["difference"]) < float(row["high"]) and 0 < float(row["p"]) <= 1, row
assert ("mean", "expert", "dice") not in paired
page = open(f"{runs}/small-study/report.html").read()
for words in ("Gradient conflict", "Differences from LoRKD experts", "2 patients: too few for an interval"):
    assert words in page, words
assert json.load(open(f"{runs}/small-study/study.json"))["differences"], "the differences in study.json"
assert not os.path.exists(f"{runs}/small-study/status.json")
PY
for f in report.html study.json; do [ -s "$runs/small-study/$f" ] || fail "$f is missing"; done
if grep -rIlE 'PHANTOM-00|Phantom\^' "$runs" --include='*.json' --include='*.jsonl' --include='*.html' --include='*.csv'; then
  fail "patient names or ids in the study"
fi
# A run of single-task learning is a run like any other.
"$LORKD" export "$runs/small-stl-1" >/dev/null
"$LORKD" predict "$runs/small-stl-1" --task head >/dev/null
"$LORKD" evaluate "$runs/small-stl-1" | has '^mean' || fail "evaluating stl"
python3 - "$runs/small-stl-1/experts" "$runs/small-study/results.csv" <<'PY' || fail "exported experts of stl"
import csv, json, sys
sizes = {r["task"]: float(r["value"]) for r in csv.DictReader(open(sys.argv[2], newline="")) if r["method"] == "stl" and r["metric"] == "parameters"}
for task in ("head", "thorax", "abdomen"):
    manifest = json.load(open(f"{sys.argv[1]}/{task}/manifest.json"))
    assert manifest["parameters"] == sizes[task] and 0 <= manifest["parity"] <= 1e-5, manifest
PY
# Every method comes to its end, beside the runs that are there.
study_all=("$LORKD" study "$project/plan.json" --set name=small --set training.steps=6 --set teacher.steps=6
  --set evaluation.threshold=0.05 --set lowrank.scaling=alpha_over_layer_rank --out "$runs" --seeds 1)
methods=lorkd,mtl,stl,teacher,mtl_kd,stl_kd,pcgrad,moco,aligned_mtl
"${study_all[@]}" --methods $methods >"$WORK/study.txt" 2>"$WORK/study.log" || fail "$(tail -3 "$WORK/study.log")"
python3 - "$runs" ${methods//,/ } <<'PY' || fail "the study of all methods"
import csv, json, math, sys
runs, methods = sys.argv[1], sys.argv[2:]
rows = {(r["task"], r["method"], r["metric"]): r for r in csv.DictReader(open(f"{runs}/small-study/results.csv", newline=""))}
report = open(f"{runs}/small-study/report.html").read()
for name in methods:
    run, method = f"{runs}/small-{name}-1", "expert" if name == "lorkd" else name
    assert json.load(open(f"{run}/status.json"))["state"] == "finished", name
    assert math.isfinite(float(rows["mean", method, "dice"]["value"])), name
    assert f"small-{name}-1/report.html" in report, name
    events = [json.loads(line) for line in open(f"{run}/events.jsonl")]
    steps = [e for e in events if e["kind"] == "step"]
    assert [e["step"] for e in steps] == list(range(1, 7)) and all(math.isfinite(e["total"]) for e in steps), name
    taught = name in ("lorkd", "mtl_kd", "stl_kd")
    assert all(("transfer" in e["losses"]["head"]) == taught for e in steps), name
    separate = name in ("stl", "stl_kd")
    assert any(e["kind"] == "conflict" for e in events) != separate, name
PY
"$LORKD" export "$runs/small-stl_kd-1" --task thorax >/dev/null || fail "exporting stl_kd"
"$LORKD" evaluate "$runs/small-moco-1" | has '^mean' || fail "evaluating moco"
# What a truncated expert says of its factors: the rank that is left, and the scale of its training.
"$LORKD" export "$runs/small-lorkd-1" --task head --format factors --rank 1 --out "$WORK/study-factors" >/dev/null
python3 - "$WORK/study-factors/head/manifest.json" "$runs/small-lorkd-1/plan.json" <<'PY' || fail "the manifest of a truncated expert"
import json, sys
manifest, plan = (json.load(open(f)) for f in sys.argv[1:])
rank, alpha = plan["tasks"]["head"]["rank"], plan["lowrank"]["alpha"]
factor = plan["lowrank"]["decoder_factor"]
assert rank > 1 and plan["lowrank"]["scaling"] == "alpha_over_layer_rank"
assert manifest["rank"] == 1 and manifest["scale"] == alpha / rank, manifest
for layer, f in manifest["factors"].items():
    decoder = "decoder" in layer
    assert f == {"rank": factor if decoder else 1, "scale": alpha / (rank * factor if decoder else rank)}, (layer, f)
PY
# Other data under the same name is refused.
expect_error 'other data|another plan' "${study[@]}" --set data.split.test=0.3
echo "study: passed"
