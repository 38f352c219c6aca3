package resolve

import (
	"fmt"
	"go/ast"
	"regexp"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
)

// complaint reads what Go says about a declaration or an import: the go command
// often adds what to run.
func (r *resolver) complaint(text string) (code diag.Code, message, help string) {
	message, commands, ok := advice(text)
	if !ok {
		return diag.TypeError, text, ""
	}
	if strings.HasPrefix(text, "could not import ") {
		message += ")"
	}
	return diag.MissingModule, message, "run: " + strings.Join(commands, " && ")
}

// advised is how the go command introduces the commands that it would have run.
var advised = regexp.MustCompile(`(?s)^(.*?)(?:;|\n\t\([^\n]*\))?\s+to (?:add|update)[^:\n]*:\s+(.*?)\)?$`)

// advice divides what the go command says into the complaint, on one line, and
// the commands that help.
func advice(text string) (complaint string, commands []string, ok bool) {
	m := advised.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return "", nil, false
	}
	for line := range strings.Lines(m[2]) {
		if line = strings.TrimSpace(line); line != "" {
			commands = append(commands, line)
		}
	}
	return strings.Join(strings.Fields(m[1]), " "), commands, len(commands) > 0
}

// noFolder reports an import of a package that this module should have, and has
// not. The go command would ask other modules for it.
func (r *resolver) noFolder(spec *ast.ImportSpec) bool {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return false
	}
	all := r.src.Paths()
	for _, p := range all {
		if p == path {
			return false // it is there, and broken
		}
	}
	folder, own := strings.CutPrefix(path, r.src.Module.Path+"/")
	if !own && strings.Contains(strings.Split(path, "/")[0], ".") {
		return false // another module's
	}
	var help string
	if near := directive.Closest(path, all); near != "" {
		help = diag.Meant(strconv.Quote(near))
	}
	for _, p := range all {
		if strings.HasSuffix(p, "/"+path) { // without the module's own path
			help = diag.Meant(strconv.Quote(p))
		}
	}
	if !own && help == "" {
		return false // perhaps one of the standard library's
	}
	if help == "" {
		help = "make the folder ./" + folder + " with a Go file in it, or correct the path"
	}
	r.reportOnce(diag.NoFolder, path, spec.Path, fmt.Sprintf("module %s has no package %s", r.src.Module.Path, path), help)
	return true
}
