package source

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/mark"
)

// Module is the main module: that of the folder wsgen runs in.
type Module struct {
	Path      string
	Dir       string     // absolute
	Go        string     // its go line, such as 1.26.0; "" if it has none
	generated mark.Files // what wsgen writes into its folders
	requires  map[string]bool
	ignored   []string        // by ignore lines
	indirect  map[string]bool // of requires, those that only other modules need
	tools     []string        // packages
}

// Requires reports whether the module's go.mod names path in a require line,
// direct or indirect.
func (m Module) Requires(path string) bool { return m.requires[path] }

// needs reports whether go.mod says that the module itself needs the module
// path: for its own packages, or as a tool.
func (m Module) needs(path string) bool {
	return m.requires[path] && (!m.indirect[path] || slices.ContainsFunc(m.tools, func(tool string) bool {
		return tool == path || strings.HasPrefix(tool, path+"/")
	}))
}

// FindModule returns the module that dir, an absolute path, belongs to.
func FindModule(dir string) (Module, error) { return findModule(dir) }

// findModule returns the module that dir belongs to.
func findModule(dir string) (Module, error) {
	for at := dir; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		if err == nil {
			return parseModule(at, string(text))
		}
		if info, statErr := os.Stat(filepath.Join(at, "go.mod")); !os.IsNotExist(err) && (statErr != nil || !info.IsDir()) {
			return Module{}, fmt.Errorf("cannot read go.mod: %w", err)
		}
		if at == filepath.Dir(at) {
			return Module{}, noModule(dir)
		}
	}
}

// noModule is the error for a folder that belongs to no module. The root of a
// workspace often has none: its modules stand below it.
func noModule(dir string) error {
	for at := dir; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.work"))
		if err == nil {
			uses := workspaceUses(string(text))
			if len(uses) == 0 {
				return fmt.Errorf("%s is a workspace without modules: make one with: go mod init example.com/name", at)
			}
			rel, err := filepath.Rel(dir, filepath.Join(at, filepath.FromSlash(uses[0])))
			if err != nil {
				rel = uses[0]
			}
			return fmt.Errorf("%s is in the workspace of %s, and in none of its modules (%s): wsgen works on one module at a time, as in: wsgen -C %s",
				dir, filepath.Join(at, "go.work"), strings.Join(uses, ", "), filepath.ToSlash(rel))
		}
		if at == filepath.Dir(at) {
			return fmt.Errorf("%s is not in a Go module: no go.mod here or above; run wsgen in your module, or make one with: go mod init example.com/name", dir)
		}
	}
}

// workspaceUses are the folders of the modules in a go.work.
func workspaceUses(text string) (folders []string) {
	block := false
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "//")
		words := strings.Fields(strings.ReplaceAll(line, "(", " ( "))
		switch {
		case len(words) == 0:
		case block && words[0] == ")":
			block = false
		case block:
			folders = append(folders, unquote(words[0]))
		case words[0] == "use" && len(words) == 2 && words[1] == "(":
			block = true
		case words[0] == "use" && len(words) == 2:
			folders = append(folders, unquote(words[1]))
		}
	}
	return folders
}

// parseModule reads what wsgen needs of a go.mod. The go command reads the
// file too, and is the one to complain about it.
func parseModule(dir, text string) (Module, error) {
	m := Module{Dir: dir, requires: map[string]bool{}, indirect: map[string]bool{}}
	block := ""
	for line := range strings.Lines(text) {
		line, comment, _ := strings.Cut(line, "//")
		words := strings.Fields(strings.ReplaceAll(line, "(", " ( ")) // require( is legal
		switch {
		case len(words) == 0:
			continue
		case block != "" && words[0] == ")":
			block = ""
			continue
		case block != "":
			words = append([]string{block}, words...)
		case len(words) == 2 && words[1] == "(":
			block = words[0]
			continue
		}
		if len(words) < 2 {
			continue
		}
		switch arg := unquote(words[1]); words[0] {
		case "module":
			m.Path = arg
		case "go":
			m.Go = arg
		case "require":
			m.requires[arg] = true
			if indirect(comment) {
				m.indirect[arg] = true
			}
		case "tool":
			m.tools = append(m.tools, arg)
		case "ignore":
			m.ignored = append(m.ignored, arg)
		}
	}
	if m.Path == "" {
		return m, fmt.Errorf("%s has no module line: add one, such as module example.com/name", filepath.Join(dir, "go.mod"))
	}
	return m, nil
}

// indirect reports whether the comment of a require line says that only other
// modules need what it names.
func indirect(comment string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(comment), ";")
	return strings.TrimSpace(word) == "indirect"
}

func unquote(s string) string {
	if u, err := strconv.Unquote(s); err == nil {
		return u
	}
	return s
}

// Ignores reports whether an ignore line of go.mod covers dir, a folder of the
// module: then no pattern with dots matches it, nor anything below. A line that
// begins with ./ is a path from the module's root, any other is folders that may
// stand anywhere.
func (m Module) Ignores(dir string) bool {
	if len(m.ignored) == 0 {
		return false
	}
	rel, err := filepath.Rel(m.Dir, dir)
	if err != nil || rel == "." {
		return false
	}
	path := slashed(rel)
	return slices.ContainsFunc(m.ignored, func(line string) bool {
		if from, ok := strings.CutPrefix(line, "./"); ok {
			return strings.HasPrefix(path, slashed(from))
		}
		return strings.Contains(path, slashed(line))
	})
}

// slashed is a path with slashes, at both ends as well: so folders are compared
// whole.
func slashed(path string) string {
	path = strings.Trim(filepath.ToSlash(path), "/")
	if path == "" {
		return "/"
	}
	return "/" + path + "/"
}

// importPath is the import path of a folder of the module.
func (m Module) importPath(dir string) string {
	rel, err := filepath.Rel(m.Dir, dir)
	if err != nil || rel == "." {
		return m.Path
	}
	return m.Path + "/" + filepath.ToSlash(rel)
}

// folder is the folder of an import path, if it lies in the module.
func (m Module) folder(path string) (string, bool) {
	if path == m.Path {
		return m.Dir, true
	}
	rel, ok := strings.CutPrefix(path, m.Path+"/")
	return filepath.Join(m.Dir, filepath.FromSlash(rel)), ok
}

// within reports whether dir is root or below it.
func within(root, dir string) bool {
	return dir == root || strings.HasPrefix(dir, root+string(filepath.Separator))
}
