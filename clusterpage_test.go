package wsgen_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// operating is the page for those who run a cluster.
const operating = "docs/guide/cluster-operating.md"

// TestOperatingPage checks that the page for operators names all that a node of a
// cluster says of itself: its numbers with their metrics, those of histories and of
// presence among them, its changes, the lines of its log, what Readyz answers, and the
// alerts. Nothing else that looks like an alert is on it.
func TestOperatingPage(t *testing.T) {
	page := text(t, operating)
	runtime := map[string]*ast.File{}
	for _, s := range repository(t, "runtime") {
		runtime["runtime/"+s.path] = s.file
	}
	named := func(what string, all []string, least int) {
		t.Helper()
		if len(all) < least {
			t.Errorf("%d %s were found, and there are more: %q", len(all), what, all)
		}
		for _, one := range all {
			if !strings.Contains(page, "`"+one+"`") {
				t.Errorf("%s does not have, of the %s, `%s`", operating, what, one)
			}
		}
	}
	part := page // in which the next table is
	same := func(what, pattern string, all []string, least int) {
		t.Helper()
		if len(all) < least {
			t.Errorf("%d %s were found, and there are more: %q", len(all), what, all)
		}
		if on := found(part, pattern); !slices.Equal(slices.Sorted(slices.Values(on)), slices.Sorted(slices.Values(all))) {
			t.Errorf("%s has of the %s\n%q, and there are\n%q", operating, what, on, all)
		}
	}
	prometheus, otel := text(t, "runtime/metrics/prom/internal/series/series.go"), text(t, "runtime/metrics/otel/watch.go")+text(t, "runtime/metrics/otel/kept.go")
	for _, numbers := range []struct {
		title, file, of, prometheus, otel string
		least                             int
	}{
		{"Numbers", "cluster.go", "ClusterStats", `"server_cluster_(\w+)"`, `\tadd\("([a-z.]+)"`, 17},
		{"Numbers of kept pushes", "keeper.go", "HistoryStats", `"server_history_(\w+)"`, `\thistory\("([a-z.]+)"`, 12},
		{"Numbers of presence", "presencestats.go", "PresenceStats", `"server_presence_(\w+)"`, `"presence\.([a-z.]+)"`, 3},
	} {
		_, below, _ := strings.Cut(page, "\n## "+numbers.title+"\n")
		part, _, _ = strings.Cut(below, "\n## ")
		stats := slices.DeleteFunc(fields(runtime["runtime/"+numbers.file], numbers.of), func(name string) bool { return name == "Name" })
		same("fields of "+numbers.of, "(?m)^\\| `(\\w+)` \\| `\\w+` \\| `[\\w.]+` \\|", stats, numbers.least)
		same("metrics of Prometheus", "(?m)^\\| `\\w+` \\| `(\\w+)` \\| `[\\w.]+` \\|", found(prometheus, numbers.prometheus), numbers.least)
		same("metrics of OpenTelemetry", "(?m)^\\| `\\w+` \\| `\\w+` \\| `([\\w.]+)` \\|", found(otel, numbers.otel), numbers.least)
	}
	part = page
	named("changes", returned(runtime["runtime/observer.go"], "String"), 7)
	named("reasons", returned(runtime["runtime/node.go"], "dropReason"), 4)
	var logged []string
	for _, file := range []string{"node.go", "nodekeep.go", "nodehistory.go", "arrive.go", "relay.go", "new.go"} {
		logged = append(logged, lines(runtime["runtime/"+file])...)
	}
	logged = slices.DeleteFunc(logged, func(line string) bool { return strings.HasPrefix(line, "shutdown: ") }) // an error
	same("lines of the log", "(?m)^\\| (?:info|warn|error|info, warn) \\| `([^`]+)` \\|", logged, 14)
	named("answers of Readyz", answers(runtime["runtime/readyz.go"]), 2)
	named("answers of Readyz for a node", slices.DeleteFunc(returned(runtime["runtime/node.go"], "unready"), func(s string) bool { return s == "" }), 3)
	alerts := found(text(t, "runtime/metrics/prom/alerts.yml"), `alert: (Wsgen(?:Cluster|History)\w+)`)
	named("alerts", alerts, 10)
	for _, alert := range found(page, "`(Wsgen[A-Z]\\w+)`") {
		if !slices.Contains(alerts, alert) {
			t.Errorf("%s names %s, which is no alert of a cluster or of histories", operating, alert)
		}
	}
}

// found returns what the first group of a pattern has matched.
func found(in, pattern string) (all []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(in, -1) {
		all = append(all, m[1])
	}
	return all
}

// fields returns the names of a struct's fields.
func fields(file *ast.File, of string) (all []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, is := n.(*ast.TypeSpec)
		if !is || spec.Name.Name != of {
			return true
		}
		for _, f := range spec.Type.(*ast.StructType).Fields.List {
			for _, name := range f.Names {
				all = append(all, name.Name)
			}
		}
		return false
	})
	return all
}

// returned returns the strings that a function returns, but for "unknown".
func returned(file *ast.File, from string) (all []string) {
	for _, d := range file.Decls {
		f, is := d.(*ast.FuncDecl)
		if !is || f.Name.Name != from {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if r, is := n.(*ast.ReturnStmt); is {
				all = append(all, literals(r)...)
			}
			return true
		})
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "unknown" })
}

// lines returns what a file logs and fails with of the cluster, without "ws: ".
func lines(file *ast.File) (all []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		call, is := n.(*ast.CallExpr)
		if !is {
			return true
		}
		if f, is := call.Fun.(*ast.SelectorExpr); is && f.Sel.Name == "New" {
			return true // an error of a method, which its comment explains
		}
		for _, arg := range call.Args {
			if lit, is := arg.(*ast.BasicLit); is {
				for _, s := range literals(lit) {
					if line, ours := strings.CutPrefix(s, "ws: "); ours && !strings.Contains(line, "PingInterval") {
						all = append(all, line)
					}
				}
			}
		}
		return true
	})
	return all
}

// answers returns the strings that end a line.
func answers(file *ast.File) (all []string) {
	for _, s := range literals(file) {
		if strings.Contains(s, " ") && !strings.Contains(s, ";") { // the others are names of header fields
			all = append(all, s)
		}
	}
	return all
}

// literals returns the strings that are written in a part of a file.
func literals(in ast.Node) (all []string) {
	ast.Inspect(in, func(n ast.Node) bool {
		if lit, is := n.(*ast.BasicLit); is && lit.Kind == token.STRING {
			s, _ := strconv.Unquote(lit.Value)
			all = append(all, s)
		}
		return true
	})
	return all
}
