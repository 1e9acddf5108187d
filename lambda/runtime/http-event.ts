import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { z } from 'zod';
import type { ApiError } from '../../lib/core/access/wire.ts';

/**
 * A request as an HTTP API of API Gateway hands it to a function (payload format 2.0), less what nobody reads.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export const httpEventSchema = z.object({
  routeKey: z.string(),
  rawPath: z.string().startsWith('/'),
  rawQueryString: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string().optional(),
  isBase64Encoded: z.boolean(),
  requestContext: z.object({
    requestId: z.string(),
    http: z.object({ method: z.string() }),
    authorizer: z.object({ iam: z.object({ accountId: z.string(), userArn: z.string() }).optional() }).optional(),
  }),
});
export type HttpEvent = z.infer<typeof httpEventSchema>;

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** Nobody's name: what the application answers does not depend on the host that was asked. */
const origin = 'https://access.invalid';

/** What can stand in a path as it is; escapes that are left are escapes. */
const notInPath = /%(?![0-9A-Fa-f]{2})|[^\w\-.~!$&'()*+,;=:@/%]/gu;

/**
 * What was asked for, as a request line has it. The gateway has undone every escape of the path but `%25`, so that each
 * stands for one path; what can be no path is escaped again. A `?` in a name ends the path at the gateway already: such
 * files are had by `POST`.
 */
export function targetOf({ rawPath, rawQueryString }: HttpEvent): string {
  const path = rawPath.toWellFormed().replaceAll(notInPath, (text) => encodeURIComponent(text));
  return rawQueryString === '' ? path : `${path}?${rawQueryString}`;
}

/** Methods that no `Request` may have, and no route takes: to the application one is another that no route takes. */
const impossible = /^(?:connect|trace|track)$|[^\w!#$%&'*+\-.^`|~]|^$/i;

/** The event as a request, whose URL has lost `.` and `..`: what was asked for is `targetOf`. */
export function httpRequest(event: HttpEvent): Request {
  const { headers, body, isBase64Encoded, requestContext } = event;
  const { method: asked } = requestContext.http;
  const method = impossible.test(asked) ? 'DELETE' : asked;
  const bytes = body === undefined ? undefined : Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  return new Request(origin + targetOf(event), {
    method,
    headers: Object.entries(headers).filter(([name, value]) => isHeader(name, value)),
    ...(bytes === undefined || method === 'GET' || method === 'HEAD' ? {} : { body: bytes }),
  });
}

function isHeader(name: string, value: string): boolean {
  return /^[\w!#$%&'*+\-.^`|~]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

/** Bytes of an answer as JSON: Lambda takes 6,291,556, headers and all. */
const largest = 6_200_000;

/** What is larger than an answer may be, for who does not take it compressed. */
const tooLarge = {
  error: { code: 'TooLarge', message: 'this is larger than the gateway answers: ask with Accept-Encoding: gzip' },
} satisfies ApiError;

/**
 * The answer for the gateway. Every answer of the application is text; one that is too large as it is, such as the
 * record of ten thousand files, goes compressed to who takes that.
 */
export async function httpAnswer(response: Response, request?: Request): Promise<HttpAnswer> {
  const { status, headers: said } = response;
  const body = await response.text();
  const headers = Object.fromEntries(said);
  if (isAnswerable(body)) return { statusCode: status, headers, body, isBase64Encoded: false };
  const zipped = takesGzip(request) ? (await promisify(gzip)(body)).toString('base64') : '';
  const plain = Object.fromEntries([...said].filter(([name]) => !['content-length', 'etag'].includes(name)));
  if (zipped !== '' && isAnswerable(zipped)) {
    const coded = { ...plain, 'content-encoding': 'gzip', vary: 'accept-encoding' };
    return { statusCode: status, headers: coded, body: zipped, isBase64Encoded: true };
  }
  return { statusCode: 413, headers: plain, body: JSON.stringify(tooLarge), isBase64Encoded: false };
}

/** A quote or a control character takes up to six bytes. */
function isAnswerable(body: string): boolean {
  return body.length < largest / 6 || Buffer.byteLength(JSON.stringify(body)) < largest;
}

function takesGzip(request: Request | undefined): boolean {
  const codings = request?.headers.get('accept-encoding') ?? '';
  return codings.split(',').some((coding) => /^\s*(?:gzip|\*)\s*(?:;\s*q=(?:1|0\.0*[1-9]).*)?$/i.test(coding));
}
