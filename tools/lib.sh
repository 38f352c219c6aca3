# Shared by the scripts beside it: sourced, never run. Leaves the shell in the
# repository's root.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() { printf '==> %s\n' "$*"; }
fail() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# lack says what this machine does not have and what is left out for that. In
# CI nothing may be left out.
lack() {
	if [ "${CI:-}" = true ]; then
		fail "$1; with CI=true that is a failure. $2"
	fi
	printf 'note: %s\n      %s\n' "$1" "$2"
}

command -v go >/dev/null || fail "go is not in PATH; wsgen needs Go 1.26 or newer: https://go.dev/dl/"
command -v git >/dev/null || fail "git is not in PATH"
git rev-parse --git-dir >/dev/null 2>&1 || fail "$PWD is no git checkout; clone the repository instead"

# tree lists the files of the working tree that git knows, or would add, and
# that match one of the globs.
tree() {
	git ls-files -co --exclude-standard -- "${@/#/:(glob)}" ':(exclude,glob)**/testdata/**' |
		while read -r f; do [ ! -e "$f" ] || echo "$f"; done
}

# modules lists the folder of every module, the root's first.
modules() { tree '**/go.mod' | xargs -n1 dirname | sort; }

# has_go tells whether module $1 holds any Go file; the root does.
has_go() { [ "$1" = . ] || [ -n "$(tree "$1/**/*.go")" ]; }

# workspace lists the folders of the modules in go.work, the root's first.
workspace() { go list -m -f '{{.Dir}}' | sed "s,^$PWD/,,; s,^$PWD\$,.," | sort; }

# generated lists the files that make generate writes.
generated() { tree '**/ws_gen.go' '**/ws_wire_gen.go' '**/wire_gen.go' 'docs/reference/*.md'; }

# find_chromium sets CHROMIUM to a browser that starts, installing one where it
# may; it fails if there is none.
find_chromium() {
	local name
	for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" /Applications/Chromium.app/Contents/MacOS/Chromium; do
		if [ -n "$name" ] && name=$(command -v "$name") && "$name" --version >/dev/null 2>&1; then
			export CHROMIUM=$name
			return 0
		fi
	done
	if [ "${1:-}" != again ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		step "no Chromium here; as root: $chromium_install"
		sh -c "$chromium_install" >&2 || true
		find_chromium again
		return
	fi
	unset CHROMIUM
	return 1
}
chromium_install='apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium'
chromium_hint="Install it (Debian: apt-get install chromium; Fedora: dnf install chromium; macOS: brew install --cask chromium), or set CHROMIUM to a browser's path."

# need_module_files fetches what go.sum names, so that later steps do not wait
# for the network in silence.
need_module_files() {
	local m
	for m in $(workspace); do
		GOWORK=off go -C "$m" mod download 2>&1 | sed '/no module dependencies/d'
	done
}
