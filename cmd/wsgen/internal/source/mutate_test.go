package source_test

import (
	"encoding/binary"
	"go/scanner"
	"go/token"
	"strings"

	"golang.org/x/tools/txtar"
)

// lexeme is a token of a file, by offset.
type lexeme struct {
	tok        token.Token
	start, end int
}

func (l lexeme) in(src string) string { return src[l.start:l.end] }

func lexemes(src string) []lexeme {
	file := token.NewFileSet().AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(file, []byte(src), func(token.Position, string) {}, scanner.ScanComments)
	var all []lexeme
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return all
		}
		if tok == token.SEMICOLON && lit == "\n" {
			continue
		}
		text := tok.String()
		if lit != "" {
			text = lit
		}
		start := file.Offset(pos)
		if end := start + len(text); end <= len(src) && src[start:end] == text { // not so if a carriage return was dropped
			all = append(all, lexeme{tok, start, end})
		}
	}
}

// typeTexts are what a mutation writes where a type stands.
var typeTexts = strings.Split(`int|string|bool|error|any|byte|rune|uintptr|complex128|float32|[]byte|[]string|[2]int|*int|**string|map[string]int|`+
	`map[int]any|map[[2]int]string|chan int|<-chan string|func()|func(int) error|struct{}|struct{ A int; b string }|struct{ T any "json:\"t\"" }|`+
	`interface{ M() }|*ws.Client|ws.Client|*ws.Server|ws.Sender|*ws.Error|ws.Error|context.Context|*http.Request|http.Handler|time.Time|time.Duration|`+
	`json.RawMessage|json.Number|iter.Seq[int]|iter.Seq2[string, error]|iter.Seq2[int, int]|ws.Push[int]|ws.Closed|ws.Message|*ws.Upgrade|ws.Target|*ws.Call|...int|T|big.Int`, "|")

// directiveTexts are what a mutation writes above a declaration.
var directiveTexts = strings.Split(`//ws:gateway /x|//ws:gateway /chat version=2|//ws:gateway /{id}/x|//ws:gateway / codec=std|//ws:gateway "/a b"|`+
	`//ws:subscribe|//ws:subscribe x|//ws:subscribe "a b"|//ws:subscribe $x|//ws:subscribe const=Name|//ws:subscribe y mode=serial|`+
	`//ws:subscribe y mode=parallel max=3 timeout=2s|//ws:subscribe y timeout=1m|//ws:connect|//ws:disconnect|//ws:configure|//ws:state|`+
	`//ws:guard G|//ws:guard Authn x.Y|//ws:guard *G|//ws:public|//ws:namespace|//ws:push|//ws:push namespace=N|//ws:event e|//ws:app|//ws:app chat|`+
	`//ws:subscrib x|// ws:push|//go:build linux|/*ws:state*/`, "|")

// optionTexts are what a mutation adds to a directive.
var optionTexts = strings.Split(`namespace=Admin|namespace=chat.Admin|version=1|version=0|version=x|protocol=events|codec=std|const=Name|const=x.Name|`+
	`mode=inline|mode=serial|mode=parallel|max=1|max=-1|timeout=1s|timeout=0|extra|"quo ted"|k=|é|/other|/{a}/{b...}|"\n"`, "|")

// mutate makes the changes to the files of a program that ops encode, five
// bytes each.
func mutate(files []txtar.File, ops []byte) {
	for ; len(ops) >= 5 && len(files) > 0; ops = ops[5:] {
		f := &files[int(ops[0]/kinds)%len(files)]
		if all := lexemes(string(f.Data)); len(all) > 1 {
			f.Data = []byte(change(string(f.Data), all, ops[0]%kinds, int(binary.BigEndian.Uint16(ops[1:])), int(binary.BigEndian.Uint16(ops[3:]))))
		}
	}
}

const kinds = 12 // of changes

func change(src string, all []lexeme, kind byte, i, j int) string {
	a, b := all[i%len(all)], all[j%len(all)]
	replace := func(l lexeme, text string) string { return src[:l.start] + text + src[l.end:] }
	only := func(is func(lexeme) bool) (lexeme, bool) {
		for n := range all {
			if l := all[(i+n)%len(all)]; is(l) {
				return l, true
			}
		}
		return lexeme{}, false
	}
	directive := func(l lexeme) bool { return l.tok == token.COMMENT && strings.Contains(l.in(src), "ws:") }
	ident := func(l lexeme) bool { return l.tok == token.IDENT }
	switch kind {
	case 0:
		return replace(a, "")
	case 1:
		return replace(a, a.in(src)+" "+a.in(src))
	case 2:
		if a.start > b.start {
			a, b = b, a
		}
		if a.end <= b.start {
			return src[:a.start] + b.in(src) + src[a.end:b.start] + a.in(src) + src[b.end:]
		}
	case 3:
		return replace(a, b.in(src))
	case 4:
		if l, ok := only(ident); ok {
			return replace(l, typeTexts[j%len(typeTexts)])
		}
	case 5:
		if l, ok := only(func(l lexeme) bool {
			return l.tok == token.FUNC || l.tok == token.TYPE || l.tok == token.PACKAGE || ident(l) && j%4 == 0
		}); ok {
			return replace(l, directiveTexts[j%len(directiveTexts)]+"\n"+l.in(src))
		}
	case 6:
		if l, ok := only(directive); ok {
			return replace(l, "")
		}
	case 7:
		if l, ok := only(directive); ok {
			return replace(l, directiveTexts[j%len(directiveTexts)])
		}
	case 8:
		if l, ok := only(directive); ok {
			return replace(l, l.in(src)+" "+optionTexts[j%len(optionTexts)])
		}
	case 9:
		if l, ok := only(func(l lexeme) bool { return l.tok == token.LPAREN }); ok {
			return replace(l, "(p "+typeTexts[j%len(typeTexts)]+", ")
		}
	case 10:
		if l, ok := only(func(l lexeme) bool { return l.tok == token.LBRACE }); ok {
			return replace(l, typeTexts[j%len(typeTexts)]+" {")
		}
	case 11: // one identifier becomes another wherever it stands
		if l, ok := only(ident); ok && ident(b) {
			return rename(src, all, l.in(src), b.in(src))
		}
	}
	return src
}

func rename(src string, all []lexeme, from, to string) string {
	var out strings.Builder
	at := 0
	for _, l := range all {
		if l.tok == token.IDENT && l.in(src) == from {
			out.WriteString(src[at:l.start] + to)
			at = l.end
		}
	}
	return out.String() + src[at:]
}
