package cli

import (
	"fmt"
	"os"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// The forms in which mistakes are printed.
const (
	formatText   = "text"
	formatJSON   = "json"
	formatGitHub = "github"
)

func formats() []string { return []string{formatText, formatJSON, formatGitHub} }

// printMistakes prints diagnostics: for people to standard error, for programs
// to standard output, which then has nothing else.
func printMistakes(s streams, dir, format string, list diag.List) error {
	switch format {
	case formatJSON:
		return diag.JSON(s.out, list, dir)
	case formatGitHub:
		// Annotations name files as the repository does, wherever wsgen runs.
		if root := os.Getenv("GITHUB_WORKSPACE"); root != "" {
			dir = root
		}
		return diag.GitHub(s.out, list, dir)
	}
	return diag.Text(s.err, list, diag.TextOptions{Dir: dir, Color: colors(s.err)})
}

// mistakes prints diagnostics of which some are errors, and how many.
func (j *job) mistakes(list diag.List) error {
	if err := printMistakes(j.streams, j.dir, j.flags.format, list); err != nil {
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
