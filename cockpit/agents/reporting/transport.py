"""How a shell script on a VM asks board, feed and registry: by curl, else python3, else node.

The token is in no argument list: curl reads it from its standard input, the others from their environment.
"""

from __future__ import annotations

TRANSPORT = r"""
base=${VERS_INFRA_URL:-$VERS_VM_REGISTRY_URL}
while [ "$base" != "${base%/}" ]; do base=${base%/}; done

ask_by_python='
import http.client, os, sys, urllib.parse
method, url, limit, body, answer = sys.argv[1:6]
parts = urllib.parse.urlsplit(url)
secure = parts.scheme == "https"
kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
try:
    connection = kind(parts.hostname, parts.port, timeout=float(limit))
    headers = {"Content-Type": "application/json"}
    token = os.environ.get("VERS_AUTH_TOKEN", "")
    if token:
        headers["Authorization"] = "Bearer " + token
    data = open(body, "rb").read() if body else b""
    place = parts.path + ("?" + parts.query if parts.query else "")
    connection.request(method, place, data if body or method != "GET" else None, headers)
    reply = connection.getresponse()
    content = reply.read()
    open(answer, "wb").write(content)
    print(reply.status, end="")
except (OSError, http.client.HTTPException) as error:
    print(error, file=sys.stderr)
    print("000", end="")
'
ask_by_node='
const [method, url, limit, body, answer] = process.argv.slice(-5);
const fs = require("fs");
const client = require(url.startsWith("https:") ? "https" : "http");
const data = body ? fs.readFileSync(body) : Buffer.alloc(0);
const headers = {"Content-Type": "application/json"};
if (process.env.VERS_AUTH_TOKEN) headers.Authorization = "Bearer " + process.env.VERS_AUTH_TOKEN;
if (method !== "GET") headers["Content-Length"] = data.length;
const failed = (error) => { console.error(error.message); process.stdout.write("000"); process.exit(0); };
const timer = setTimeout(() => failed(new Error("no answer within " + limit + " s")), limit * 1000);
const request = client.request(url, {method, headers}, (reply) => {
  const parts = [];
  reply.on("data", (part) => parts.push(part));
  reply.on("error", failed);
  reply.on("end", () => {
    clearTimeout(timer);
    fs.writeFileSync(answer, Buffer.concat(parts));
    process.stdout.write(String(reply.statusCode));
  });
});
request.on("error", failed);
request.end(data);
'

# Names what can ask; nothing where nothing can.
asks_by() {
    for way in curl python3 node; do
        if command -v "$way" >/dev/null 2>&1; then echo "$way"; return 0; fi
    done
    return 1
}

# ask METHOD PATH [BODY-FILE]: prints the status, 000 if there was no answer, and leaves the answer in $answer.
ask() {
    case $(asks_by) in
    curl)
        set -- "$1" "$base$2" "$3"
        if [ -n "$3" ]; then
            set -- -X "$1" -H 'Content-Type: application/json' --data-binary "@$3" "$2"
        else
            set -- -X "$1" "$2"
        fi
        {
            [ -z "$VERS_AUTH_TOKEN" ] || printf 'header = "Authorization: Bearer %s"\n' \
                "$(printf '%s' "$VERS_AUTH_TOKEN" | sed 's/[\\"]/\\&/g')"
        } | curl -q -K - -sS --globoff --noproxy '*' --max-time "$limit" -o "$answer" -w '%{http_code}' "$@" || :
        ;;
    python3) python3 -c "$ask_by_python" "$1" "$base$2" "$limit" "${3:-}" "$answer" || printf 000 ;;
    node) node -e "$ask_by_node" -- "$1" "$base$2" "$limit" "${3:-}" "$answer" || printf 000 ;;
    *)
        echo 'none of curl, python3 and node is on the PATH' >&2
        printf 000
        ;;
    esac
}
"""
"""Wants `$limit`, the seconds a request may take, and `$answer`, a file; standard error says why there is none."""
