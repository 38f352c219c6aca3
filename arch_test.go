// Package wsgen_test holds the tests of the repository as a whole: its
// architecture, its module files and its documentation.
package wsgen_test

import (
	"testing"
)

// importTable is the map of the repository: package → what it may import
// besides the standard library. A package without a line fails, and so does a
// line without a package. "x/..." is x and all below it, "third-party" any
// other module.
const importTable = `
.:

cmd/wsgen:                         cmd/wsgen/internal/cli
cmd/wsgen/internal/cli:            cmd/wsgen/internal/bidi cmd/wsgen/internal/directive cmd/wsgen/internal/watch cmd/wsgen/internal/scaffold cmd/wsgen/internal/settings cmd/wsgen/internal/cache cmd/wsgen/internal/pipeline cmd/wsgen/internal/model cmd/wsgen/internal/output cmd/wsgen/internal/diag
cmd/wsgen/internal/reference:      cmd/wsgen/internal/cli cmd/wsgen/internal/diag cmd/wsgen/internal/directive
cmd/wsgen/internal/watch:          github.com/fsnotify/fsnotify
cmd/wsgen/internal/scaffold:       templates/scaffold
cmd/wsgen/internal/settings:       cmd/wsgen/internal/camel cmd/wsgen/internal/directive cmd/wsgen/internal/diag
cmd/wsgen/internal/cache:
cmd/wsgen/internal/pipeline:       cmd/wsgen/internal/camel cmd/wsgen/internal/source cmd/wsgen/internal/resolve cmd/wsgen/internal/model cmd/wsgen/internal/emit/... cmd/wsgen/internal/lock cmd/wsgen/internal/output cmd/wsgen/internal/diag
cmd/wsgen/internal/source:         cmd/wsgen/internal/model cmd/wsgen/internal/directive cmd/wsgen/internal/diag cmd/wsgen/internal/mark golang.org/x/tools/go/packages
cmd/wsgen/internal/directive:      cmd/wsgen/internal/diag
cmd/wsgen/internal/resolve:        cmd/wsgen/internal/source cmd/wsgen/internal/directive cmd/wsgen/internal/camel cmd/wsgen/internal/gotype cmd/wsgen/internal/servemux cmd/wsgen/internal/wiretype cmd/wsgen/internal/model cmd/wsgen/internal/diag
cmd/wsgen/internal/servemux:
cmd/wsgen/internal/wiretype:       cmd/wsgen/internal/camel cmd/wsgen/internal/gotype cmd/wsgen/internal/model
cmd/wsgen/internal/gotype:         cmd/wsgen/internal/model
cmd/wsgen/internal/camel:
cmd/wsgen/internal/bidi:
cmd/wsgen/internal/model:
cmd/wsgen/internal/diag:           cmd/wsgen/internal/bidi
cmd/wsgen/internal/mark:
cmd/wsgen/internal/emit:           cmd/wsgen/internal/bidi cmd/wsgen/internal/mark cmd/wsgen/internal/model
cmd/wsgen/internal/emit/gofile:    cmd/wsgen/internal/emit cmd/wsgen/internal/mark cmd/wsgen/internal/model github.com/dave/jennifer/jen
cmd/wsgen/internal/emit/goserver:  cmd/wsgen/internal/camel cmd/wsgen/internal/emit cmd/wsgen/internal/emit/gofile cmd/wsgen/internal/model github.com/dave/jennifer/jen
cmd/wsgen/internal/emit/goclient:  cmd/wsgen/internal/camel cmd/wsgen/internal/emit cmd/wsgen/internal/emit/gofile cmd/wsgen/internal/mark cmd/wsgen/internal/model github.com/dave/jennifer/jen
cmd/wsgen/internal/emit/asyncapi:  cmd/wsgen/internal/emit cmd/wsgen/internal/emit/jsonschema cmd/wsgen/internal/mark cmd/wsgen/internal/model
cmd/wsgen/internal/emit/jsonschema: cmd/wsgen/internal/emit cmd/wsgen/internal/mark cmd/wsgen/internal/model
cmd/wsgen/internal/emit/tsclient:  cmd/wsgen/internal/camel cmd/wsgen/internal/emit cmd/wsgen/internal/mark cmd/wsgen/internal/model templates/tsclient
cmd/wsgen/internal/lock:           cmd/wsgen/internal/model
cmd/wsgen/internal/emit/gowire:    cmd/wsgen/internal/emit cmd/wsgen/internal/emit/gofile cmd/wsgen/internal/model github.com/dave/jennifer/jen
cmd/wsgen/internal/output:         cmd/wsgen/internal/emit cmd/wsgen/internal/mark github.com/rogpeppe/go-internal/diff

templates/scaffold:
templates/tsclient:

runtime:                           runtime/broker runtime/internal/cluster runtime/internal/envelope runtime/internal/frame runtime/internal/handshake runtime/internal/history runtime/internal/hub runtime/internal/inbox runtime/internal/kit runtime/internal/lazy runtime/internal/outbox runtime/internal/pointer runtime/internal/presence runtime/internal/rates runtime/internal/socket runtime/internal/stdjson runtime/internal/steady runtime/wsjson
runtime/broker:
runtime/broker/brokertest:         runtime/broker runtime/internal/steady
runtime/broker/memory:             runtime/broker
runtime/broker/nats:               runtime/broker third-party
runtime/broker/nats/natstest:      runtime/broker runtime/broker/nats third-party
runtime/broker/redis:              runtime/broker third-party
runtime/broker/redis/redistest:    third-party
runtime/wsjson:                    runtime/internal/envelope runtime/internal/stdjson
runtime/front:                     runtime/internal/socket runtime/internal/steady
runtime/client:                    runtime runtime/internal/envelope runtime/internal/frame runtime/internal/steady github.com/lxzan/gws
runtime/wstest:                    runtime runtime/broker/memory runtime/internal/kit
runtime/internal/cluster:          runtime/broker runtime/internal/steady
runtime/internal/envelope:
runtime/internal/frame:
runtime/internal/handshake:
runtime/internal/history:
runtime/internal/hub:              runtime/internal/cluster runtime/internal/history runtime/internal/outbox runtime/internal/socket
runtime/internal/inbox:
runtime/internal/kit:
runtime/internal/lazy:
runtime/internal/outbox:
runtime/internal/payload:
runtime/internal/pointer:
runtime/internal/presence:
runtime/internal/rates:            golang.org/x/time/rate
runtime/internal/socket:           runtime/internal/frame runtime/internal/handshake runtime/internal/outbox runtime/internal/steady github.com/lxzan/gws
runtime/internal/stdjson:
runtime/internal/steady:
runtime/internal/fixture:          runtime runtime/wsjson runtime/wstest
runtime/internal/kinds:            runtime runtime/internal/payload runtime/wsjson

runtime/metrics/otel:              runtime third-party
runtime/metrics/prom:              runtime runtime/metrics/prom/internal/series third-party
runtime/metrics/prom/internal/series:
runtime/metrics/prom/dashboard:                  runtime runtime/broker/memory runtime/metrics/prom runtime/metrics/prom/internal/series runtime/metrics/prom/dashboard/internal/board runtime/metrics/prom/dashboard/internal/scrape third-party
runtime/metrics/prom/dashboard/internal/board:   runtime/metrics/prom/internal/series
runtime/metrics/prom/dashboard/internal/scrape:  third-party
runtime/metrics/prom/dashboard/internal/demo:    runtime runtime/wsjson
runtime/metrics/prom/dashboard/internal/picture: runtime/metrics/prom/dashboard/internal/board runtime/metrics/prom/dashboard/internal/scrape

validator/playground:              runtime third-party

contract/schema:                   third-party

examples/behind/...:               examples/behind/... runtime runtime/front runtime/wsjson runtime/wstest third-party
examples/live/nodes:               runtime/broker/nats/natstest
examples/live/...:                 examples/live/... runtime runtime/broker runtime/broker/memory runtime/broker/nats runtime/client runtime/front runtime/metrics/prom runtime/wsjson runtime/wstest third-party
tools/testsum:

contract:                          contract/schema runtime templates/tsclient third-party

chaos:                             chaos/internal/...
chaos/internal/engine:             third-party
chaos/internal/kept:
chaos/internal/node:               runtime runtime/broker/nats runtime/broker/redis runtime/front runtime/wsjson third-party
chaos/internal/peer:               chaos/internal/kept chaos/internal/node

bench:                             bench/internal/...
bench/generator:
bench/before:                      third-party
bench/clients:                     bench/clients/board templates/tsclient third-party
bench/clients/board:               runtime runtime/wsjson
bench/client:                      bench/internal/... third-party
bench/internal/clock:              third-party
bench/internal/control:
bench/internal/frame:              bench/internal/clock
bench/internal/stats:
bench/internal/proc:               bench/internal/control third-party
bench/internal/payload:
bench/internal/payload/easy:       bench/internal/payload third-party
bench/internal/peer:               bench/internal/control bench/internal/clock bench/internal/frame bench/internal/payload bench/internal/stats
bench/internal/result:
bench/internal/rows:               bench/internal/...
bench/internal/report:             bench/internal/...
bench/servers/...:                 bench/internal/control bench/internal/payload bench/internal/peer bench/servers/... runtime runtime/broker/nats runtime/broker/nats/natstest runtime/broker/redis runtime/front runtime/metrics/otel runtime/metrics/prom runtime/wsjson third-party
`

// testHelpers are what a test of any package may import besides its own half
// of the repository.
const testHelpers = `
github.com/fsnotify/fsnotify
github.com/lxzan/gws
github.com/rogpeppe/go-internal/...
go.uber.org/goleak
golang.org/x/tools/...
`

func TestArchitecture(t *testing.T) {
	all := repository(t, ".")
	for name, rule := range rules() {
		t.Run(name, func(t *testing.T) {
			for _, f := range rule(all) {
				t.Error(f)
			}
		})
	}
}

// rules are all of them by name.
func rules() map[string]func([]*source) []finding {
	return map[string]func([]*source) []finding{
		"import table":                     parseTable(importTable, testHelpers).check,
		"two worlds":                       crossing,
		"one file of each end knows gws":   gwsFile,
		"one package makes system calls":   systemCalls,
		"one package reads Go packages":    onlyIn("golang.org/x/tools/go/packages", "cmd/wsgen/internal/source"),
		"emitters alone write with jen":    onlyIn("github.com/dave/jennifer", "cmd/wsgen/internal/emit/goclient", "cmd/wsgen/internal/emit/gofile", "cmd/wsgen/internal/emit/goserver", "cmd/wsgen/internal/emit/gowire"),
		"the runtime is called ws":         runtimeName,
		"no reflect":                       noReflect,
		"user code has one door":           oneDoor,
		"errors are asked by one package":  errorsAsked,
		"what peers cause is bounded":      boundedLog,
		"both halves know the same codes":  sameCodes,
		"size of files and functions":      size,
		"no init":                          noInit,
		"no mutable globals":               noGlobals,
		"messages decide nothing":          wordsDecide,
		"no unfinished work":               noMarks,
		"exported names of ws have a text": documented,
	}
}
