// ws 8: an echo through JSON, a push as a loop over the clients.
import { WebSocketServer } from 'ws';
import { serve, tick } from './control.js';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/ws', maxPayload: 1 << 16 });
server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (bytes) => {
    const { event, data } = JSON.parse(bytes);
    socket.send(JSON.stringify({ event, data }));
  });
});
server.on('listening', () =>
  serve(server.address().port, 'ws', (_room, size) => {
    const message = JSON.stringify({ event: 'tick', data: tick(size) });
    for (const client of server.clients) client.send(message);
  }),
);
