package ws_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// protocolPage is the specification of the wire, which these tests hold to
// what is on it.
const protocolPage = "../docs/reference/protocol.md"

// TestProtocolPage sends every example of the page, each to a Server of its own.
func TestProtocolPage(t *testing.T) {
	examples := exchangesOf(t, readPage(t))
	if len(examples) < 30 {
		t.Errorf("%d examples: the page has lost some", len(examples))
	}
	for _, e := range examples {
		t.Run(strconv.Itoa(e.at), func(t *testing.T) {
			if err := e.carryOut(t, serveDesk(t)); err != nil {
				t.Errorf("%s:%v", protocolPage, err)
			}
		})
	}
}

// TestProtocolPageFails: an example that differs from what happens is found,
// wherever it differs.
func TestProtocolPageFails(t *testing.T) {
	const hello = "> GET /desk?access_token=ann HTTP/1.1\n> Host: x\n> Connection: Upgrade\n> Upgrade: websocket\n> Sec-WebSocket-Version: 13\n" +
		"> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n>\n"
	const welcome = "< HTTP/1.1 101 Switching Protocols\n< Upgrade: websocket\n< Connection: Upgrade\n< Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n<\n"
	for name, text := range map[string]string{
		"another answer":         "> {\"event\":\"echo\",\"data\":1}\n< {\"event\":\"echo\",\"data\":2}\n",
		"a member too few":       "> {\"event\":\"echo\",\"id\":1,\"data\":1}\n< {\"event\":\"echo\",\"data\":1}\n",
		"another code":           "> {\"event\":\"helo\"}\n< {\"event\":\"error\",\"data\":{\"code\":\"bad_frame\",…}}\n",
		"an answer left out":     "> {\"event\":\"echo\",\"data\":1}\n",
		"an answer that is none": "> {\"event\":\"release\"}\n< {\"event\":\"release\",\"data\":null}\n",
		"another order":          "> {\"event\":\"say\",\"id\":1,\"data\":{\"text\":\"a\"}}\n< {\"event\":\"say\",\"id\":1,\"data\":1}\n",
		"another close code":     "> bytes 81 02 7b 7d\n< Close 1003 protocol: frame not masked\n",
		"another reason":         "> bytes 81 02 7b 7d\n< Close 1002 frame not masked\n",
		"a close left out":       "> bytes 81 02 7b 7d\n",
		"a close that is none":   "> {\"event\":\"echo\",\"data\":1}\n< {\"event\":\"echo\",\"data\":1}\n< Close 1000\n",
		"another pong":           "> Ping a\n< Pong b\n",
		"another status":         hello + strings.Replace(welcome, "101 Switching Protocols", "200 OK", 1),
		"a header too few":       hello + strings.Replace(welcome, "< Upgrade: websocket\n", "", 1),
		"a header too many":      hello + strings.Replace(welcome, "<\n", "< X: y\n<\n", 1),
		"another header":         hello + strings.Replace(welcome, "Accept: s3", "Accept: s4", 1),
		"another body":           strings.Replace(hello, "=ann", "=tom", 1) + "< HTTP/1.1 401 Unauthorized\n< Content-Type: application/json; charset=utf-8\n< Cache-Control: no-store\n< WWW-Authenticate: Bearer\n< X-Content-Type-Options: nosniff\n<\n< {\"code\":\"forbidden\",…}\n",
		"no such event":          "* the moon rises\n",
		"no such frame":          "> Push hello\n",
		"no such line":           "{\"event\":\"echo\"}\n",
	} {
		t.Run(name, func(t *testing.T) {
			if err := (exchange{text: text, within: 2 * time.Second}).carryOut(t, serveDesk(t)); err == nil {
				t.Errorf("passes:\n%s", text)
			} else {
				t.Log(err)
			}
		})
	}
}

// TestProtocolPageIsWhole: everything on the page that looks like a frame is in
// an example. The events and tokens that it describes are those of the Server
// that the examples are sent to. No code is missing in its tables.
func TestProtocolPageIsWhole(t *testing.T) {
	page := readPage(t)
	var sent strings.Builder
	for _, e := range exchangesOf(t, page) {
		sent.WriteString(e.text)
	}
	for _, m := range regexp.MustCompile("`([{>][^`]+)`").FindAllStringSubmatch(page, -1) {
		if !strings.Contains(sent.String(), m[1]) {
			t.Errorf("%s is in no example", m[1])
		}
	}

	var events []string
	for name := range newDesk("/desk").on {
		events = append(events, name)
	}
	sameWords(t, "events of the gateway", rowsUnder(t, page, "event | data | answer"), events)
	var tokens []string
	for name := range deskTokens {
		tokens = append(tokens, name)
	}
	sameWords(t, "tokens", slices.DeleteFunc(rowsUnder(t, page, "token | what becomes of it"), func(s string) bool { return s == "any other" }), tokens)

	codes := constants(t, "Code")
	listed := rowsUnder(t, page, "code | what it says")
	sameWords(t, "codes of errors", slices.Compact(listed), codes)
	var closes []string
	for _, row := range rowsUnder(t, page, "code | reason begins with") {
		if code, _, _ := strings.Cut(row, ","); code != "other" {
			closes = append(closes, strings.Split(row, ", ")...)
		}
	}
	sameWords(t, "codes of Close", slices.Compact(closes), constants(t, "CloseCode"))
}

// TestProtocolPageLimits: the defaults of the page are those of the table that
// is made from the options.
func TestProtocolPageLimits(t *testing.T) {
	limits, err := os.ReadFile("../docs/reference/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`\| \[`+"`"+`(\w+)`+"`"+`\]\(limits\.md#\w+\) \| ([^|]+) \|`).FindAllStringSubmatch(readPage(t), -1)
	if len(rows) < 10 {
		t.Errorf("%d limits: the page has lost its table", len(rows))
	}
	for _, row := range rows {
		have := regexp.MustCompile(`(?m)^\| \[` + "`" + row[1] + "`" + `\]\(#\w+\) \|[^|]+\| ([^|]+) \|`).FindSubmatch(limits)
		if have == nil || string(have[1]) != row[2] {
			t.Errorf("%s is %s by default here, and %s", row[1], row[2], have)
		}
	}
}

func readPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(protocolPage)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// exchangesOf returns the page's examples. It has no other fenced blocks: one
// that is not sent could say anything.
func exchangesOf(t *testing.T, page string) (out []exchange) {
	t.Helper()
	lines := strings.Split(page, "\n")
	for i := 0; i < len(lines); i++ {
		kind, fenced := strings.CutPrefix(strings.TrimSpace(lines[i]), "```")
		if !fenced {
			continue
		}
		first := i + 1
		for i++; i < len(lines) && lines[i] != "```"; i++ {
		}
		if kind != "wire" || i == len(lines) {
			t.Fatalf("%s:%d: a block that no test sends: %q", protocolPage, first, kind)
		}
		out = append(out, exchange{at: first + 1, text: strings.Join(lines[first:i], "\n") + "\n"})
	}
	return out
}

// rowsUnder returns the first cells of the table whose head begins so.
func rowsUnder(t *testing.T, page, head string) (cells []string) {
	t.Helper()
	_, table, found := strings.Cut(page, "\n| "+head)
	if !found {
		t.Fatalf("the page has no table %q", head)
	}
	for line := range strings.Lines(table[strings.Index(table, "\n")+1:]) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		if cell := strings.TrimSpace(strings.Split(line, "|")[1]); !strings.HasPrefix(cell, "--") {
			cell, _, _ = strings.Cut(strings.TrimPrefix(cell, "`"), "`")
			cells = append(cells, cell)
		}
	}
	return cells
}

// constants returns the values of all constants of a type that the runtime
// declares, in whichever package.
func constants(t *testing.T, of string) (values []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if typ, named := spec.Type.(*ast.Ident); named && typ.Name == of && len(spec.Values) == 1 {
				if value, plain := spec.Values[0].(*ast.BasicLit); plain {
					values = append(values, strings.Trim(value.Value, `"`))
				}
			}
			return true
		})
		return nil
	})
	if err != nil || len(values) == 0 {
		t.Fatalf("no constants of type %s: %v", of, err)
	}
	return values
}

func sameWords(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = sorted(got), sorted(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s on the page\n%s\nand in the code\n%s", what, fmt.Sprint(got), fmt.Sprint(want))
	}
}

// sorted returns each of the words once, in order.
func sorted(words []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(words)))
}
