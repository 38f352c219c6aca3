package settings

import (
	"errors"
	"go/token"
	"slices"
	"strings"
)

// typeSetting is the name of the setting that says what a type is in JSON.
const typeSetting = "type"

// form reads the value of that setting:
//
//	import/path.Name = type [format=format]
//
// What type is, and whether there is such a type as that of the name, is found later,
// when packages are read.
func (s *Settings) form(value string) error {
	name, code, found := strings.Cut(value, "=")
	f := Form{Name: strings.TrimSpace(name)}
	dot := strings.LastIndexByte(f.Name, '.')
	words := strings.Fields(code)
	if n := len(words); n > 1 {
		if format, is := strings.CutPrefix(words[n-1], "format="); is && format != "" {
			f.Format, words = format, words[:n-1]
		}
	}
	f.Type = strings.Join(words, " ")
	switch {
	case !found || strings.ContainsAny(f.Name, " \t") || dot < 1 || dot < strings.LastIndexByte(f.Name, '/') || !token.IsExported(f.Name[dot+1:]):
		return errors.New(value + ": write import path and name of a type, an equals sign, and the type of Go that has the same JSON, such as github.com/google/uuid.UUID = string format=uuid")
	case f.Type == "" || strings.Contains(f.Type, "format="):
		return errors.New(value + ": behind the equals sign stands a type of Go, and format= if it has one, such as string format=uuid")
	case slices.ContainsFunc(s.Forms, func(other Form) bool { return other.Name == f.Name }):
		return errors.New(f.Name + " is said to be something already: keep one of the two lines")
	}
	s.Forms = append(s.Forms, f)
	return nil
}
