import { defaultUrlLifetime, longestUrlLifetime } from '../policy-document.ts';
import { longestBody, mostUrls } from '../wire.ts';
import { servedRecords } from './access-route.ts';

/** One operation as OpenAPI describes it. */
type Operation = Readonly<Record<string, unknown>>;

function json(schema: string) {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } };
}

function refused(description: string) {
  return { description, content: json('ApiError') };
}

const common = {
  '401': {
    ...refused('No good credential. The same for every kind of bad one.'),
    headers: { 'WWW-Authenticate': { schema: { type: 'string' } } },
  },
  '404': refused('Nothing of this name, or nothing that the caller may see: the same bytes for both.'),
  '503': refused('Cannot be answered now, such as when the policy cannot be read.'),
};

const badQuery = { '400': refused('The query says something else, or something twice.') };
const notModified = { '304': { description: 'The caller has it, as If-None-Match says.' } };
const etag = { ETag: { description: 'The SHA-256 in hex, in quotes.', schema: { type: 'string' } } };
const digest = { 'Repr-Digest': { description: 'RFC 9530, sha-256.', schema: { type: 'string' } } };
const end = {
  'X-Weighbridge-Expires-At': {
    description: 'When a request with the URL is refused at the latest.',
    schema: { type: 'string', format: 'date-time' },
  },
};

const collection = { name: 'collection', in: 'path', required: true, schema: { type: 'string' } };
const version = {
  name: 'version',
  in: 'path',
  required: true,
  description: 'A version, or `latest`: the highest that the caller may see.',
  schema: { type: 'string' },
};
const file = {
  name: 'file',
  in: 'path',
  required: true,
  description:
    'The file as the release record names it. Slashes in it stand for themselves; each segment is encoded once.',
  schema: { type: 'string' },
};
const expiresIn = {
  name: 'expiresIn',
  in: 'query',
  description: `Seconds that the URL should live; ${defaultUrlLifetime} without it. It never lives longer than the grant allows, ${longestUrlLifetime} at most.`,
  schema: { type: 'integer', minimum: 1, maximum: 604_800 },
};
const store = {
  name: 'store',
  in: 'query',
  description: 'Which store; without it the first that answers.',
  schema: { type: 'string', enum: ['s3', 'gcs'] },
};
const redirect = {
  name: 'redirect',
  in: 'query',
  description: '0: the URL comes as text, for clients that would send their credential on with a redirect.',
  schema: { type: 'string', enum: ['0', '1'] },
};

/** GET and HEAD of what the API answers itself. */
function readable(path: string, summary: string, operationId: string, rest: Operation, ok: Operation, more: Operation) {
  const head = { ...ok };
  delete (head as { content?: unknown }).content;
  const of = (id: string, answer: Operation) => ({
    operationId: id,
    summary,
    ...rest,
    responses: { '200': answer, ...more },
  });
  return {
    [`GET ${path}`]: of(operationId, ok),
    [`HEAD ${path}`]: of(`${operationId}Head`, head),
  };
}

const recordTypes = {
  'release.json': json('Release'),
  SHA256SUMS: text('text/plain'),
  'RELEASE.md': text('text/markdown'),
};
const recordSummaries = {
  'release.json': 'The record of a release: the very bytes that the registry names the digest of',
  SHA256SUMS: 'Digests of all files, as sha256sum -c reads them',
  'RELEASE.md': 'Notes of a release',
};
const recordIds = { 'release.json': 'getRelease', SHA256SUMS: 'getSums', 'RELEASE.md': 'getNotes' };

function text(mediaType: string) {
  return { [mediaType]: { schema: { type: 'string' } } };
}

/** Every operation of the API, by method and path. */
export const operations: Readonly<Record<string, Operation>> = {
  ...readable(
    '/healthz',
    'Is the API able to answer? By this a client tells it from a plain mirror',
    'getHealth',
    { security: [] },
    { description: 'It is.', content: json('Health') },
    { '503': { description: 'It is not: nobody can say what the policy is.', content: json('Health') } },
  ),
  ...readable(
    '/openapi.json',
    'This document',
    'getOpenApi',
    { security: [] },
    { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
    {},
  ),
  ...readable(
    '/registry',
    'The registry as the caller may know it: releases of which some file is granted',
    'getRegistry',
    {},
    { description: 'Without signatures and mirrors.', headers: { ...etag, ...digest }, content: json('Registry') },
    { ...badQuery, ...notModified, ...common },
  ),
  'POST /urls': {
    operationId: 'signUrls',
    summary: `URLs of up to ${mostUrls} files of a release at once: all that are named, or none`,
    requestBody: {
      required: true,
      description: `At most ${longestBody} bytes; no field twice.`,
      content: json('UrlsRequest'),
    },
    responses: {
      '200': { description: 'The URLs.', content: json('UrlsAnswer') },
      '400': refused('The body is not such a request.'),
      '413': refused('The body is too large.'),
      '415': refused('The body is not application/json.'),
      ...common,
    },
  },
  ...Object.assign(
    {},
    ...servedRecords.map((record) =>
      readable(
        `/{collection}/{version}/${record}`,
        `${recordSummaries[record]}; to whoever may read some file of it`,
        recordIds[record],
        { parameters: [collection, version] },
        { description: 'The record, whole.', headers: { ...etag, ...digest }, content: recordTypes[record] },
        { ...badQuery, ...notModified, ...common },
      ),
    ),
  ),
  'GET /{collection}/{version}/{file}': {
    operationId: 'getFile',
    summary: 'Sends the caller on to a URL of the file that lives for a while',
    parameters: [collection, version, file, redirect, expiresIn, store],
    responses: {
      '200': { description: 'With redirect=0: the URL and a newline.', headers: end, content: text('text/plain') },
      '302': {
        description: 'To the URL.',
        headers: { ...end, Location: { schema: { type: 'string', format: 'uri' } } },
      },
      ...badQuery,
      ...common,
    },
  },
  'HEAD /{collection}/{version}/{file}': {
    operationId: 'getFileHead',
    summary: 'What the file is, without a URL of it',
    parameters: [collection, version, file, redirect, expiresIn, store],
    responses: {
      '200': {
        description: 'Length, type and digest of the file itself.',
        headers: { ...etag, ...digest, 'Content-Length': { schema: { type: 'integer' } } },
      },
      ...badQuery,
      ...notModified,
      ...common,
    },
  },
};
