#!/usr/bin/env bash
# Runs every experiment of the spike on loopback and prints what happened, part by part.
#   ./run.sh [part ...]        parts: vectors torture cases tls sipp baresip asterisk load
#   GATE=--gate ./run.sh baresip asterisk      the same two with the gatekeeper in front
# Needs root for apt-get where SIPp or baresip are missing. WORK (default: a new folder below /tmp)
# takes logs; ASTERISK (default: WORK/asterisk) takes an Asterisk 22, fetched when absent.
set -uo pipefail
cd "$(dirname "$0")" || exit 1
here=$PWD
export WORK=${WORK:-$(mktemp -d /tmp/sip-stack-spike.XXXXXX)} RUST_BACKTRACE=0
ASTERISK=${ASTERISK:-$WORK/asterisk}
mkdir -p "$WORK"
[ $# -gt 0 ] || set -- vectors torture cases tls sipp baresip asterisk load

for tool in sipp:sip-tester baresip:baresip; do
  command -v "${tool%%:*}" >/dev/null || apt-get install -y -q --no-install-recommends "${tool##*:}" >"$WORK/apt.log" 2>&1
done
nice -n 10 cargo build -q --release --locked || exit 1
spike=${CARGO_TARGET_DIR:-target}/release/sip-stack-spike
pids=()
trap '[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null' EXIT

row() { printf '%-46s %s\n' "$1" "$2"; }
# serve NAME PORT [options]: the prototype in the background, at most 10 minutes
serve() {
  timeout -k 5 600 "$spike" serve --listen "127.0.0.1:$2" "${@:3}" >"$WORK/$1.log" 2>"$WORK/$1.err" &
  pids+=($!); sleep 0.6
}
stop() { kill "${pids[@]}" 2>/dev/null; wait "${pids[@]}" 2>/dev/null; pids=(); }
state() { sleep 1.2; tail -n 1 "$WORK/$1.log"; }
sip_port=6000
# sip NAME PORT [SIPp options]: SIPp against that port
sip() {
  local name=$1 port=$2 out=$WORK/sipp-${1//[^a-z0-9]/_}.out; sip_port=$((sip_port + 1))
  (cd "$WORK" && timeout -k 5 150 sipp -nostdin -i 127.0.0.1 -p $sip_port -timeout 140s "127.0.0.1:$port" "${@:3}" >"$out" 2>&1)
  local code=$?
  row "$name" "exit $code, $(awk -F'|' '/Successful call/ {s = $3} /Failed call/ {f = $3} END {print "successful" s ", failed" f}' "$out" | tr -s ' ')"
}

vectors() { nice -n 10 cargo test -q --release --locked 2>&1 | grep -E '^test |test result|panicked'; }
torture() { timeout -k 5 120 "$spike" torture; timeout -k 5 120 "$spike" torture --gate; }
cases() { timeout -k 5 240 "$spike" cases; }
tls() {
  row "TLS, no provider installed" "$(timeout -k 5 20 "$spike" tls 2>/dev/null)"
  row "TLS, aws-lc-rs installed first" "$(timeout -k 5 20 "$spike" tls --install 2>&1)"
}

sipp_part() {
  sipp -v | sed -n 2p
  local gate
  for gate in "" --gate; do
    echo "-- SIPp ${gate:-library alone}"
    serve plain 5960 $gate; serve auth 5962 --challenge md5 $gate; serve ring 5963 --ring 3000 $gate
    serve hang 5964 --hang-up 200 $gate; serve library 5965 --challenge md5 --library-verifier $gate
    sip "calls, UDP" 5960 -sn uac -m 50 -r 20 -d 200
    sip "calls, TCP" 5960 -sn uac -t t1 -m 50 -r 20 -d 200
    sip "re-INVITE, INFO, BYE" 5960 -sf "$here/sipp/reinvite.xml" -m 20 -r 20
    sip "CANCEL while ringing" 5963 -sf "$here/sipp/cancel.xml" -m 20 -r 20
    sip "BYE from the called side" 5964 -sf "$here/sipp/called_bye.xml" -m 20 -r 20
    sip "REGISTER with MD5" 5962 -sf "$here/sipp/register.xml" -m 20 -r 20
    sip "INVITE with MD5" 5962 -sf "$here/sipp/invite_auth.xml" -m 20 -r 20
    sip "REGISTER with MD5, library verifier" 5965 -sf "$here/sipp/register.xml" -m 20 -r 20
    for log in plain auth ring hang library; do row "state of $log" "$(state $log)"; done
    stop
  done
}

load() {
  serve load 5950
  row "before" "$(state load)"
  sip "500 calls at 50/s" 5950 -sn uac -m 500 -r 50 -d 100; sleep 40; row "40 s later" "$(state load)"
  local round
  for round in 1 2; do
    sip "3,000 calls at 50/s" 5950 -sn uac -m 3000 -r 50 -d 100
    row "CPU of the prototype so far" "$(ps -o cputimes= --ppid "${pids[0]}" | tr -d ' ') s"
    sleep 40; row "40 s later" "$(state load)"
  done
  stop
  serve lost 5951; sip "500 calls, 5 % of messages lost" 5951 -sn uac -m 500 -r 25 -d 500 -lost 5
  sleep 40; row "40 s later" "$(state lost)"; stop
}

baresip_part() {
  baresip -h 2>&1 | head -n 1
  serve baresip 5974 --challenge md5 ${GATE:-}
  local folder=$WORK/baresip; rm -rf "$folder"; mkdir -p "$folder"; cp baresip/* "$folder"; : >"$folder/contacts"
  "$spike" make-tone "$folder/tone.wav"; cp "$folder/tone.wav" "$folder/ringback.wav"
  (cd "$folder" && timeout -k 5 20 baresip -f "$folder" -t 6 -e '/dial sip:spike@127.0.0.1:5974' >out 2>&1)
  row "baresip registers" "$(grep -ac '200 OK () \[1 binding\]' "$folder/out") time(s)"
  row "baresip calls, hears its tone back" "$("$spike" tone "$folder"/dump*dec.wav 2>&1 | head -n 1)"
  (cd "$folder" && timeout -k 5 20 baresip -f "$folder" -t 8 >out2 2>&1) &
  sleep 2
  row "we call baresip and hear its tone" "$(timeout -k 5 20 "$spike" call --to sip:100@127.0.0.1:5990 --seconds 3 ${GATE:-} 2>&1 | tr '\n' ';')"
  wait $!
  row "state" "$(state baresip)"
  stop
}

asterisk_part() {
  [ -x "$ASTERISK/bin/asterisk-run" ] || timeout -k 5 600 bash ../../tests/peers/get-asterisk.sh "$ASTERISK" >"$WORK/get-asterisk.log" 2>&1
  local run=$ASTERISK/bin/asterisk-run user how
  "$run" --version
  serve md5 5971 --challenge md5 ${GATE:-}; serve sha 5972 --challenge sha-256 ${GATE:-}; serve library 5973 --challenge sha-256 --library-verifier
  rm -rf "$WORK/asterisk-run"
  timeout -k 5 120 "$run" "$here/asterisk" "$WORK/asterisk-run" >"$WORK/asterisk.log" 2>&1 &
  pids+=($!)
  timeout -k 5 60 "$run" --wait "$WORK/asterisk-run" 50
  cli() { timeout -k 5 10 "$run" --cli "$WORK/asterisk-run" "$1"; }
  sleep 12
  for user in md5 sha both; do
    for how in "" --own-digest --shim; do
      row "we call Asterisk as $user, ${how:-library}" "$(timeout -k 5 20 "$spike" call --to sip:echo@127.0.0.1:5980 --user $user --seconds 2 $how ${GATE:-} 2>&1 | tr '\n' ';' | cut -c1-230)"
    done
  done
  row "Asterisk hangs up" "$(timeout -k 5 20 "$spike" call --to sip:bye@127.0.0.1:5980 --user md5 --seconds 4 ${GATE:-} 2>&1 | tr '\n' ';')"
  row "Asterisk is busy" "$(timeout -k 5 20 "$spike" call --to sip:busy@127.0.0.1:5980 --user md5 --seconds 4 ${GATE:-} 2>&1 | tr '\n' ';')"
  cli 'channel originate PJSIP/to-md5 application Milliwatt'; cli 'channel originate PJSIP/to-sha application Milliwatt'
  sleep 2; cli 'channel request hangup all' >/dev/null; sleep 1
  row "channels left in Asterisk" "$(cli 'core show channels count' | head -n 1)"
  cli 'pjsip show registrations' | grep -E 'reg-(md5|sha)'
  for user in md5 sha library; do row "state of $user" "$(state $user)"; done
  stop
}

for part in "$@"; do
  echo "==== $part"
  case $part in
    sipp | baresip | asterisk) "${part}_part" ;;
    vectors | torture | cases | tls | load) "$part" ;;
    *) echo "unknown part $part"; exit 2 ;;
  esac
done
