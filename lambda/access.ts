import { type HttpAnswer, httpAnswer, httpEventSchema, httpRequest } from './runtime/http-event.ts';

/** The access API behind API Gateway. */
export async function handler(event: unknown): Promise<HttpAnswer> {
  const { pathname } = new URL(httpRequest(httpEventSchema.parse(event)).url);
  const found = pathname === '/v1/healthz';
  const answer = found
    ? { service: 'weighbridge-access', api: 1, ok: false }
    : { error: { code: 'Unavailable', message: 'the service is not complete' } };
  return await httpAnswer(Response.json(answer, { status: found ? 200 : 503 }));
}
