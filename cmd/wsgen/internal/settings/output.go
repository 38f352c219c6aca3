package settings

import (
	"errors"
	"fmt"
	"go/token"
	"path"
	"strings"
)

// output reads the value of a setting that asks for a file:
//
//	path [from folder] [only path...]
func (s *Settings) output(name, value string, endings ...string) error {
	o := Output{Setting: name, Value: value}
	words := strings.Fields(value)
	if len(words) == 0 {
		return errors.New("no file is named: write one, such as " + path.Join("web", "live"+endings[0]))
	}
	o.Path = path.Clean(words[0])
	switch words = words[1:]; {
	case path.IsAbs(o.Path) || strings.Contains(o.Path, `\`) || strings.Contains(o.Path, ":"):
		return fmt.Errorf("%s is no path from the module's root: write it with slashes, and ../ for what is beside the module", o.Path)
	case !ends(o.Path, endings):
		return fmt.Errorf("%s does not end in %s", o.Path, strings.Join(endings, " or "))
	}
	for len(words) > 0 {
		word := words[0]
		n := 1
		for n < len(words) && words[n] != "from" && words[n] != "only" {
			n++
		}
		switch args := words[1:n]; {
		case word == "from" && len(args) == 1 && o.From == "":
			o.From = args[0]
		case word == "from":
			return errors.New(value + ": behind from stands the folder of one application, such as from ./cmd/live")
		case word == "only" && len(args) > 0:
			o.Only = append(o.Only, args...)
		case word == "only":
			return errors.New(value + ": behind only stand the paths of gateways, such as only /chat")
		default:
			return fmt.Errorf("%s has no meaning here: behind the file stand from and a folder, or only and paths", word)
		}
		words = words[n:]
	}
	s.Outputs = append(s.Outputs, o)
	return nil
}

// ends reports whether a path has one of these endings, behind a name.
func ends(file string, endings []string) bool {
	base := path.Base(file)
	for _, ending := range endings {
		if strings.HasSuffix(base, ending) && base != ending {
			return true
		}
	}
	return false
}

// locate says where the value stands that was set last.
func (s *Settings) locate(spec Spec, pos, end token.Position) {
	if n := len(s.Outputs); spec.Many && n > 0 {
		s.Outputs[n-1].Pos, s.Outputs[n-1].End = pos, end
	}
}
