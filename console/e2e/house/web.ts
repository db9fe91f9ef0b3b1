import { existsSync, readFileSync } from 'node:fs';
import { type Server as HttpServer, createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { extname, join } from 'node:path';

/** The policy that the page must live with: nothing inline, nothing from elsewhere. */
export const POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

const DIST = new URL('../../dist', import.meta.url).pathname;

const KINDS: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** Serves the built page at an address of its own, with the API of a server behind it. */
export class Web {
  readonly url: string;
  readonly #server: HttpServer;
  /** Open sockets of the live line, so that a test can cut them. */
  readonly #lines: Set<{ destroy(): void }>;
  /** Until then no live line is taken. */
  readonly #cut: { until: number };

  private constructor(server: HttpServer, lines: Set<{ destroy(): void }>, cut: { until: number }) {
    this.#server = server;
    this.#lines = lines;
    this.#cut = cut;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(behind: () => string): Promise<Web> {
    if (!existsSync(join(DIST, 'index.html'))) throw new Error('there is no dist: run `npm run build` first');
    const lines = new Set<{ destroy(): void }>();
    const cut = { until: 0 };
    const server = createServer((asked, answer) => {
      const path = new URL(asked.url ?? '/', 'http://page').pathname;
      if (path.startsWith('/api/')) {
        const { hostname, port } = new URL(behind());
        const onward = request(
          { hostname, port, path: asked.url, method: asked.method, headers: asked.headers },
          got => {
            answer.writeHead(got.statusCode ?? 502, got.headers);
            got.pipe(answer);
          },
        );
        onward.on('error', () => answer.headersSent || answer.writeHead(502).end());
        asked.pipe(onward);
        return;
      }
      const file = path.startsWith('/assets/') ? join(DIST, path) : join(DIST, 'index.html');
      if (!file.startsWith(DIST) || !existsSync(file)) {
        answer.writeHead(404).end();
        return;
      }
      answer.writeHead(200, {
        'content-type': KINDS[extname(file)] ?? 'application/octet-stream',
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
      });
      answer.end(readFileSync(file));
    });
    server.on('upgrade', (asked, socket, head) => {
      if (Date.now() < cut.until) {
        socket.destroy();
        return;
      }
      const { hostname, port } = new URL(behind());
      const onward = connect(Number(port), hostname, () => {
        const headers = Object.entries(asked.headers).map(([name, value]) => `${name}: ${String(value)}`);
        onward.write(`GET ${asked.url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
        onward.write(head);
        socket.pipe(onward).pipe(socket);
      });
      const both = {
        destroy() {
          socket.destroy();
          onward.destroy();
        },
      };
      lines.add(both);
      const gone = () => {
        lines.delete(both);
        both.destroy();
      };
      socket.on('close', gone).on('error', gone);
      onward.on('close', gone).on('error', gone);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new Web(server, lines, cut);
  }

  /** Cuts all live lines, as a network would, and for so long, in milliseconds. */
  cut(within = 0): void {
    this.#cut.until = Date.now() + within;
    for (const line of [...this.#lines]) line.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}
