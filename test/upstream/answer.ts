import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { bytesContent, type Content } from './content.ts';
import type { Fault } from './fault.ts';

/** What will be sent, and how it will go wrong on the way. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  /** Bytes `[start, end)` of it are the body; undefined for none. */
  content: Content | undefined;
  start: number;
  end: number;
  /** Positions in the file. */
  flips: number[];
  /** Body bytes after which something happens. */
  resetAt: number | undefined;
  endAt: number | undefined;
  stallAt: number | undefined;
  /** Bytes sent after the right ones. */
  extra: number;
  bytesPerSecond: number | undefined;
  delaySeconds: number;
  drop: boolean;
}

const sound = {
  flips: [],
  resetAt: undefined,
  endAt: undefined,
  stallAt: undefined,
  extra: 0,
  bytesPerSecond: undefined,
  delaySeconds: 0,
  drop: false,
};

/** A plain answer with a short body. */
export function plainAnswer(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const content = bytesContent(Buffer.from(body), { etag: null });
  const all = { 'content-type': 'text/plain', 'content-length': String(content.size), ...headers };
  return { ...sound, status, headers: all, content, start: 0, end: content.size, flips: [] };
}

/** The right answer for a content: HEAD, Range, If-Range, If-Match, If-Unmodified-Since (RFC 9110 §13, §14). */
export function rightAnswer(request: IncomingMessage, content: Content, faults: readonly Fault[]): Answer {
  const has = (kind: Fault['kind']) => faults.some((fault) => fault.kind === kind);
  const headers: Record<string, string> = { 'accept-ranges': has('ignore-range') ? 'none' : 'bytes' };
  headers['content-type'] = content.mediaType ?? 'application/octet-stream';
  if (content.etag !== undefined) headers.etag = content.etag;
  if (content.lastModified !== undefined) headers['last-modified'] = content.lastModified;
  const answer: Answer = { ...sound, status: 200, headers, content, start: 0, end: content.size, flips: [] };
  if (!has('ignore-conditions') && fails(request, content)) return plainAnswer(412, 'precondition failed\n');
  const range = has('ignore-range') ? undefined : rangeOf(request, content);
  if (range === 'unsatisfiable') return plainAnswer(416, '', { 'content-range': `bytes */${content.size}` });
  if (range !== undefined && request.method === 'GET') {
    answer.status = 206;
    answer.start = range.start;
    answer.end = range.end;
    headers['content-range'] = `bytes ${range.start}-${range.end - 1}/${content.size}`;
  }
  headers['content-length'] = String(answer.end - answer.start);
  return answer;
}

function fails(request: IncomingMessage, content: Content): boolean {
  const match = request.headers['if-match'];
  if (match !== undefined) return match !== '*' && !match.split(/\s*,\s*/).includes(content.etag ?? '');
  const since = request.headers['if-unmodified-since'];
  if (since === undefined || content.lastModified === undefined) return false;
  return Date.parse(content.lastModified) > Date.parse(since);
}

function rangeOf(request: IncomingMessage, content: Content) {
  const condition = request.headers['if-range'];
  if (condition !== undefined && condition !== content.etag && condition !== content.lastModified) return undefined;
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (match === null) return undefined;
  const start = Number(match[1]);
  if (start >= content.size) return 'unsatisfiable';
  const last = match[2] === '' ? content.size - 1 : Number(match[2]);
  return { start, end: Math.min(content.size, last + 1) };
}

/** Replaces the content before anything is decided, for faults that are about the object itself. */
export function faultyContent(content: Content, faults: readonly Fault[]): Content {
  let result = content;
  for (const fault of faults) {
    if (fault.kind === 'html') result = html(fault.size, fault.honest !== false);
    else if (fault.kind === 'lfs-pointer') {
      const text = `version https://git-lfs.github.com/spec/v1\noid sha256:${fault.oid}\nsize ${fault.size}\n`;
      result = bytesContent(Buffer.from(text), { mediaType: 'text/plain' });
    } else if (fault.kind === 'empty') result = bytesContent(Buffer.alloc(0));
    else if (fault.kind === 'etag') result = { ...result, etag: fault.etag, read: result.read };
  }
  return result;
}

function html(size: number | undefined, honest: boolean): Content {
  const page = '<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in.</body></html>\n';
  const padded = size === undefined ? page : page.padEnd(size, ' ').slice(0, size);
  return bytesContent(Buffer.from(padded), {
    mediaType: honest ? 'text/html; charset=utf-8' : 'application/octet-stream',
  });
}

/** Bends an answer. */
export function applyFault(answer: Answer, fault: Fault, request: IncomingMessage): Answer {
  const length = answer.end - answer.start;
  switch (fault.kind) {
    case 'status':
      return plainAnswer(fault.status, `status ${fault.status}\n`, fault.headers ?? {});
    case 'redirect':
      return plainAnswer(fault.status ?? 302, '', { location: fault.to });
    case 'drop':
      return { ...answer, drop: true };
    case 'reset':
      return { ...answer, resetAt: fault.at === 'random' ? Math.floor(Math.random() * Math.max(1, length)) : fault.at };
    case 'short':
      return { ...answer, endAt: Math.max(0, length - fault.by) };
    case 'long':
      return longer(answer, fault.by, fault.declared === true);
    case 'flip':
      return { ...answer, flips: [...answer.flips, fault.at] };
    case 'wrong-range': {
      const { start, end, content } = answer;
      if (answer.status !== 206) return answer;
      const shift = fault.shift ?? 0;
      const value = `bytes ${start + shift}-${end - 1 + shift}/${fault.total ?? content?.size}`;
      return { ...answer, headers: { ...answer.headers, 'content-range': value } };
    }
    case 'gzip':
      return zipped(answer);
    case 'no-length':
      return { ...answer, headers: without(answer.headers, 'content-length') };
    case 'head-lies':
      if (request.method !== 'HEAD') return answer;
      return { ...answer, headers: { ...answer.headers, 'content-length': String(fault.size) } };
    case 'stall':
      return { ...answer, stallAt: fault.at };
    case 'throttle':
      return { ...answer, bytesPerSecond: fault.bytesPerSecond };
    case 'slow-start':
      return { ...answer, delaySeconds: fault.seconds };
    case 'html':
    case 'lfs-pointer':
    case 'empty':
    case 'etag':
    case 'ignore-range':
    case 'ignore-conditions':
      return answer;
  }
}

function longer(answer: Answer, by: number, declared: boolean): Answer {
  const length = answer.end - answer.start + by;
  const rest = without(answer.headers, 'content-length');
  return { ...answer, extra: by, headers: declared ? { ...rest, 'content-length': String(length) } : rest };
}

function zipped(answer: Answer): Answer {
  if (answer.content === undefined) return answer;
  const bytes = gzipSync(Buffer.concat([...(answer.content.read(answer.start, answer.end) as Iterable<Uint8Array>)]));
  const content = bytesContent(bytes, { etag: null });
  const headers = { ...answer.headers, 'content-encoding': 'gzip', 'content-length': String(bytes.byteLength) };
  return { ...answer, content, start: 0, end: content.size, headers };
}

function without(headers: Readonly<Record<string, string>>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name));
}
