package resolve_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/resolve"
)

// TestManyStructs checks that generated code follows no more than 200 structs of a
// package, those that come first, and leaves the others to encoding/json.
func TestManyStructs(t *testing.T) {
	t.Parallel()
	const many = 210
	var src strings.Builder
	src.WriteString("package chat\n\n//ws:gateway /chat\ntype Chat struct{}\n\n//ws:subscribe all\nfunc (*Chat) All(a All) []All { return nil }\n\ntype All struct {\n")
	for i := range many {
		fmt.Fprintf(&src, "\tF%d S%d\n", i, i)
	}
	src.WriteString("}\n")
	for i := range many {
		fmt.Fprintf(&src, "\ntype S%d struct{ N int }\n", i)
	}
	dir := t.TempDir()
	mod := "module example.com/app\n\ngo 1.26.0\n\nrequire github.com/wsgen/wsgen v0.0.0\n\nreplace github.com/wsgen/wsgen => " + runtimeDir + "\n"
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := write(dir, &txtar.Archive{Files: []txtar.File{{Name: "chat/chat.go", Data: []byte(src.String())}}}); err != nil {
		t.Fatal(err)
	}
	got := run(t, dir, nil, resolve.Options{})
	structs := 0
	for line := range strings.Lines(got) {
		words := strings.Fields(line)
		if len(words) > 2 && words[0] == "codec" && words[2] == "struct" {
			structs++
		}
	}
	if structs != 200 || !strings.Contains(got, " F0=F0:3 ") || !strings.Contains(got, " F209=F209:0") || strings.Contains(got, " F198=F198:0") || !strings.Contains(got, " F199=F199:0") {
		t.Errorf("%d structs have codecs:\n%s", structs, got)
	}
}
