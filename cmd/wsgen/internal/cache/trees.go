package cache

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Folders are those below which a file may decide the run: the root of the
// module and of every other that it takes from a folder.
func Folders(q Query) []string {
	w, err := newWorld()
	if err != nil {
		return []string{q.Root}
	}
	roots, _ := w.trees(q)
	return slices.DeleteFunc(roots, func(dir string) bool { _, ok := exists(dir); return !ok })
}

// trees are the folders whose files decide the run: the module itself, the
// members of its workspace, and every folder that a replace names. Their other
// imports are Go's own or stand in the module cache.
func (w *world) trees(q Query) (roots, files []string) {
	seen := map[string]bool{}
	var visit func(dir string)
	visit = func(dir string) {
		if seen[dir] {
			return
		}
		seen[dir] = true
		roots = append(roots, dir)
		for _, to := range folders(filepath.Join(dir, "go.mod")) {
			visit(to)
		}
	}
	visit(q.Root)
	if work := w.workspace(q.Dir); work != "" {
		files = append(files, work, work+".sum")
		for _, to := range folders(work) {
			visit(to)
		}
		if vendor := filepath.Join(filepath.Dir(work), "vendor"); !seen[filepath.Dir(work)] {
			if _, ok := exists(vendor); ok {
				visit(vendor)
			}
		}
	}
	return roots, files
}

// workspace is the go.work file that the go command finds from dir, or "".
func (w *world) workspace(dir string) string {
	switch set := w.env["GOWORK"]; set {
	case "off":
		return ""
	case "", "auto":
	default:
		return set
	}
	for {
		work := filepath.Join(dir, "go.work")
		if info, ok := exists(work); ok && !info.IsDir() {
			return work
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// folders are the folders that a go.mod replaces modules with, or that a
// go.work uses. To take one too many costs time only.
func folders(file string) []string {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil // it is hashed as missing
	}
	var dirs []string
	block := ""
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "//")
		verb := block
		if verb == "" {
			verb, _, _ = strings.Cut(strings.TrimSpace(strings.ReplaceAll(line, "(", " ")), " ")
		}
		if strings.Contains(line, "(") {
			block = verb
		} else if strings.TrimSpace(line) == ")" {
			block = ""
		}
		if verb == "ignore" {
			continue // these are left out
		}
		for word := range strings.FieldsSeq(strings.NewReplacer("(", " ", ")", " ").Replace(line)) {
			if s, err := strconv.Unquote(word); err == nil {
				word = s
			}
			switch {
			case filepath.IsAbs(word):
				dirs = append(dirs, filepath.Clean(word))
			case word == "." || word == ".." || strings.HasPrefix(word, "./") || strings.HasPrefix(word, "../"):
				dirs = append(dirs, filepath.Join(filepath.Dir(file), filepath.FromSlash(word)))
			}
		}
	}
	return dirs
}
