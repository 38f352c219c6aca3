package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// explainCode prints the page of a diagnostic, or the list of all.
func explainCode(_ context.Context, s streams, args []string) int {
	color := colors(s.out)
	switch {
	case len(args) == 1 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help"):
		return help(context.Background(), s, []string{"explain"})
	case len(args) == 0:
		fmt.Fprint(s.out, "What wsgen can say; \"wsgen explain CODE\" prints a code's page.\n\n")
		if diag.Index(s.out, color) != nil {
			return exitFail
		}
		return exitOK
	case len(args) > 1:
		s.errorf("explain takes one code, such as WS022")
		return exitUsage
	}
	page, ok := diag.FindPage(args[0])
	if !ok {
		var codes []string
		for _, p := range diag.Pages() {
			codes = append(codes, string(p.Code))
		}
		s.errorf("there is no diagnostic %s%s", args[0], didYouMean(strings.ToUpper(args[0]), codes))
		fmt.Fprintln(s.err, `Run "wsgen explain" for the list.`)
		return exitUsage
	}
	if diag.Explain(s.out, page, color) != nil {
		return exitFail
	}
	return exitOK
}
