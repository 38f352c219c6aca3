package asyncapi

import (
	"go/token"
	"path/filepath"
	"slices"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/emit/jsonschema"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// room is the channel that is being written.
type room struct {
	*channel
	key      string
	facade   *model.Facade
	taken    keys
	security []reference
}

// gateway writes the channel of a gateway, and what is done there.
func (b *builder) gateway(g *model.Facade, key string) {
	guards := b.guards(g)
	r := &room{key: key, facade: g, taken: keys{}, channel: &channel{
		Title: g.Name, Description: jsonschema.Description(g.Doc), Messages: jsonschema.Object[reference]{},
		Ours: channelNotes{
			Go: g.Package.Path + "." + g.Gateway.Name, Path: g.Gateway.Path, Registry: g.Registry.Name,
			Access: access(g.Access), Guards: guards, Contract: g.Digest, Position: b.position(g.Gateway.Pos),
		},
	}}
	r.path(g.Path)
	r.Bindings.WS = handshakeOf(b.asked(g))
	if b.asked(g) {
		r.security = []reference{{"#/components/securitySchemes/" + bearer}}
	}
	b.doc.Channels.Add(key, r.channel)
	r.refer("error", "error") // before any event: none is called so
	for _, c := range g.Calls {
		b.call(r, c, guards)
	}
	b.hears(r)
}

// path writes the address, in which AsyncAPI has names of parameters only.
func (r *room) path(segments []model.Segment) {
	names := keys{}
	for _, s := range segments {
		if s.Wildcard == "" {
			r.Address += s.Text
			continue
		}
		name, about := names.free(s.Wildcard), "One part of the path."
		if s.Rest {
			about = "The rest of the path, with its slashes."
		}
		r.Address += "{" + name + "}"
		r.Parameters.Add(name, parameter{about})
	}
}

// refer gives a message of the document a key in the channel, and returns the
// reference to it there, which is the one that operations have.
func (r *room) refer(message string, name ...string) reference {
	key := r.taken.free(name...)
	r.Messages.Add(key, reference{"#/components/messages/" + message})
	return reference{r.ref() + "/messages/" + key}
}

// error is the message of the server's refusals.
func (r *room) error() reference { return reference{r.ref() + "/messages/error"} }

func (r *room) ref() string { return "#/channels/" + r.key }

// handshakeOf is the request that opens a channel. A token is told if guards ask for
// one.
func handshakeOf(asked bool) handshake {
	protocol := &jsonschema.Schema{
		Description: "Offer wsgen.v1.json for sessions, or nothing for the plain protocol.",
		Type:        jsonschema.Types{"string"},
	}
	h := handshake{Method: "GET", Version: "0.1.0", Headers: &jsonschema.Schema{Type: jsonschema.Types{"object"}}}
	if asked {
		protocol.Description += " A page that speaks the plain protocol offers bearer and its token."
		h.Query = &jsonschema.Schema{Type: jsonschema.Types{"object"}}
		h.Query.Properties.Add("access_token", &jsonschema.Schema{
			Description: "The token of a client that can send no header and no subprotocol.", Type: jsonschema.Types{"string"},
		})
	}
	h.Headers.Properties.Add("Sec-WebSocket-Protocol", protocol)
	return h
}

// asked reports whether a guard is asked before somebody may connect.
func (b *builder) asked(g *model.Facade) bool {
	return len(b.contract.ConnGuards)+len(g.Gateway.ConnGuards) > 0
}

func (b *builder) secured() bool { return slices.ContainsFunc(b.contract.Gateways, b.asked) }

// guards are those of a gateway in the order in which they are asked, each once, by
// their types. One of another package has that in front.
func (b *builder) guards(g *model.Facade) (names []string) {
	add := func(home model.PackageRef, all []*model.GuardRef) {
		for _, guard := range all {
			if name := guardName(guard, home, g.Package); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	add(b.contract.App, b.contract.ConnGuards)
	add(g.Package, g.Gateway.ConnGuards)
	add(b.contract.App, b.contract.MessageGuards)
	add(g.Package, g.Gateway.MessageGuards)
	return names
}

// guardName is the type of a guard that a package names, as a reader of another one
// would write it.
func guardName(guard *model.GuardRef, named, read model.PackageRef) string {
	home := guard.Type.Package
	if guard.Type.Local {
		home = named
	}
	if home.Path == read.Path {
		return guard.Type.Name
	}
	return home.Name + "." + guard.Type.Name
}

// position is the file of the source, from the module's root; "" if it is not told. It
// has no line: one that moves would make the document stale, and nothing that clients
// see has changed.
func (b *builder) position(pos token.Position) string {
	rel, err := filepath.Rel(b.contract.Root, pos.Filename)
	if !b.places || err != nil || !below(b.contract.Root, pos.Filename) {
		return ""
	}
	return filepath.ToSlash(rel)
}

func access(a model.Access) string { return []string{"open", "public", "guarded"}[a] }
