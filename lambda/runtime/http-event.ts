import { z } from 'zod';

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
  readonly isBase64Encoded: false;
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

/**
 * The event as a request, whose URL has lost `.` and `..`: what was asked for is `targetOf`.
 * @throws TypeError for a method that no request of an application may have
 */
export function httpRequest(event: HttpEvent): Request {
  const { headers, body, isBase64Encoded, requestContext } = event;
  const { method } = requestContext.http;
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

/** The answer for the gateway. Every answer of the application is text. */
export async function httpAnswer(response: Response): Promise<HttpAnswer> {
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
    isBase64Encoded: false,
  };
}
