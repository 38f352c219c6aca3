#!/usr/bin/env bash
# make check: what is committed is what the sources make. Generated files are
# proved from nothing: deleted first, so that an orphan is found too.
source "$(dirname "$0")/lib.sh"

kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT

# state is what git sees of the tree: names, and the content that differs from
# the last commit.
state() {
	git status --porcelain
	git diff HEAD --binary 2>/dev/null || true
	git ls-files -o --exclude-standard | while read -r f; do git hash-object "$f"; done
}

if [ "${CI:-}" = true ] && [ -n "$(git status --porcelain)" ]; then
	git status --porcelain
	fail "the tree is not clean before the check; something that ran earlier writes into it"
fi
state >"$kept/before"

step "generated files: deleting all, then make generate twice"
generated >"$kept/files"
restore() {
	tar -xf "$kept/generated.tar"
	fail "make generate failed; the generated files are as they were before"
}
tar -cf "$kept/generated.tar" -T "$kept/files"
xargs rm -f -- <"$kept/files"
bash tools/generate.sh || restore
bash tools/generate.sh || restore
state >"$kept/after"
if ! diff -u "$kept/before" "$kept/after"; then
	fail "generated files were stale (+ is what make generate writes): run make generate and commit the result"
fi

step "go mod tidy -diff in every module"
untidy=()
for m in $(modules); do
	GOWORK=off go -C "$m" mod tidy -diff || untidy+=("$m")
done
[ "${#untidy[@]}" = 0 ] || fail "go.mod or go.sum is not tidy in: ${untidy[*]}; run GOWORK=off go mod tidy there"

bash tools/lint.sh

if [ "${CI:-}" = true ] && [ -n "$(git status --porcelain)" ]; then
	git status --porcelain
	fail "the check changed the tree"
fi
step "check passed: $(wc -l <"$kept/files" | tr -d ' ') generated files, $(modules | wc -l | tr -d ' ') modules"
