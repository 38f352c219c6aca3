package goserver

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// article is a noun with its article.
func article(noun string) string {
	switch noun[0] {
	case 'A', 'E', 'I', 'O', 'a', 'e', 'i', 'o':
		return "an " + noun
	}
	return "a " + noun
}

// literal is a string as somebody would write it who has to read it.
func literal(text string) jen.Code {
	if strconv.CanBackquote(text) {
		return jen.Id("`" + text + "`")
	}
	return jen.Lit(text)
}

// fieldNames gives each parameter an exported field, distinct among them:
// encoding/json fills no other.
func fieldNames(params []model.Param) map[string]string {
	names := make(map[string]string, len(params))
	taken := make(map[string]bool, len(params))
	for _, p := range params {
		base := camel.Upper(strings.TrimLeft(p.Name, "_"))
		if base == "" || !unicode.IsUpper([]rune(base)[0]) {
			base = "P" + base
		}
		name := base
		for i := 2; taken[name]; i++ {
			name = base + strconv.Itoa(i)
		}
		taken[name] = true
		names[p.Name] = name
	}
	return names
}
