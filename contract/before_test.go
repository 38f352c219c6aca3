package contract_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var before = regexp.MustCompile("(?s)\n## Before\n.*?\n```(?:type|java)script\n(.*?)```\n")

// TestBefore compiles and runs the programs in TypeScript and JavaScript that pages for
// those who come from elsewhere show for comparison, with the packages that they are
// about.
func TestBefore(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	// NestJS's decorators want types at run time, and its classes have fields that it sets.
	const settings = `"strict": true, "strictPropertyInitialization": false, "experimentalDecorators": true, "emitDecoratorMetadata": true,
		"skipLibCheck": true, "module": "nodenext", "moduleResolution": "nodenext", "target": "es2022"`
	for name, cases := range map[string]int{"nestjs": 3, "socketio": 2} {
		t.Run(name, func(t *testing.T) {
			page, err := os.ReadFile("../docs/guide/from-" + name + ".md")
			if err != nil {
				t.Fatal(err)
			}
			m := before.FindStringSubmatch(string(page))
			if m == nil {
				t.Fatal("the page has no program under Before")
			}
			around, err := os.ReadFile(filepath.Join("testdata/before", name+".ts"))
			if err != nil {
				t.Fatal(err)
			}
			folder, err := os.MkdirTemp(n.built, name+"-")
			if err != nil {
				t.Fatal(err)
			}
			base := filepath.Base(folder)
			n.write(t, filepath.Join(base, name+".ts"), strings.Replace(string(around), "/* the program */\n", m[1], 1))
			out, err := n.compileBy("6.0", settings+", "+withNode, filepath.Join(base, name+".ts"))
			if err != nil {
				t.Fatal(err)
			}
			printed, err := n.run(n.exe, filepath.Join(out, base, name+".js"))
			if err != nil {
				t.Fatal(err)
			}
			outcomes(t, strings.TrimSpace(printed), cases)
		})
	}
}
