// What the node servers have in common: the driver's orders, one JSON object a
// line over standard input, and the messages.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

// base lifts a stamp to 16 digits, as the other processes do.
const base = 1_000_000_000_000_000;
const overhead = '{"event":"tick","data":{"at":,"by":0,"text":""}}'.length + 16;

// now is CLOCK_MONOTONIC in microseconds, plus base.
export const now = () => base + Number(process.hrtime.bigint() / 1000n);

// tick is the data of a push whose message has size bytes.
export const tick = (size) => ({ at: now(), by: 0, text: 'x'.repeat(Math.max(0, size - overhead)) });

// serve tells the driver where the server listens, and carries out its orders
// until standard input ends.
export function serve(port, library, push) {
  const say = (o) => process.stdout.write(JSON.stringify(o) + '\n');
  const require = createRequire(import.meta.url);
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const orders = {
    async push({ room = '', count = 1, gap = 0, bytes = 0 }) {
      for (let i = 0; i < count; i++) {
        if (i > 0 && gap > 0) await sleep(gap / 1000);
        push(room, bytes);
      }
    },
    gc() {
      for (let i = 0; i < 3; i++) globalThis.gc();
      return { heap: process.memoryUsage().heapUsed };
    },
    profile() {
      throw new Error('no profile of a node server');
    },
  };
  let last = Promise.resolve();
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      last = last.then(async () => {
        const order = JSON.parse(line);
        const at = now();
        try {
          const more = await orders[order.do](order);
          say({ at, took: now() - at, ...more });
        } catch (err) {
          say({ at, took: now() - at, error: String(err) });
        }
      });
    })
    .on('close', () => process.exit(0));
  say({ addr: `127.0.0.1:${port}`, version: require(`${library}/package.json`).version });
}
