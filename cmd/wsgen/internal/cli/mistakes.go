package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// printMistakes prints diagnostics: for people to standard error, for programs
// to standard output, which then has nothing else. A command that answers with an
// object has them in it.
func (j *job) printMistakes(list diag.List) error {
	switch j.flags.format {
	case formatJSON:
		switch {
		case !j.flags.object:
			return diag.JSON(j.out, list, j.dir)
		case len(list) > 0:
			return listing{Gateways: []listedGateway{}, Pushes: []listedPush{}, Asks: []listedAsk{}}.withMistakes(j.out, list, j.dir)
		}
		return nil // the answer follows
	case formatGitHub:
		out := j.out
		if j.flags.stdout || j.flags.object {
			out = j.err // GitHub reads both
		}
		return diag.GitHub(out, list, repository(j.dir, os.Getenv("GITHUB_WORKSPACE")))
	}
	return diag.Text(j.err, list, diag.TextOptions{Dir: j.dir, Color: colors(j.err)})
}

// repository is the root folder of the repository that dir is in: annotations
// name files relative to it, wherever wsgen runs. In a workflow it is the
// outermost one in the runner's workspace, since a submodule is a part of that.
// Without any, dir is taken for it.
func repository(dir, workspace string) string {
	root := ""
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil && (root == "" || within(workspace, at)) {
			root = at
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	switch {
	case root != "":
		return root
	case within(workspace, dir):
		return workspace
	}
	return dir
}

// within reports whether dir is root or below it; nothing is within "".
func within(root, dir string) bool {
	rel, err := filepath.Rel(root, dir)
	return root != "" && err == nil && filepath.IsLocal(rel)
}

// mistakes prints diagnostics of which some are errors, and how many.
func (j *job) mistakes(list diag.List) error {
	if err := j.printMistakes(list); err != nil {
		return err
	}
	errs := 0
	var first diag.Code
	for _, d := range list {
		if d.Warning {
			continue
		}
		if errs++; errs == 1 {
			first = d.Code
		}
	}
	if j.flags.format == formatText {
		fmt.Fprintln(j.err)
	}
	j.errorf("%s, no file was changed; to read more: go tool wsgen explain %s", count(errs, "error", "errors"), first)
	return nil
}
