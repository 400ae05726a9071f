"""Scripts for the VM of the published server; each may be run again. The token stands in a file, and in no command."""

from __future__ import annotations

from cockpit.engine.infrastructure.scripts import PLACE, STOP_WITHOUT_SYSTEM

FIND_NODE = """
command -v npm >/dev/null && command -v git >/dev/null || exit 1
node=$(command -v node) || exit 1
"$node" -e 'process.exit(Number(process.versions.node.split(".")[0]) < 18 ? 1 : 0)' || exit 1
echo "$node $("$node" --version)"
"""
"""Print the path and the version of a Node that is new enough, where npm and git are there too."""

INSTALL_NODE = """
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends nodejs npm git ca-certificates
"""

BUILD = f"""
set -e
umask 077
mkdir -p "$HOME/{PLACE}"
cd "$HOME/{PLACE}"
if [ ! -f published/built ]; then
  rm -rf published
  GIT_TERMINAL_PROMPT=0 git clone --quiet --depth 1 "$1" published </dev/null >&2
  cd published
  PATH="$(dirname "$2"):$PATH"
  npm install --no-audit --no-fund --loglevel=error </dev/null >&2
  npm run build </dev/null >&2
  [ -f dist/server.js ] || {{ echo "the build made no dist/server.js" >&2; exit 1; }}
  git rev-parse HEAD >built
  how=built
else
  cd published
  how=present
fi
echo "$how $(cat built)"
"""
"""Fetch the repository `$1` and build it by the Node `$2`, unless that is done. Prints how, and the revision."""

ANSWERS = f"""
cd "$HOME/{PLACE}" || exit 1
[ "$(cat started 2>/dev/null)" = "$2" ] || exit 1
exec "$1" -e '
const token = require("fs").readFileSync("token", "utf8").trim();
fetch("http://127.0.0.1:" + process.argv[1] + "/registry/vms", {{headers: {{Authorization: "Bearer " + token}}}})
  .then(async (answer) => process.exit(answer.ok && (await answer.text()).includes("vms") ? 0 : 1))
  .catch(() => process.exit(1));
' "$3"
"""
"""Succeed if the server of revision `$2` answers at port `$3` and takes the token; `$1` is the Node."""

START = f"""
set -e
umask 077
cd "$HOME/{PLACE}"
place=$PWD
code=$1 node=$2 port=$3 extent=$4
cat >run-published <<END
#!/bin/sh
# The token comes from its file: in a command, everybody on this VM could read it.
cd "$place" || exit 1
VERS_AUTH_TOKEN=\\$(cat token) PORT=$port
export VERS_AUTH_TOKEN PORT
exec "$node" "$place/published/dist/server.js"
END
chmod 700 run-published
if [ "$extent" = whole ] && [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ]; then
  cat >/etc/systemd/system/swarm-services.service <<END
[Unit]
Description=The published coordination services
After=network.target
[Service]
ExecStart=$place/run-published
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
  how="started by systemd, and at each boot"
else
{STOP_WITHOUT_SYSTEM}
  setsid ./run-published </dev/null >log 2>&1 &
  echo $! >pid
  how="started; there is no systemd here, so a boot does not start it: run the same again then"
fi
echo "$code" >started
echo "$how"
"""
"""Start the server of revision `$1` by the Node `$2` at port `$3`, in place of what runs.

`$4` is `whole` on a VM with a system of its own. Prints how it was started.
"""
