package goserver

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/gofile"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

func (g *gateway) connect() jen.Code {
	hook := g.Connect
	call := g.method(hook.Method, g.hookArguments(hook)...)
	var body []jen.Code
	switch {
	case hook.State && hook.Err:
		body = []jen.Code{jen.Return(call)}
	case hook.State:
		body = []jen.Code{jen.Return(call, jen.Nil())}
	case hook.Err:
		body = []jen.Code{jen.Return(jen.Nil(), call)}
	default:
		body = []jen.Code{call, jen.Return(jen.Nil(), jen.Nil())}
	}
	return g.hookFunc("connect").Params(
		g.hookParam(hook, "ctx", g.Std("context", "Context"), model.RoleContext),
		g.hookParam(hook, "c", jen.Op("*").Add(g.Runtime("Client")), model.RoleClient, model.RoleSender),
		g.hookParam(hook, "r", jen.Op("*").Add(g.Std("net/http", "Request")), model.RoleRequest),
	).Params(jen.Any(), jen.Error()).Block(body...)
}

func (g *gateway) disconnect() jen.Code {
	hook := g.Disconnect
	return g.hookFunc("disconnect").Params(
		g.hookParam(hook, "ctx", g.Std("context", "Context"), model.RoleContext),
		g.hookParam(hook, "c", jen.Op("*").Add(g.Runtime("Client")), model.RoleClient, model.RoleSender),
		g.hookParam(hook, "state", jen.Any(), model.RoleState),
		g.hookParam(hook, "cause", g.Runtime("Closed"), model.RoleClosed),
	).Block(g.method(hook.Method, g.hookArguments(hook)...))
}

func (g *gateway) hookFunc(name string) *jen.Statement {
	return jen.Func().Params(jen.Id(g.Local("d")).Id(gofile.DispatchType(g.Name))).Id(name)
}

// hookParam is named only if the hook asks for one of roles.
func (g *gateway) hookParam(hook *model.Hook, name string, typ jen.Code, roles ...model.Role) jen.Code {
	used := slices.ContainsFunc(hook.Params, func(p model.Param) bool { return slices.Contains(roles, p.Role) })
	if !used {
		return jen.Id("_").Add(typ)
	}
	return jen.Id(g.Local(name)).Add(typ)
}

func (g *gateway) hookArguments(hook *model.Hook) []jen.Code {
	var args []jen.Code
	for _, p := range hook.Params {
		switch p.Role {
		case model.RoleContext:
			args = append(args, jen.Id(g.Local("ctx")))
		case model.RoleClient:
			args = append(args, jen.Id(g.Local("c")))
		case model.RoleSender:
			args = append(args, jen.Id(g.Local("c")).Dot("Sender").Call())
		case model.RoleRequest:
			args = append(args, jen.Id(g.Local("r")))
		case model.RoleState:
			args = append(args, jen.Id(g.Local("state")).Assert(g.Type(p.Type)))
		case model.RoleClosed:
			args = append(args, jen.Id(g.Local("cause")))
		}
	}
	return args
}
