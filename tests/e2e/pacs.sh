#!/usr/bin/env bash
# lorkd pacs against a real PACS on this machine: find, get, resume after a kill, scan, send.
. "$(dirname "$0")/common.sh"
[ -x /usr/sbin/Orthanc ] || skip "the package orthanc is not installed"
: "${LOOPBACK:?set LOOPBACK to the library that keeps servers on 127.0.0.1}"
work=$WORK/pacs
rm -rf "$work"
mkdir -p "$work/store"
read -r dicom http <<<"$(python3 -c '
import socket
s = [socket.socket() for _ in range(2)]
for x in s: x.bind(("127.0.0.1", 0))
print(*(x.getsockname()[1] for x in s))')"
cat >"$work/orthanc.json" <<END
{"StorageDirectory": "$work/store", "IndexDirectory": "$work/store", "HttpPort": $http, "DicomPort": $dicom,
 "DicomAet": "ORTHANC", "RemoteAccessAllowed": false, "Plugins": [],
 "DicomAlwaysAllowFind": true, "DicomAlwaysAllowGet": true}
END
LD_PRELOAD=$LOOPBACK TCP_NODELAY=1 /usr/sbin/Orthanc "$work/orthanc.json" >"$work/orthanc.log" 2>&1 &
orthanc=$!
trap 'kill -9 $orthanc 2>/dev/null || true' EXIT

pacs() { "$LORKD" pacs --nodes "$work/nodes.json" "$@"; }
pacs add ward --host 127.0.0.1 --port "$dicom" --called ORTHANC --timeout 5
for _ in $(seq 100); do pacs echo ward >/dev/null 2>&1 && break; sleep 0.2; done
pacs echo ward | has answers || fail "Orthanc does not answer: $(tail -3 "$work/orthanc.log")"
pacs nodes | has 'called ORTHANC' || fail "the node is not listed"
expect_error 'no PACS of the name .*other' pacs echo other

# Phantoms there, and nothing but they come back.
"$LORKD" phantom "$work/data" --patients 2 --resolution 0.5
pacs send ward "$work/data" | has 'stored' || fail "nothing was stored"
"$LORKD" --progress json pacs --nodes "$work/nodes.json" find ward --modality CT >"$work/found.json"
mapfile -t studies < <(python3 -c '
import json, sys
for line in open(sys.argv[1]):
    r = json.loads(line)
    if r["kind"] == "result": print(*(s["study"] for s in r["studies"]), sep="\n")' "$work/found.json")
[ "${#studies[@]}" = 2 ] || fail "expected 2 studies: $(cat "$work/found.json")"
pacs find ward --study "${studies[0]}" | has "${studies[0]}/" || fail "no series are listed"

# Killed on its way, it goes on where it was.
"$LORKD" pacs --nodes "$work/nodes.json" get ward --study "${studies[0]}" --study "${studies[1]}" --out "$work/images" \
  >/dev/null 2>&1 &
get=$!
for _ in $(seq 200); do [ -n "$(find "$work/images" -name '*.dcm' 2>/dev/null | head -3)" ] && break; sleep 0.02; done
kill -9 $get 2>/dev/null || true
wait $get 2>/dev/null || true
pacs get ward --study "${studies[0]}" --study "${studies[1]}" --out "$work/images" >"$work/get.txt"
grep -q complete "$work/get.txt" || fail "nothing was completed: $(cat "$work/get.txt")"
[ -z "$(find "$work/images" -name '.*')" ] || fail "rests are left: $(find "$work/images" -name '.*')"
there=$(find "$work/data" -name '*.dcm' | wc -l) here=$(find "$work/images" -name '*.dcm' | wc -l)
[ "$there" = "$here" ] || fail "$there objects went, $here came back"

# What came back is data as any other, labels included.
"$LORKD" scan "$work/images" | has '2 images, 2 with labels' || fail "the scan differs: $("$LORKD" scan "$work/images")"
pacs add dead --host 127.0.0.1 --port 1
expect_error 'nothing listens there' pacs get dead --series 1.2/1.2.3 --out "$work/none" --pause 0
echo "passed: retrieved, resumed and scanned ${#studies[@]} studies, $here objects"
