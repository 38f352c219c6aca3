package contract_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/templates/tsclient"
)

// strictest are the settings under which a generated file has to compile.
const strictest = `"strict": true, "exactOptionalPropertyTypes": true, "noUncheckedIndexedAccess": true,
	"noPropertyAccessFromIndexSignature": true, "noImplicitOverride": true, "verbatimModuleSyntax": true,
	"isolatedModules": true, "noUnusedLocals": true, "noUnusedParameters": true, "noImplicitReturns": true,
	"noFallthroughCasesInSwitch": true, "skipLibCheck": true,
	"module": "nodenext", "moduleResolution": "nodenext", "target": "es2022"`

// What a user has: a page's library, or Node's types.
const (
	withDOM  = `"lib": ["es2022", "dom"], "types": []`
	withNode = `"lib": ["esnext"], "types": ["node"]`
)

// compile runs a version of TypeScript over files, with settings besides strictest,
// and returns the folder that it has written into.
func (n *node) compile(version, settings string, files ...string) (out string, err error) {
	return n.compileBy(version, strictest+", "+settings, files...)
}

// compileBy is compile with these settings alone.
func (n *node) compileBy(version, settings string, files ...string) (out string, err error) {
	out, err = os.MkdirTemp(n.built, "compiled-")
	if err != nil {
		return "", err
	}
	for i, name := range files {
		files[i] = fmt.Sprintf("%q", filepath.Join(n.built, name))
	}
	config := fmt.Sprintf(`{"compilerOptions": {%s, "rootDir": %q, "outDir": ".", "typeRoots": [%q]}, "files": [%s]}`,
		settings, n.built, filepath.Join(n.dir, "node_modules/@types"), strings.Join(files, ", "))
	if err := os.WriteFile(filepath.Join(out, "tsconfig.json"), []byte(config), 0o600); err != nil {
		return "", err
	}
	_, err = n.bin("typescript-"+version+"/bin/tsc", "--project", out)
	return out, err
}

// TestTypes compiles the client, and a user's lines, right and wrong, by the oldest
// TypeScript that knows what the client is written with and by the newest two.
func TestTypes(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	const (
		checked  = `, "noEmit": true`
		erased   = `, "noEmit": true, "erasableSyntaxOnly": true`
		declared = `, "declaration": true, "emitDeclarationOnly": true, "isolatedDeclarations": true`
	)
	for _, c := range []struct {
		name, version, settings string
		files                   []string
	}{
		{"5.2 in a page", "5.2", withDOM + checked, []string{"uses.ts"}},
		{"5.2 in Node", "5.2", withNode + checked, []string{"uses.ts", "sockets.ts"}},
		{"6.0 in a page", "6.0", withDOM + erased, []string{"uses.ts"}},
		{"6.0 in Node", "6.0", withNode + erased, []string{"uses.ts", "sockets.ts"}},
		{"6.0, declarations", "6.0", withNode + declared, []string{"client.ts"}},
		{"7.0 in a page", "7.0", withDOM + erased, []string{"uses.ts"}},
		{"7.0 in Node", "7.0", withNode + erased, []string{"uses.ts", "sockets.ts"}},
		{"7.0, declarations", "7.0", withNode + declared, []string{"client.ts"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := n.compile(c.version, c.settings, c.files...); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTypesAreLookedAt: what is wrong is complained of, and nothing else.
func TestTypesAreLookedAt(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	const broken = `import { BoardClient } from "./client.js";
export const n: string = await new BoardClient({ board: "kitchen" }).tally();
`
	if err := os.WriteFile(filepath.Join(n.built, "broken.ts"), []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := n.compile("7.0", withDOM+`, "noEmit": true`, "broken.ts")
	const want = "broken.ts(2,14): error TS2322: Type 'Tally' is not assignable to type 'string'."
	if err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "error TS") != 1 {
		t.Errorf("TypeScript says: %v", err)
	}
}

// TestNoAny: what a user sees has no any.
func TestNoAny(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	out, err := n.compile("7.0", withDOM+`, "declaration": true, "emitDeclarationOnly": true`, "client.ts")
	if err != nil {
		t.Fatal(err)
	}
	declared, err := os.ReadFile(filepath.Join(out, "client.d.ts"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range codeLines(string(declared)) {
		if regexp.MustCompile(`\bany\b`).MatchString(line) {
			t.Errorf("a user sees %s", line)
		}
	}
}

// TestFormat: prettier leaves the client alone, with histories and without.
func TestFormat(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	if _, err := n.bin("prettier/bin/prettier.cjs", "--print-width", "120", "--check", "client.ts", "lean.ts"); err != nil {
		t.Error(err)
	}
}

// TestCommonPart holds the part that is the same everywhere to its form.
func TestCommonPart(t *testing.T) {
	compiled := regexp.MustCompile(`^\s*(import|export \*|(export )?(const )?enum|(export )?namespace|declare)\b`)
	top := regexp.MustCompile(`^(?:export )?(?:abstract )?(?:async )?(?:class|interface|type|const|let|function) (\w+)`)
	lines := codeLines(tsclient.Common)
	for _, line := range lines {
		if compiled.MatchString(line) {
			t.Errorf("one file, of which types can be stripped, has no %s", line)
		}
		if m := top.FindStringSubmatch(line); m != nil && !strings.HasPrefix(strings.ToLower(m[1]), "ws") {
			t.Errorf("%s may be the name of a user's type; names here begin with Ws", m[1])
		}
	}
	if most := 600; len(lines) > most {
		t.Errorf("it has %d lines of code, and may have %d", len(lines), most)
	}
}

// codeLines are the lines that are neither empty nor comments.
func codeLines(text string) (code []string) {
	comment := regexp.MustCompile(`^\s*(//.*|/?\*.*)?$`)
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); !comment.MatchString(line) {
			code = append(code, line)
		}
	}
	return code
}
