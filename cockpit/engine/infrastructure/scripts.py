"""Scripts for the VM of the services; each may be run again. No token stands in any: it comes by standard input."""

from __future__ import annotations

PLACE = ".swarm/services"
"""Relative to the home directory: code, token, records and log."""

FIND_PYTHON = """
for name in python3 python3.14 python3.13 python3.12 python3.11; do
  command -v "$name" >/dev/null || continue
  "$name" -c 'import sqlite3, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
  exec "$name" -c 'import platform, sys; print(sys.executable, platform.python_version())'
done
exit 1
"""
"""Print the path and the version of a Python that is new enough."""

INSTALL_PYTHON = """
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends python3
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  apt-get install -y --no-install-recommends python3.12 || apt-get install -y --no-install-recommends python3.11
"""

KEEP_TOKEN = f"""
set -e
umask 077
mkdir -p "$HOME/{PLACE}"
cd "$HOME/{PLACE}"
if [ "$1" = yes ] || [ ! -s token ]; then
  cat >token.new
  [ -s token.new ]
  mv token.new token
fi
cat token
"""
"""Keep the token of standard input where there is none yet, or `$1` is `yes`; print the one that counts."""

UNPACK = f"""
set -e
umask 077
cd "$HOME/{PLACE}"
if [ -d "code-$1" ]; then cat >/dev/null; echo present; exit 0; fi
rm -rf new
mkdir new
"$2" -W ignore -c 'import sys, tarfile; tarfile.open(fileobj=sys.stdin.buffer, mode="r|gz").extractall("new")'
mv new "code-$1"
echo unpacked
"""
"""Unpack the archive of standard input with the digest `$1` by the Python `$2`."""

ANSWERS = f"""
cd "$HOME/{PLACE}" || exit 1
[ "$(cat started 2>/dev/null)" = "$2" ] || exit 1
exec "$1" -c '
import sys, urllib.request
token = open("token").read().strip()
opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
for host in ("127.0.0.1", "[::1]"):
    request = urllib.request.Request(f"http://{{host}}:{{sys.argv[1]}}/registry/vms")
    request.add_header("Authorization", f"Bearer {{token}}")
    try:
        with opener.open(request, timeout=5) as answer:
            sys.exit(0 if b"vms" in answer.read() else 1)
    except OSError:
        pass
sys.exit(1)
' "$3"
"""
"""Succeed if the services of digest `$2` answer at port `$3` and take the token; `$1` is the Python."""

STOP_WITHOUT_SYSTEM = """
  old=$(cat pid 2>/dev/null || :)
  runs() {
    [ -n "$old" ] && tr '\\0' ' ' <"/proc/$old/cmdline" 2>/dev/null |
      grep -q -e cockpit.embedded.services -e published/dist/server.js
  }
  if runs; then
    kill "$old" || :
    turn=0
    while runs && [ "$turn" -lt 100 ]; do sleep 0.1; turn=$((turn + 1)); done
    if runs; then kill -9 "$old" || :; fi
  fi"""
"""End the server that an earlier start left, ours or the published one; a part of a script."""

START = f"""
set -e
umask 077
cd "$HOME/{PLACE}"
place=$PWD
set -- "$@" -S -m cockpit.embedded.services --host "$3" --port "$4" --token-file "$place/token" \\
  --records "$place/records.sqlite"
digest=$1 python=$2 extent=$5
shift 5
if [ "$extent" = whole ] && [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ]; then
  cat >/etc/systemd/system/swarm-services.service <<END
[Unit]
Description=Board, feed and registry of Swarm Cockpit
After=network.target
[Service]
Environment="PYTHONPATH=$place/code-$digest"
ExecStart=$python $*
WorkingDirectory=$place
Restart=always
RestartSec=2
UMask=0077
[Install]
WantedBy=multi-user.target
END
  chmod 644 /etc/systemd/system/swarm-services.service
  systemctl daemon-reload
  systemctl enable swarm-services.service
  systemctl restart swarm-services.service
  said="started by systemd, and at each boot"
else
{STOP_WITHOUT_SYSTEM}
  PYTHONPATH="$place/code-$digest" setsid "$python" "$@" </dev/null >log 2>&1 &
  echo $! >pid
  said="started; there is no systemd here, so a boot does not start it: run the same again then"
fi
echo "$digest" >started
for other in code-*; do
  if [ "$other" != "code-$digest" ]; then rm -rf "$other"; fi
done
echo "$said"
"""
"""Start the services of digest `$1` by the Python `$2` at address `$3` and port `$4`, in place of those that run.

`$5` is `whole` on a VM with a system of its own. Prints how they were started.
"""

SAID = f"""
cd "$HOME/{PLACE}" || exit 0
if [ -s log ]; then tail -n 5 log; else journalctl -u swarm-services -n 5 --no-pager -o cat 2>/dev/null; fi
exit 0
"""
"""Print the last lines that the services wrote."""
