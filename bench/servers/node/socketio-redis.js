// socket.io with its defaults as a node of a cluster, by its adapter to Redis.
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { createAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import { serve, tick } from './control.js';

const { values } = parseArgs({ options: { engine: { type: 'string' }, 'engine-addr': { type: 'string' } } });
const pub = createClient({ url: `redis://${values['engine-addr']}` });
const sub = pub.duplicate();
await Promise.all([pub.connect(), sub.connect()]);

const http = createServer();
const io = new Server(http, { maxHttpBufferSize: 1 << 17, adapter: createAdapter(pub, sub) });
io.on('connection', (socket) => {
  socket.on('join', ({ room }) => socket.join(room));
});
http.listen(0, '127.0.0.1', () =>
  serve(http.address().port, '@socket.io/redis-adapter', (room, size) => {
    (room ? io.to(room) : io).emit('tick', tick(size));
  }),
);
