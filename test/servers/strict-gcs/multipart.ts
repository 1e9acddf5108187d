import { invalid } from './api-error.ts';
import { parseMeta } from './object-resource.ts';

/** `multipart/related` with exactly two parts: the resource as JSON, and the bytes. @throws ApiError 400 */
export function parseMultipart(contentType: string, body: Buffer) {
  const boundary = /^multipart\/related;\s*boundary="?([^";]+)"?$/i.exec(contentType)?.[1];
  if (boundary === undefined) throw invalid('multipart/related needs a boundary');
  const first = Buffer.from(`--${boundary}\r\n`);
  const between = Buffer.from(`\r\n--${boundary}\r\n`);
  const end = Buffer.from(`\r\n--${boundary}--`);
  const middle = body.indexOf(between, first.length - 2);
  const last = body.lastIndexOf(end);
  if (!body.subarray(0, first.length).equals(first) || middle < 0 || last < middle)
    throw invalid('Malformed multipart body');
  const json = partOf(body.subarray(first.length, middle));
  const media = partOf(body.subarray(middle + between.length, last));
  const meta = parseMeta(json.bytes.toString('utf8'));
  return { meta: { contentType: media.type, ...meta }, bytes: Buffer.from(media.bytes) };
}

function partOf(part: Buffer): { type: string; bytes: Buffer } {
  const gap = part.indexOf('\r\n\r\n');
  if (gap < 0) throw invalid('A part without headers');
  const type = /^content-type:\s*(.+)$/im.exec(part.subarray(0, gap).toString('latin1'))?.[1] ?? '';
  return { type: type.trim(), bytes: part.subarray(gap + 4) };
}
