import { Agent, createServer, request as forwardRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { flipped, paced, upTo } from './fault-streams.ts';
import { type FaultMatch, type FaultRule, type StoreAnswer, type StoreFault, StoreFaultBoard } from './store-fault.ts';

/** One request that arrived, in order of arrival. */
export interface ProxiedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  /** What the store answered; undefined where it never saw the request, or never answered. */
  readonly storeStatus: number | undefined;
  /** What the client was told; undefined where its connection was closed instead. */
  readonly status: number | undefined;
  readonly fault: StoreFault['kind'] | undefined;
  /** Bytes of the request's body that were read from the client. */
  readonly bytes: number;
}

type Noted = { -readonly [Key in keyof ProxiedRequest]: ProxiedRequest[Key] };

export interface FaultProxy {
  /** What the client takes for the store's endpoint. */
  readonly url: string;
  readonly requests: readonly ProxiedRequest[];
  /** The first rule that meets a request decides what happens to it. */
  fault(match: FaultMatch, fault: StoreFault): FaultRule;
  /** No more faults. */
  clear(): void;
  /** @throws what the test's own `before` or `after` threw: to the client that was a closed connection, to a test it is a defect. */
  stop(): Promise<void>;
}

/** A request on its way. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly fault: StoreFault | undefined;
  readonly noted: Noted;
  /** Closes the client's connection. */
  readonly hangUp: () => void;
}

/** Answers that a test rewrites are held whole. */
const rewriteLimit = 64 * 1024 * 1024;
const hopByHop = new Set(['connection', 'keep-alive', 'proxy-connection', 'expect']);

/**
 * A proxy on loopback in front of a store's server, which does to the requests what a test tells it.
 * The Host header goes through as it came, because SigV4 signs it; `Location` is made to lead back here,
 * so that a resumable session goes through the proxy as well.
 * @param target Origin of the server, plain http.
 */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const origin = new URL(target);
  // A connection of its own for each request: one kept open could be closed by the server just as it is used,
  // which would be a fault that nobody asked for.
  const agent = new Agent({ keepAlive: false });
  const board = new StoreFaultBoard();
  const requests: Noted[] = [];
  const failures: unknown[] = [];

  const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
    const noted: Noted = {
      method: request.method ?? '',
      target: request.url ?? '',
      storeStatus: undefined,
      status: undefined,
      fault: undefined,
      bytes: 0,
    };
    requests.push(noted);
    // Of a connection that is closed while the request still comes: on purpose, here.
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => {
      noted.bytes += chunk.length;
    });
    // The counting listener starts the flow; the body waits for whoever takes it.
    request.pause();
    const fault = board.meet(request);
    noted.fault = fault?.kind;
    // Kept, because a request that was destroyed no longer says which connection was its own.
    const { socket } = request;
    const hangUp = () => void socket.destroy();
    void handle({ request, response, fault, noted, hangUp }).catch(hangUp);
  });
  server.requestTimeout = 0;

  function unexpected(error: unknown): never {
    failures.push(error);
    throw error;
  }

  async function handle(exchange: Exchange): Promise<void> {
    const { request, response, fault, noted, hangUp } = exchange;
    if (fault?.kind === 'drop') return hangUp();
    if (fault?.kind === 'answer') {
      // S3 reads on before it refuses; a client that is still sending would see a reset instead.
      request.resume();
      await new Promise((resolve) => request.once('end', resolve).once('close', resolve));
      await fault.after?.().catch(unexpected);
      return send(response, fault.answer, noted);
    }
    if (fault?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.milliseconds).unref());
    if (fault?.kind === 'before') {
      await fault.act().catch(unexpected);
    }
    forward(exchange);
  }

  function forward(exchange: Exchange): void {
    const { request, response, fault, noted, hangUp } = exchange;
    const onward = forwardRequest({
      agent,
      host: origin.hostname,
      port: origin.port,
      method: request.method,
      path: request.url,
      headers: headersOf(request.rawHeaders),
    });
    onward.on('error', hangUp);
    response.on('close', () => {
      if (!response.writableFinished && fault?.kind !== 'lose-answer') onward.destroy();
    });
    onward.on('response', (answer) => {
      noted.storeStatus = answer.statusCode;
      answer.on('error', hangUp);
      if (fault?.kind === 'lose-answer') {
        answer.resume();
        answer.on('end', hangUp);
        return;
      }
      if (fault?.kind === 'rewrite') return void rewrite(answer, fault.change, exchange);
      pass(answer, exchange);
    });
    const steps = [
      ...(fault?.kind === 'flip-request' ? [flipped(fault.at)] : []),
      ...(fault?.kind === 'throttle' ? [paced(fault.bytesPerSecond)] : []),
      ...(fault?.kind === 'cut-request' ? [upTo(fault.at)] : []),
    ];
    pipeline([request, ...steps, onward], (error) => {
      if (error !== null && error !== undefined) hangUp();
    });
  }

  function pass(answer: IncomingMessage, { response, fault, noted, hangUp }: Exchange): void {
    noted.status = answer.statusCode;
    response.writeHead(answer.statusCode ?? 502, back(headersOf(answer.rawHeaders)));
    const steps = [
      ...(fault?.kind === 'throttle' ? [paced(fault.bytesPerSecond)] : []),
      ...(fault?.kind === 'truncate-answer' ? [upTo(fault.at)] : []),
    ];
    pipeline([answer, ...steps, response], (error) => {
      if (error !== null && error !== undefined) hangUp();
    });
  }

  async function rewrite(
    answer: IncomingMessage,
    change: (answer: StoreAnswer) => StoreAnswer,
    { response, noted, hangUp }: Exchange,
  ): Promise<void> {
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of answer as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > rewriteLimit) return hangUp();
      pieces.push(piece);
    }
    const headers = back(headersOf(answer.rawHeaders));
    send(response, change({ status: answer.statusCode ?? 502, headers, body: Buffer.concat(pieces) }), noted);
  }

  function send(response: ServerResponse, answer: StoreAnswer, noted: Noted): void {
    noted.status = answer.status;
    const { 'content-length': _, 'transfer-encoding': __, ...headers } = answer.headers;
    const empty = noted.method === 'HEAD' || answer.status === 204 || answer.status === 304;
    response.writeHead(answer.status, {
      ...(headers as Record<string, string>),
      ...(empty ? {} : { 'content-length': String(answer.body.length) }),
    });
    response.end(empty ? undefined : answer.body);
  }

  function back(headers: Record<string, string | string[]>): Record<string, string | string[]> {
    const { location } = headers;
    return typeof location === 'string' && location.startsWith(origin.origin)
      ? { ...headers, location: url + location.slice(origin.origin.length) }
      : headers;
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    fault: (match, fault) => board.add(match, fault),
    clear: () => board.clear(),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      agent.destroy();
      await closed;
      if (failures.length > 0) throw failures[0];
    },
  };
}

/** Names in lower case, a name that occurs again as a list, without what is between two neighbours only. */
function headersOf(raw: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    if (hopByHop.has(name)) continue;
    const before = headers[name];
    headers[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return headers;
}
