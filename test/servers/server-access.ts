import type { RunningServer } from './start-server.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What a client must know of an S3 server; plain data. Addresses are path style. */
export interface S3Access {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: S3Credentials;
}

/** What a client must know of a GCS server; plain data. */
export interface GcsAccess {
  /** For `new Storage({ apiEndpoint, projectId })`. */
  readonly apiEndpoint: string;
  readonly projectId: string;
}

export interface S3Server extends RunningServer, S3Access {}

export interface GcsServer extends RunningServer, GcsAccess {}

/** Of the servers that tests start; they guard nothing. */
export const rootCredentials: S3Credentials = { accessKeyId: 'testroot', secretAccessKey: 'testrootsecret' };

export function s3Access(server: Pick<RunningServer, 'url'>): S3Access {
  return { endpoint: server.url, region: 'us-east-1', credentials: rootCredentials };
}

export function gcsAccess(server: RunningServer): GcsAccess {
  return { apiEndpoint: server.url, projectId: 'weighbridge-test' };
}
