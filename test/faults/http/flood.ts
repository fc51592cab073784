/**
 * A process of its own that opens connections to a port as fast as it can, and keeps them: `node flood.ts PORT COUNT`. Each sends half
 * of a request's head. It says in a line of JSON how many were opened at all, and how many are still open when nothing has moved for a second.
 */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const [port, count] = process.argv.slice(2).map(Number);
let [opened, closed, failed, moved] = [0, 0, 0, 0];
const AT_ONCE = 250;

function open(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: port ?? 0, localAddress: '127.0.0.2' });
    socket.on('connect', () => {
      opened++;
      moved = performance.now();
      socket.write('GET /health HTTP/1.1\r\nhost:');
      resolve();
    });
    socket.on('error', () => resolve());
    socket.on('close', () => {
      if (socket.bytesWritten > 0) closed++;
      else failed++;
      moved = performance.now();
      resolve();
    });
    socket.resume();
  });
}

for (let begun = 0; begun < (count ?? 0); begun += AT_ONCE)
  await Promise.all(Array.from({ length: AT_ONCE }, open));
while (performance.now() - moved < 1_000) await sleep(100);
console.log(JSON.stringify({ opened, failed, closed }));
// They stay open until this process is ended.
setInterval(() => {}, 1_000);
