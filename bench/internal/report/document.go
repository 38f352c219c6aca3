package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/bench/internal/result"
	"github.com/wsgen/wsgen/bench/internal/stats"
)

// watched says what the variants of ours are.
const watched = "wsgen with Prometheus has all the metrics of runtime/metrics/prom, scraped every second. wsgen with OpenTelemetry has those of runtime/metrics/otel, collected every two seconds, and spans of one connection in a hundred and of all its messages; what it exports goes nowhere."

// notes say what a row's numbers are, where the title does not.
func notes() map[string]string {
	const apart = "wsgen apart is three nodes without an engine, each of which pushes to its own third, all at once: that is the base, because three processes cost more than one whatever is between them. "
	return map[string]string{
		"cluster-fanout":  "a message of 150 bytes, one push at a time, 50 ms apart, by each node in its turn. " + apart + "The CPU is that of the three nodes together; the engine's stands beside it. A delivery is one to a connection, on whatever node.",
		"cluster-burst":   "as above, ten pushes back to back. centrifuge is not in it, because it puts several messages into one frame.",
		"cluster-latency": "150 bytes, 10 ms apart, a connection on each node: from the push on one node to the arrival at a client of another, with the write to the client's socket and its read. The engine alone is its client library twice in one process, with the options that the adapter needs, from the call that publishes to the delivery, without any client.",
		"cluster-join":    "500 rooms a round that nobody was in before, one after the other: from the client's message to the reply, which waits until the node hears the room from others. ",
		"cluster-rooms":   "100 connections of one node send 100 joins each at once; the time is until the last reply.",
		"cluster-stopped": "20 connections on each of two nodes speak to their rooms of 11, 1000 bytes each, and again when they have heard themselves. The third node, with a member in each room, runs at first, and then is stopped by SIGSTOP. That frees its CPU: a share above one is no merit, one far below is what this is about.",
		"history-return":  "100 messages of 150 bytes are kept while nobody is there. Then a client opens 5000 connections, 64 handshakes on the way at once, and each says where it was and follows the room again, in one write: the time is from the first connect until the last connection has had its 100 messages, and that of one from its own connect. Afterwards a push has to reach each of them once. wsgen sends each message as a frame of its own, the same bytes as it was pushed with; centrifuge sends all of them in the answer to the subscription, written anew for each. wsgen is there twice: with package front before net/http, as docs/guide/production.md advises, and without.",
		"history-push":    "a message of 150 bytes, one push at a time, 50 ms apart, to 1000 connections that are in one room; and the same by the same program when the push is kept and all of them follow. A kept one is some 40 bytes longer, and the oldest of 200 goes for it.",
		"history-push-1":  "200 pushes, 2 ms apart, to one connection. The CPU is that of the push, of its way to the socket, and of the timer in between.",
		"history-idle":    "heap and resident memory beyond that of the server with 50 connections, divided by 10 000, when all are in one room and have heard one push; and the same when all follow.",
		"fanout":          "a message of 150 bytes, one broadcast at a time, 50 ms apart, so that the server is idle before each; the time is from before the call to the last arrival. The bare loop is one thread that calls write(2) for each connection and reads nothing. " + watched,
		"burst10":         "as above, ten calls one after the other.",
		"burst100":        "as above, a hundred; every message is delivered as one of its own, none glued to another.",
		"echo1":           "126 bytes. wsgen decodes into a struct, asks a guard, calls the method and encodes its result; gws, gorilla, melody, coder and gobwas send back the bytes as they came. " + watched,
		"echo16":          "as above.",
		"idle":            "resident memory beyond that of the server with 50 connections, divided by 10 000. Traffic is five messages of 150 bytes each, answered. Here ours pings every three seconds; two silent pings are ten seconds later, with a collection now and then.",
		"stalled":         "25 broadcasts, 50 ms apart, to 900 connections that read; the p99 is that of one broadcast, the median of the 25. Deaf ones have 4 KiB of receive and 16 KiB of send buffer, full before the measuring begins. A flooded server has 100 deaf connections and 5000 broadcasts of 150 bytes.",
		"room":            "300 pushes of 150 bytes, 1 ms apart. gws has no rooms: a map of sets behind a mutex stands in. melody filters all sessions.",
		"mixed":           "each speaker sends 150 bytes to its room of 50 and again when it has heard itself.",
		"large":           "",
		"large-echo":      "65 000 bytes, one message in flight on each connection; what wsgen decodes and encodes, the libraries send back as it came.",
		"large-8k":        "as above, 8 000 bytes.",
		"large-1m":        "as above, 1 000 000 bytes. wsgen accepts 64 KiB by default, and here 2 MB.",
		"telemetry":       "1.0 KB: a struct in a struct, a list of structs, a map, times, pointers, bytes. wsgen decodes and encodes it by generated code; with codec=std it is the same gateway in the same program, and leaves both to encoding/json. gws sends the bytes back as they came, or has encoding/json take them apart and put them together, envelope and data. Each answer is held against its message.",
		"connect":         "64 handshakes on the way at once; the peak is the resident memory's, beyond what there was.",
		"tls":             "TLS 1.3; fan-out as above.",
		"tls-burst10":     "TLS 1.3; ten calls one after the other.",
		"tls-burst100":    "as above, a hundred.",
		"deflate":         "fan-out as above, beside the same server without compression.",
		"fanout-v1":       "the same server twice. The clients of one speak wsgen.v1.json: each connection is a session that survives its socket, so what was sent is kept until it is acknowledged, but no more than 256 messages; all have had 300 before. Fan-out as above.",
		"burst10-v1":      "as above, ten calls one after the other.",
		"burst100-v1":     "as above, a hundred.",
		"idle-v1":         "weighed as the row idle. What a session has been sent is kept for it, five answers in what is after traffic.",
		"crowd":           "two client processes; idle CPU over 5 s, pings included.",
		"load":            "each connection sends 126 bytes a second, evenly spread over it, and gets an answer; a broadcast of 150 bytes a second goes to all, and fills both cores for a moment. Two client processes. Six seconds a round; resident is what the server weighs at the last broadcast. Latency is from when a message was due. wsgen decodes and encodes, gws sends the bytes back as they came.",
		"text":            "benchmarks as above, of messages with such a text, by generated codecs; and, in turns in the same process, of a message with 30 plain letters, and of the same message by encoding/json behind the envelope's scanner. Medians of the turns.",
		"codecs":          "a device's report of 1.0 KB, an order of 1.4 KB with two members that only encoding/json knows, and a page of a chat's history of 22 KB: read and written by generated code, by encoding/json and by easyjson, in turns in one process. Medians of the turns. Without an envelope; memory to write into is there already. easyjson does not sort maps, the others do.",
		"dispatch":        "benchmarks in one process, from a message's bytes to its answer's: wsgen with generated codecs and with encoding/json (std), and the usual way, encoding/json for envelope and data (twice), in the same process, each when the heap is warm.",
	}
}

const method = `Each server is a process of its own and each has its own client process: one thread, raw sockets, epoll, no goroutine for any connection. All servers of a row run at once, connected; a round measures them in turn, A B C …, A B C …, and while one works the others are idle. Tables show medians over rounds; *spread* is the distance between the quartiles as a share of the median; *wsgen to it* is the median of the ratios within rounds, which a slow second of the machine moves little. Where broadcasts come far apart (one broadcast, stalled peers, TLS, deflate) the clients delay their acknowledgements (TCP_QUICKACK is off), as the kernel has it by itself for a peer that talks, too; a client that only listens answers every message at once with a packet whose way through the stack the measured machine would pay for, about 2 µs for each delivery of whatever server. Latency is from the stamp inside a message, made before the call that sends it, to its arrival in the client; every process reads the same clock.

CPU is that of the whole server process, user and system. RSS is what is resident, as it is and after three garbage collections that return memory to the system. wsgen runs with every limit at its default, a connection guard, a message guard, and a log at level info that is read.

What to keep in mind:

- Server, client and kernel share the machine's cores. Deliveries per second are a figure of the whole system; CPU per delivery is the cleaner one. The client's share of CPU stands beside each figure.
- On the loopback a send includes the kernel's receive path and the wake-up of the receiver, in the sender's account. Over a network card that part shrinks and what a library does weighs more.
- Nothing here is lost or late on the way, and no link is slow. Deaf peers are the exception, made on purpose.
- Absolute figures move by a factor of two between machines and hours; ratios within a run by about a tenth for CPU and a fifth for rates. A p99 over a few hundred milliseconds is the noisiest figure of all.
- socket.io is spoken to over its websocket transport and frames its events its own way; npm servers have one thread.
`

// Pages are the pages that there are.
type Pages struct{ Alone, Clusters, Histories bool }

// Document writes docs/benchmarks.md; also says which other pages there are.
func Document(w io.Writer, runs []result.Run, also Pages) {
	fmt.Fprint(w, "# Benchmarks\n\n<!-- Written by the benchmark from its raw results; do not edit. -->\n\n")
	fmt.Fprint(w, "wsgen beside the libraries one would otherwise take, doing the same work on the same machine in the same minutes. `make bench` measures all of it anew and writes this page; [bench/README.md](../bench/README.md) says how, and the raw results are in [bench/results](../bench/results).\n\n")
	if also.Clusters {
		fmt.Fprint(w, "Three nodes beside centrifuge and socket.io are on [a page of their own](benchmarks-cluster.md).\n\n")
	}
	if also.Histories {
		fmt.Fprint(w, "Kept pushes, and clients that come back to them, are on [another](benchmarks-history.md).\n\n")
	}
	fmt.Fprint(w, "![Bars: fan-out, bursts, echo, memory and tail latency of wsgen and its peers](img/benchmarks.svg)\n\n")
	writeRuns(w, runs)
	fmt.Fprint(w, "\n## Gates\n\nWhat wsgen has to reach, as ratios to named peers; a ratio is the median over all rounds.\n\n")
	Verdicts(w, runs)
	fmt.Fprintf(w, "\n## How it is measured\n\n%s", method)
	fmt.Fprint(w, "\n## Results\n\nBehind each title stands the name by which a row is repeated alone: `make bench WHAT=telemetry`, or `WHAT=tls,codecs`.\n")
	Rows(w, runs)
}

// writeRuns says where the numbers are from.
func writeRuns(w io.Writer, runs []result.Run) {
	fmt.Fprint(w, "## The runs\n\n")
	lines := [][]string{{"raw results", "commit", "kernel", "CPU", "cores", "Go", "node", "minutes", "CPU of other processes, %"}}
	for _, r := range runs {
		m := r.Machine
		lines = append(lines, []string{
			r.Name, m.Commit, m.Kernel, m.CPU, strconv.Itoa(m.Cores), m.Go, m.Node, fmt.Sprintf("%.0f", m.Took/60), fmt.Sprintf("%.0f", 100*stats.Median(m.Others)),
		})
	}
	grid(w, lines)
	fmt.Fprintf(w, "\nLibraries: %s.\n", versions(runs))
}

const clusterMethod = `Each server is three processes, all with their default options, each with a third of the connections and a client process of its own, and with an engine of their own where they have one: redis-server without persistence, or nats-server with no_fast_producer_stall, as it has to be. All servers of a row run at once; a round measures them in turn, A B C …, A B C …, and while one works the others are idle. Tables show medians over rounds, and ratios are taken within rounds. A row begins when a push of every node reaches all connections. CPU is that of the three nodes' processes, user and system, read from outside. socket.io's adapter is @socket.io/redis-adapter on the client redis.

What to keep in mind:

- Nodes, clients and engines share the machine's cores, and the ways between them are the loopback. Ratios are what counts; CPU per delivery is the cleanest.
- The engine's CPU is not in the nodes', and a machine of its own would pay for it.
- Latency here is several wake-ups of idle processes, one after the other, and differs most between machines.
`

// ClusterDocument writes docs/benchmarks-cluster.md; also says which other pages there
// are.
func ClusterDocument(w io.Writer, runs []result.Run, also Pages) {
	fmt.Fprint(w, "# Benchmarks of a cluster\n\n<!-- Written by the benchmark from its raw results; do not edit. -->\n\n")
	fmt.Fprint(w, "wsgen on three nodes beside centrifuge and socket.io on three nodes, doing the same work on the same machine in the same minutes. `make bench WHAT=cluster` measures all of it anew and writes this page; [bench/README.md](../bench/README.md) says how, and the raw results are in [bench/results](../bench/results).\n\n")
	if also.Alone {
		fmt.Fprint(w, "Servers alone are on [a page of their own](benchmarks.md).\n\n")
	}
	writeRuns(w, runs)
	fmt.Fprint(w, "\n## Gates\n\nWhat wsgen has to reach; a ratio, and a time beyond another's, is the median over all rounds; a bound without a peer holds in each, if it is a most.\n\n")
	Verdicts(w, runs)
	fmt.Fprintf(w, "\n## How it is measured\n\n%s", clusterMethod)
	fmt.Fprint(w, "\n## Results\n")
	Rows(w, runs)
}

const historyMethod = `Each server is a process of its own, alone, with a client process of its own: one thread, raw sockets, epoll, and the same code for both, which counts messages by a letter that each has once, wherever it stands in a frame. All servers of a row run at once; a round measures them in turn, A B …, A B …, and while one works the others are idle. Tables show medians over rounds, and ratios are taken within rounds. CPU is that of the whole server process, user and system, read from outside.

Both remember 200 messages of the room for ten minutes, in memory. wsgen runs with every limit at its default, a connection guard, and a log at level info that is read. centrifuge runs with its memory broker, history and recovery, its JSON protocol, no log and no compression, else with its defaults. Its clients send what opens the connection and what subscribes in one frame, and wsgen's send ` + "`$resume`" + ` and the message that follows in one write, so nobody waits for an answer in between.

What to keep in mind:

- Server, client and kernel share the machine's cores. Ratios are what counts; CPU is the cleanest.
- The time until the last is at the end has 5000 handshakes in it, and what the client's thread takes to make them; both servers have these alike.
- On the loopback a send includes the kernel's receive path and the wake-up of the receiver, in the sender's account.
`

// HistoryDocument writes the page of kept pushes; also says which other pages there
// are.
func HistoryDocument(w io.Writer, runs []result.Run, also Pages) {
	fmt.Fprint(w, "# Benchmarks of kept pushes\n\n<!-- Written by the benchmark from its raw results; do not edit. -->\n\n")
	fmt.Fprint(w, "What it costs to keep pushes ([history](guide/history.md)) and to have clients catch up, beside centrifuge, doing the same work on the same machine in the same minutes. `make bench WHAT=history` measures all of it anew and writes this page; [bench/README.md](../bench/README.md) says how, and the raw results are in [bench/results](../bench/results).\n\n")
	if also.Alone {
		fmt.Fprint(w, "All other pushes are on [a page of their own](benchmarks.md).\n\n")
	}
	writeRuns(w, runs)
	fmt.Fprint(w, "\n## Gates\n\nWhat wsgen has to reach; a ratio is the median over all rounds, and bytes hold in each.\n\n")
	Verdicts(w, runs)
	fmt.Fprintf(w, "\n## How it is measured\n\n%s", historyMethod)
	fmt.Fprint(w, "\n## Results\n\nBehind each title stands the name by which a row is repeated alone: `make bench WHAT=history-return`.\n")
	Rows(w, runs)
}

func versions(runs []result.Run) string {
	all := map[string]string{}
	for _, r := range runs {
		maps.Copy(all, r.Machine.Versions)
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if v := all[name]; v != "" && name != "gws-json" && !strings.HasPrefix(name, "wsgen") {
			out = append(out, name+" "+v)
		}
	}
	return strings.Join(out, ", ")
}
