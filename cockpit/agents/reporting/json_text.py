"""How a shell script on a VM reads and writes JSON: with awk alone, since a VM may have nothing else."""

from __future__ import annotations

JSON = r"""
# Prints `path<TAB>value` for each value of the JSON on standard input; a line feed in a value is \036.
fields() {
    awk '
    function skip() { while (substr(s, p, 1) ~ /[ \t\r\n]/) p++ }
    function hex(digits,   i, n) {
        n = 0
        for (i = 1; i <= 4; i++) n = n * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
        return n
    }
    function bytes(n) {
        if (n < 128) return sprintf("%c", n)
        if (n < 2048) return sprintf("%c%c", 192 + int(n / 64), 128 + n % 64)
        if (n < 65536) return sprintf("%c%c%c", 224 + int(n / 4096), 128 + int(n / 64) % 64, 128 + n % 64)
        return sprintf("%c%c", 240 + int(n / 262144), 128 + int(n / 4096) % 64) \
            sprintf("%c%c", 128 + int(n / 64) % 64, 128 + n % 64)
    }
    function escaped(   c, n, low) {
        c = substr(s, p, 1)
        p++
        if (c == "n" || c == "r") return "\036"
        if (c == "t") return " "
        if (c == "b" || c == "f") return " "
        if (c != "u") return c
        n = hex(substr(s, p, 4))
        p += 4
        if (n >= 55296 && n < 56320 && substr(s, p, 2) == "\\u") {
            low = hex(substr(s, p + 2, 4))
            if (low >= 56320 && low < 57344) {
                p += 6
                return bytes(65536 + (n - 55296) * 1024 + low - 56320)
            }
        }
        if (n == 10 || n == 13) return "\036"
        if (n < 32 || n == 127) return "\\x" sprintf("%02x", n)
        if (n >= 55296 && n < 57344) n = 65533
        return bytes(n)
    }
    function text(   out, window, at) {
        p++
        out = ""
        while (p <= size) {
            window = substr(s, p, 256)
            at = match(window, /["\\]/)
            if (!at) {
                out = out window
                p += length(window)
                continue
            }
            out = out substr(window, 1, at - 1)
            p += at
            if (substr(window, at, 1) == "\"") return out
            out = out escaped()
        }
        exit 1
    }
    function value(path,   c, n, key) {
        skip()
        c = substr(s, p, 1)
        if (c == "{" || c == "[") {
            n = 0
            p++
            skip()
            if (substr(s, p, 1) ~ /[]}]/) {
                p++
                return
            }
            while (p <= size) {
                key = n++
                if (c == "{") {
                    skip()
                    key = text()
                    skip()
                    p++
                }
                value(path == "" ? key : path "." key)
                skip()
                p++
                if (substr(s, p - 1, 1) != ",") return
            }
            exit 1
        }
        if (c == "\"") {
            print path "\t" text()
            return
        }
        if (!match(substr(s, p, 40), /^[-+.0-9A-Za-z]+/)) exit 1
        c = substr(s, p, RLENGTH)
        p += RLENGTH
        if (c != "null") print path "\t" c
    }
    { s = s (NR > 1 ? "\n" : "") $0 }
    END { size = length(s); p = 1; value("") }
    '
}

# Prints a text as a JSON string.
quoted() {
    printf '%s' "$1" | awk '
    BEGIN {
        for (i = 1; i < 32; i++) as[sprintf("%c", i)] = sprintf("\\u%04x", i)
        as["\""] = "\\\""
        as["\\"] = "\\\\"
        as["\t"] = "\\t"
        printf "\""
    }
    {
        if (NR > 1) printf "\\n"
        for (i = 1; i <= length($0); i++) {
            c = substr($0, i, 1)
            printf "%s", (c in as) ? as[c] : c
        }
    }
    END { printf "\"" }
    '
}

# Prints a text as a part of a URL.
part() {
    printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'
}
"""
"""`fields` reads, `quoted` writes a text, `part` writes a part of a URL."""
