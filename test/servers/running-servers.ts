import { inject } from 'vitest';
import type { GcsAccess, S3Access } from './server-access.ts';
import { isInstalled, type ServerName, serverProgram } from './server-programs.ts';

export type S3ServerName = Extract<ServerName, 'versitygw' | 'minio'>;
export type GcsServerName = Extract<ServerName, 'fake-gcs-server' | 'gcp-storage-emulator'>;
/** Those that are started once for all tests of a run. */
export type SharedServerName = S3ServerName | GcsServerName;

/** The servers that run beside the tests; undefined is what this machine does not have. */
export interface RunningServers {
  readonly s3: Readonly<Record<S3ServerName, S3Access | undefined>>;
  readonly gcs: Readonly<Record<GcsServerName, GcsAccess | undefined>>;
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly servers: RunningServers;
  }
}

/**
 * A real S3 server, shared by all tests of a run: make a bucket of your own. For tests in `*.server.test.ts`, with
 * `describe.skipIf(server === undefined)`.
 * @returns undefined where it is not installed
 * @throws Error where it is not installed and CI is true: there nothing is skipped silently
 */
export function s3Server(name: S3ServerName): S3Access | undefined {
  return present(name, servers().s3[name]);
}

/** For tests that start a server of their own: is there none of that kind to start? @throws as `s3Server`. */
export function lacksS3Server(title: 'versitygw' | 'MinIO'): boolean {
  return s3Server(title === 'MinIO' ? 'minio' : title) === undefined;
}

/** A real GCS server; as `s3Server`. */
export function gcsServer(name: GcsServerName): GcsAccess | undefined {
  return present(name, servers().gcs[name]);
}

/**
 * For tests of `startAwsEmulator`, which give each file an emulator of its own: is MiniStack not here?
 * @throws as `s3Server`.
 */
export function lacksAwsEmulator(): boolean {
  return present('ministack', isInstalled(serverProgram('ministack')) || undefined) === undefined;
}

function servers(): RunningServers {
  // Vitest's type does not say that other projects are provided with nothing.
  const provided = inject('servers') as RunningServers | undefined;
  if (provided === undefined) throw new Error('servers run for tests that are called *.server.test.ts only');
  return provided;
}

function present<Access>(name: ServerName, access: Access | undefined): Access | undefined {
  if (access === undefined && process.env.CI === 'true') {
    throw new Error(`${name} is not installed; .ci/run installs what the tests need, as does "npm run servers"`);
  }
  return access;
}
