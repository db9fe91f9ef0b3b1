import { createServer } from 'node:net';

/**
 * Where servers listen: below the ports that the system gives to whoever connects (32768 and up on Linux). Else a page that
 * looks for a server which is away could have its port, and the server not start again.
 */
const [FIRST, MANY] = [12_000, 10_000];

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

let next = Math.floor(Math.random() * MANY);

/** A port that nobody has just now, each time another one. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    next = (next + 1) % MANY;
    const port = FIRST + next;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${FIRST} to ${FIRST + MANY} is free`);
}
