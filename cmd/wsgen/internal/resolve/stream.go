package resolve

import (
	"fmt"
	"go/types"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// stream tells in which form a handler's result t is a stream, and the type of its
// items: t itself if it is none. It reports a type that is nearly one.
func (r *resolver) stream(m *bound, t types.Type) (form model.Stream, item types.Type, ok bool) {
	bad := func(message, help string) (model.Stream, types.Type, bool) {
		r.report(diag.BadStream, m.result(0), message, help)
		return 0, nil, false
	}
	show := func(t types.Type) string { return r.show(t, m.fn.Pkg()) }
	write := func(t types.Type) string { return r.write(t, m.scope) }
	if gotype.Is(t, "iter", "Seq") {
		return model.StreamSeq, types.Unalias(t).(*types.Named).TypeArgs().At(0), true
	}
	if gotype.Is(t, "iter", "Seq2") {
		args := types.Unalias(t).(*types.Named).TypeArgs()
		if !gotype.IsError(args.At(1)) {
			return bad(fmt.Sprintf("a stream of pairs is one of values and errors, and %s is no error", show(args.At(1))),
				diag.Paste("return a struct of both, or a stream that may fail", "iter.Seq2["+write(args.At(0))+", error]"))
		}
		return model.StreamSeq2, args.At(0), true
	}
	switch u := t.Underlying().(type) {
	case *types.Chan:
		if u.Dir() != types.RecvOnly {
			return bad(fmt.Sprintf("the stream %s is not one to receive from alone", show(t)),
				diag.Paste("the handler keeps the end to send to, and closes it, and returns", "<-chan "+write(u.Elem())))
		}
		return model.StreamChan, u.Elem(), true
	case *types.Signature:
		if params, is := yields(u); is {
			seq := "iter.Seq[" + write(params.At(0).Type()) + "]"
			if params.Len() == 2 {
				seq = "iter.Seq2[" + write(params.At(0).Type()) + ", error]"
			}
			var imports []string
			if m.scope.file != nil && r.imported(m.scope.file, "iter") == nil {
				imports = []string{importLine("iter", "iter")}
			}
			help := diag.Paste("return it as", seq, imports...)
			return bad(fmt.Sprintf("%s is an iterator by its form only", show(t)), help)
		}
	}
	return model.StreamNone, t, true
}

// yields reports whether a function has the form of an iterator over one or two
// values, and returns what it yields.
func yields(f *types.Signature) (*types.Tuple, bool) {
	if f.Params().Len() != 1 || f.Results().Len() != 0 {
		return nil, false
	}
	yield, ok := f.Params().At(0).Type().Underlying().(*types.Signature)
	if !ok || yield.Results().Len() != 1 || !types.Identical(yield.Results().At(0).Type(), types.Typ[types.Bool]) {
		return nil, false
	}
	n := yield.Params().Len()
	return yield.Params(), n == 1 || n == 2
}
