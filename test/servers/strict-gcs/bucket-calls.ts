import { type Answer, emptyAnswer, jsonAnswer } from './answer.ts';
import { ApiError, conditionNotMet, invalid } from './api-error.ts';
import type { StrictBucket } from './strict-bucket.ts';

/** What cannot be changed once a bucket is there. https://docs.cloud.google.com/storage/docs/json_api/v1/buckets */
const immutable = ['location', 'locationType', 'projectNumber', 'timeCreated'];

export function bucketResource({ name, rules }: StrictBucket): Record<string, unknown> {
  return {
    kind: 'storage#bucket',
    name,
    location: 'US',
    ...rules.settings,
    metageneration: String(rules.metageneration),
  };
}

/** PATCH: each field that is given takes the place of what was there; null removes it. Labels are merged one by one. */
export function patchBucket(bucket: StrictBucket, body: Buffer, query: URLSearchParams): Answer {
  const { rules } = bucket;
  const match = query.get('ifMetagenerationMatch');
  if (match !== null && match !== String(rules.metageneration)) throw conditionNotMet();
  const changes = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  const settings = rules.settings as Record<string, unknown>;
  for (const [field, value] of Object.entries(changes)) {
    if (immutable.includes(field) && settings[field] !== value) throw invalid(`${field} cannot be changed`);
    settings[field] = field === 'labels' ? merged(settings.labels, value) : value;
    if (settings[field] === null) delete settings[field];
  }
  rules.metageneration += 1;
  return jsonAnswer(bucketResource(bucket), query);
}

function merged(before: unknown, changes: unknown): Record<string, unknown> {
  const all = { ...(before as Record<string, unknown>), ...(changes as Record<string, unknown>) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}

/** @throws ApiError 409 while anything is in it. */
export function checkEmpty(bucket: StrictBucket): void {
  if (bucket.all(true).length > 0) {
    throw new ApiError(409, 'conflict', 'The bucket you tried to delete is not empty.');
  }
}

/** GET and PUT of `…/iam`; a policy carries the tag of what it replaces. */
export function bucketPolicy(bucket: StrictBucket, method: string, body: Buffer, query: URLSearchParams): Answer {
  const { rules } = bucket;
  if (method === 'GET') return jsonAnswer(rules.policy, query);
  if (method !== 'PUT') return emptyAnswer(405);
  const policy = JSON.parse(body.toString('utf8')) as typeof rules.policy;
  if (policy.etag !== undefined && policy.etag !== rules.policy.etag) throw conditionNotMet();
  const open = policy.bindings.some(({ members }) =>
    members.some((one) => one === 'allUsers' || one === 'allAuthenticatedUsers'),
  );
  const { publicAccessPrevention } =
    (rules.settings as { iamConfiguration?: { publicAccessPrevention?: string } }).iamConfiguration ?? {};
  if (open && publicAccessPrevention === 'enforced') {
    throw new ApiError(
      412,
      'conditionNotMet',
      'The member bindings allUsers and allAuthenticatedUsers are not allowed since public access prevention is enforced.',
    );
  }
  rules.policy = { bindings: policy.bindings, etag: `CA${Number(rules.policy.etag.slice(2)) + 1}` };
  return jsonAnswer(rules.policy, query);
}
