// Package natsbroker joins the nodes of a cluster over NATS. It is a module of
// its own: who does not import it does not get the client library of NATS.
//
//	nats := natsbroker.New(natsbroker.Options{URL: "nats://10.0.0.5:4222,nats://10.0.0.6:4222"})
//	server := ws.NewServer(ws.Options{Cluster: ws.Cluster{Broker: nats}})
//
// The servers are 2.11 or later. JetStream is needed where messages are kept, and not
// otherwise.
//
// # What the servers' configuration should say
//
//	no_fast_producer_stall: true
//
// Without that line NATS makes all who publish wait for one node that is slow, or
// stopped. The link logs a warning when that seems to happen.
//
// Who can publish on these subjects can push to every connection. So give the
// nodes a user of their own, which needs one permission, with the default prefix:
//
//	permissions: {publish: "ws.>", subscribe: "ws.>"}
//
// and, where messages are kept,
//
//	permissions: {publish: ["ws.>", "$JS.API.>"], subscribe: "ws.>"}
//
// A link whose permissions do not suffice does not become up. It says what is
// missing, tries again every few seconds, and works as soon as they do.
//
// # What is on the servers
//
// A channel is the subject <prefix>.<cluster>.<channel>, such as
// ws.main.r.p_lobby, and nats sub 'ws.main.>' shows all that nodes say to each
// other. The subjects below <prefix>.<cluster> whose first token begins with ~
// are the links' own.
//
// # What is kept
//
// Links are Keepers. A log is a stream of JetStream, WS_ws+main+chat~Events, with files
// and without consumers. A message is stored on a subject below ws.~k.main, and the
// stream republishes it on that of its channel. So a node needs one subscription for a
// room, and hears what is kept in the order of its positions, which are the stream's
// sequences. The servers' configuration has
//
//	jetstream {store_dir: "/data/jetstream"}
//
// and, in a cluster of servers, three of them or more, so that each message is on
// three; Options.History says otherwise. Streams are made when they are needed, and a
// stream that somebody deletes is made anew: who follows is told that messages are
// missing. What an operator changes in a stream stays, but for the bounds that a log
// has and its subjects. A log has one message more of each channel than it says, and
// keeps all for two minutes at least, because JetStream knows keys for as long as it
// has their messages. Besides it has marks: each node makes one now and then, a message
// without content on a subject below ~mark, so that it is known of silent channels that
// nothing is missing there.
//
// A server writes to its disk, and has it on the disk for sure two minutes later at
// most. A log with one replica can lose its newest messages when the power fails:
// unless all nodes were restarted, too, they notice, and the log begins another epoch.
// With sync_interval: always in the jetstream block it loses none, and is slower.
//
// # When a subscription is in place
//
// A server of NATS confirms a subscription as soon as it knows of that itself. The
// other servers of its cluster learn it over their routes, a moment later, and what
// is published there meanwhile is lost. So Subscribe also asks every server at
// which a node is: the question takes the same way as the subscription, and is
// answered by a node there. Who publishes at a server that no node is connected
// to, or in the first moments of one that has just joined the cluster, is not
// covered by that.
//
// # Connections
//
// Each link has one connection, and makes another when that breaks, for ever:
// between 0.1 and 1.1 seconds apart, and at once for one that worked. Nobody waits
// behind the client library's locks. Publish waits, until its context ends, while
// the server has not read the last 128 KiB of what was published.
package natsbroker
