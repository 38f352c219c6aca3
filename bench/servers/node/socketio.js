// socket.io with its defaults, spoken over its websocket transport.
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { serve, tick } from './control.js';

const http = createServer();
const io = new Server(http, { maxHttpBufferSize: 1 << 17 });
io.on('connection', (socket) => {
  let joined = '';
  socket.on('echo', (data) => socket.emit('echo', data));
  socket.on('join', ({ room }) => {
    joined = room;
    socket.join(room);
  });
  socket.on('say', (data) => io.to(joined).emit('said', data));
});
http.listen(0, '127.0.0.1', () =>
  serve(http.address().port, 'socket.io', (room, size) => {
    (room ? io.to(room) : io).emit('tick', tick(size));
  }),
);
