package rows

// Kind is a server that can be started.
type Kind struct {
	Name   string   // in -servers, in results
	Title  string   // in the report
	Binary string   // a Go program in bench/servers; its name in the bin folder
	Script string   // or a JavaScript file in bench/servers/node
	Args   []string // always given
	Socket bool     // speaks socket.io
	Silent bool     // answers nothing: it only pushes
	Rooms  bool     // has rooms, or what its users write for them

	// Observed is ours with somebody who watches, for the rows that show what that
	// costs.
	Observed bool

	// Typed is ours in another way, for the row of typed payloads alone.
	Typed bool

	TypedPath string // of the endpoint of typed payloads; "" is that of all other rows

	// These are of the rows of clusters, which have no other servers.
	Nodes   int    // how many processes; 0 is a server of all other rows
	Engine  string // what is between them, and started with them: "nats" or "redis"
	Central bool   // speaks centrifuge's protocol

	Path string // of the endpoint; "" is path

	// Keeps is of the rows of histories, which have no other servers: it keeps what it
	// pushes, with -kept.
	Keeps bool
	// Fronts is of these, too: it can answer handshakes in front of net/http, with -front.
	Fronts bool
}

// nodes is how many a cluster has.
const nodes = 3

// engineName is how an engine is called on the page.
func engineName(engine string) string {
	return map[string]string{"nats": "nats-server", "redis": "redis-server"}[engine]
}

// libraryName is how a kind's library is called on the page, if not as the kind.
func libraryName(kind string) string {
	switch kind {
	case "nats":
		return "nats.go"
	case "redis":
		return "rueidis"
	case "centrifuge-history":
		return "centrifuge"
	case "socketio-redis":
		return "@socket.io/redis-adapter"
	}
	return kind
}

// Kinds are all servers, ours first.
func Kinds() []Kind {
	return []Kind{
		{Name: "wsgen", Title: "wsgen", Binary: "wsgen", Rooms: true, TypedPath: "/typed"},
		{Name: "wsgen-prom", Title: "wsgen with Prometheus", Binary: "wsgen-prom", Rooms: true, Observed: true},
		{Name: "wsgen-otel", Title: "wsgen with OpenTelemetry", Binary: "wsgen-otel", Rooms: true, Observed: true},
		{Name: "gws", Title: "gws", Binary: "gws", Rooms: true},
		{Name: "gws-json", Title: "gws + encoding/json twice", Binary: "gws", Args: []string{"-json"}},
		{Name: "wsgen-std", Title: "wsgen with codec=std", Binary: "wsgen", Typed: true, TypedPath: "/std"},
		{Name: "gorilla", Title: "gorilla chat hub", Binary: "gorilla"},
		{Name: "melody", Title: "melody", Binary: "melody", Rooms: true},
		{Name: "coder", Title: "coder/websocket", Binary: "coder"},
		{Name: "gobwas", Title: "gobwas/ws, minimal", Binary: "gobwas"},
		{Name: "floor", Title: "a bare write(2) loop", Binary: "floor", Silent: true},
		{Name: "wsgen-3", Title: "wsgen, 3 nodes apart", Binary: "wsgen-cluster", Nodes: nodes},
		{Name: "wsgen-nats", Title: "wsgen, 3 nodes on NATS", Binary: "wsgen-cluster", Nodes: nodes, Engine: "nats"},
		{Name: "wsgen-redis", Title: "wsgen, 3 nodes on Redis", Binary: "wsgen-cluster", Nodes: nodes, Engine: "redis"},
		{Name: "centrifuge", Title: "centrifuge, 3 nodes on Redis", Binary: "centrifuge", Nodes: nodes, Engine: "redis", Central: true},
		{Name: "socketio-redis", Title: "socket.io 4 with redis-adapter, 3 nodes", Script: "socketio-redis.js", Nodes: nodes, Engine: "redis", Socket: true},
		{Name: "nats", Title: "NATS alone, published and delivered", Binary: "roundtrip", Nodes: 1, Engine: "nats", Silent: true},
		{Name: "redis", Title: "Redis alone, published and delivered", Binary: "roundtrip", Nodes: 1, Engine: "redis", Silent: true},
		{Name: "wsgen-history", Title: "wsgen", Binary: "wsgen-history", Path: "/room", Keeps: true, Fronts: true},
		{Name: "centrifuge-history", Title: "centrifuge", Binary: "centrifuge", Keeps: true, Central: true},
		{Name: "ws", Title: "npm ws 8", Script: "ws.js"},
		{Name: "socketio", Title: "socket.io 4", Script: "socketio.js", Socket: true, Rooms: true},
		{Name: "nest", Title: "NestJS 12 on ws", Script: "nest.js"},
	}
}
