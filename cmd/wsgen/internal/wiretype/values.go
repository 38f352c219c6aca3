package wiretype

import (
	"go/constant"
	"go/types"
	"slices"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// values are the exported constants of a declared string or integer, in the order
// of the source.
func (s *Shapes) values(named *types.Named) []model.Value {
	b, ok := named.Underlying().(*types.Basic)
	pkg := named.Obj().Pkg()
	if !ok || b.Info()&(types.IsString|types.IsInteger) == 0 || pkg == nil {
		return nil
	}
	var consts []*types.Const
	scope := s.source.Whole(pkg).Scope()
	for _, name := range scope.Names() {
		if c, ok := scope.Lookup(name).(*types.Const); ok && c.Exported() && gotype.Is(c.Type(), pkg.Path(), named.Obj().Name()) {
			consts = append(consts, c)
		}
	}
	slices.SortFunc(consts, func(a, b *types.Const) int {
		pa, pb := s.source.Position(a.Pos()), s.source.Position(b.Pos())
		if c := strings.Compare(pa.Filename, pb.Filename); c != 0 {
			return c
		}
		return pa.Offset - pb.Offset
	})
	var values []model.Value
	for _, c := range consts {
		v := model.Value{Go: c.Name(), Doc: s.source.Doc(c)}
		if c.Val().Kind() == constant.String {
			v.Text = constant.StringVal(c.Val())
		} else {
			v.Int = c.Val().ExactString()
		}
		values = append(values, v)
	}
	return values
}
