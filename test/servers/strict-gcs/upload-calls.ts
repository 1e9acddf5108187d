import type { IncomingMessage } from 'node:http';
import { type Answer, emptyAnswer, jsonAnswer } from './answer.ts';
import { invalid } from './api-error.ts';
import { parseMultipart } from './multipart.ts';
import { parseMeta, resourceOf } from './object-resource.ts';
import type { Sessions } from './sessions.ts';
import type { ObjectMeta, StrictBucket } from './strict-bucket.ts';

export interface UploadCall {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

/** `objects.insert` in its three kinds. `allow` throws where the name may not be written. @throws ApiError */
export function insertObject(
  { request, query, body }: UploadCall,
  bucket: StrictBucket,
  sessions: Sessions,
  allow: (name: string) => void,
): Answer {
  const type = String(request.headers['content-type'] ?? '');
  const kind = query.get('uploadType');
  if (kind === 'resumable') {
    const { name, meta } = named(parseMeta(body.toString('utf8')), query);
    allow(name);
    const id = sessions.start(bucket, name, meta, query, request);
    const base = `http://${request.headers.host}/upload/storage/v1/b/${encodeURIComponent(bucket.name)}/o`;
    return emptyAnswer(200, { location: `${base}?uploadType=resumable&upload_id=${id}` });
  }
  if (kind !== 'media' && kind !== 'multipart') throw invalid('uploadType');
  const whole = kind === 'media' ? { meta: { contentType: type }, bytes: body } : parseMultipart(type, body);
  const { name, meta } = named(whole.meta, query);
  allow(name);
  return jsonAnswer(resourceOf(bucket, bucket.insert(name, whole.bytes, meta, query)), query);
}

/** A request to a session: its URI is the credential. @param keep Persists only so many bytes. @throws ApiError */
export function continueSession(
  { request, query, body }: UploadCall,
  id: string,
  sessions: Sessions,
  keep: number | undefined,
): Answer {
  if (request.method === 'DELETE') sessions.cancel(id);
  const answer = sessions.put(id, request, body, keep);
  if (answer.status === 200) return jsonAnswer(resourceOf(answer.bucket, answer.made), query);
  return emptyAnswer(308, answer.persisted === 0 ? {} : { range: `bytes=0-${answer.persisted - 1}` });
}

/** The name in the query wins over the one in the resource. */
function named(resource: ObjectMeta & { readonly name?: string }, query: URLSearchParams) {
  const { name = '', ...meta } = resource;
  return { name: query.get('name') ?? name, meta };
}
