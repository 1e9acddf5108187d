import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type Answer, applyFault, faultyContent, plainAnswer, rightAnswer } from './answer.ts';
import { bytesContent, type Content, type ContentOptions } from './content.ts';
import { type Fault, FaultBoard, type FaultWindow } from './fault.ts';
import { sendAnswer } from './send-answer.ts';

/** One request as it came, and what went out for it. */
export interface RecordedRequest {
  readonly method: string;
  /** Path without query, as sent. */
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  status: number;
  /** Body bytes handed to the socket so far. */
  bytes: number;
}

/** Answers paths that are no plain files; undefined to pass on. */
export type Route = (request: IncomingMessage, url: URL) => Content | Answer | undefined;

export interface UpstreamOptions {
  /** Serve TLS with this key and certificate (PEM). */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A real HTTP server on loopback that serves bytes correctly until a fault is switched on. */
export class Upstream {
  /** `http://127.0.0.1:1234`, without a slash at the end. */
  readonly origin: string;
  readonly requests: RecordedRequest[] = [];
  private readonly server: Server;
  private readonly contents = new Map<string, Content>();
  private readonly routes: Route[] = [];
  private readonly faults = new FaultBoard();
  private readonly sockets: Set<Socket>;

  constructor(server: Server, sockets: Set<Socket>, secure: boolean) {
    this.server = server;
    this.sockets = sockets;
    this.origin = `${secure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => void this.answer(request, response));
  }

  /** URL of a path. */
  url(path: string): string {
    return `${this.origin}${path}`;
  }

  /** Serves bytes at a path (as it stands in request lines, so percent-encoded); a later call replaces them. */
  put(path: string, content: Uint8Array | Content, options: ContentOptions = {}): void {
    this.contents.set(path, content instanceof Uint8Array ? bytesContent(content, options) : content);
  }

  remove(path: string): void {
    this.contents.delete(path);
  }

  mount(route: Route): void {
    this.routes.push(route);
  }

  /** Switches a fault on for a path (`*`: all), from its n-th request and so many times. Several add up. */
  fault(path: string, fault: Fault, window: FaultWindow = {}): void {
    this.faults.add(path, fault, window);
  }

  /** Everything right again; counters stay. */
  heal(): void {
    this.faults.clear();
  }

  requestsTo(path: string, method?: string): RecordedRequest[] {
    return this.requests.filter((each) => each.path === path && (method === undefined || each.method === method));
  }

  /** Body bytes handed to sockets, in all or for one path. */
  bytesServed(path?: string): number {
    return this.requests.reduce((sum, each) => (path === undefined || each.path === path ? sum + each.bytes : sum), 0);
  }

  forgetRequests(): void {
    this.requests.length = 0;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.origin);
    const method = request.method ?? 'GET';
    // As sent: the URL parser would tidy it up.
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const record: RecordedRequest = { method, path, query: url.search, headers: request.headers, status: 0, bytes: 0 };
    this.requests.push(record);
    response.on('error', () => {});
    request.resume();
    const answer = this.decide(request, url, path, method);
    record.status = answer.status;
    try {
      await sendAnswer(response, answer, method === 'HEAD', (bytes) => {
        record.bytes += bytes;
      });
    } catch {
      response.destroy();
    }
  }

  private decide(request: IncomingMessage, url: URL, path: string, method: string): Answer {
    const faults = this.faults.meet(path, method);
    const found = this.find(request, url, path);
    let answer = isAnswer(found) ? found : rightAnswer(request, faultyContent(found, faults), faults);
    for (const fault of faults) answer = applyFault(answer, fault, request);
    return answer;
  }

  private find(request: IncomingMessage, url: URL, path: string): Content | Answer {
    for (const route of this.routes) {
      const found = route(request, url);
      if (found !== undefined) return found;
    }
    return this.contents.get(path) ?? plainAnswer(404, 'not found\n');
  }
}

function isAnswer(found: Content | Answer): found is Answer {
  return 'status' in found;
}

/** Starts an upstream on a free port of 127.0.0.1. Close it. */
export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const server = options.tls === undefined ? createServer() : (createTlsServer(options.tls) as Server);
  // Connections must outlive a pause between two requests of a slow test.
  server.keepAliveTimeout = 60_000;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new Upstream(server, sockets, options.tls !== undefined);
}

/** An origin where nothing listens: connections are refused. */
export async function closedOrigin(): Promise<string> {
  const upstream = await startUpstream();
  await upstream.close();
  return upstream.origin;
}
