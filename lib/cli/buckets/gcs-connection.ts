import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { GcsBucketOptions } from '../../contract/bucket-configuration.ts';
import { NotAuthorised } from '../../core/errors.ts';
import type { BucketUse, GcsAccess } from '../../core/stores/bucket-access.ts';
import { createGcsStorage, type GcsStorageOptions, gcsEndpoint } from '../../core/stores/create-gcs-storage.ts';
import type { Environment } from '../environment.ts';
import { packageVersion } from '../package-version.ts';
import { dispatcherFor, networkWay } from './network-way.ts';

const connections = 128;

type Credentials = NonNullable<GcsStorageOptions['credentials']>;

/**
 * A client for one bucket. An emulator is asked without credentials; everybody else with those of
 * `GOOGLE_APPLICATION_CREDENTIALS`, else the machine's own, unless the use is anonymous.
 * @throws NotAuthorised for a file of credentials that is not there or is none.
 */
export async function connectGcs(
  use: BucketUse,
  options: GcsBucketOptions,
  environment: Environment,
): Promise<GcsAccess> {
  const { emulator, credentialsFile, project } = environment.google;
  const endpoint = options.endpoint ?? emulator?.origin ?? gcsEndpoint;
  const anonymous = use === 'anonymous' || (options.endpoint === undefined && emulator !== undefined);
  const credentials = anonymous || credentialsFile === undefined ? undefined : await readCredentials(credentialsFile);
  const storage = createGcsStorage({
    apiEndpoint: new URL(endpoint).origin,
    anonymous,
    userAgent: `weighbridge/${packageVersion()}`,
    ...(credentials === undefined ? {} : { credentials }),
    ...(project === undefined ? {} : { projectId: project }),
  });
  const way = await networkWay(new URL(endpoint), environment);
  const { storageClass, kmsKeyName } = options;
  return {
    storage,
    dispatcher: await dispatcherFor(way, connections),
    settings: {
      ...(storageClass === undefined ? {} : { storageClass }),
      ...(kmsKeyName === undefined ? {} : { kmsKeyName }),
    },
  };
}

/** The library's own errors would show the path, or say nothing of the variable. */
async function readCredentials(path: string): Promise<Credentials> {
  const hint = 'Correct or unset GOOGLE_APPLICATION_CREDENTIALS.';
  const what = `GOOGLE_APPLICATION_CREDENTIALS names ${JSON.stringify(basename(path))}`;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new NotAuthorised(`${what}, ${absent ? 'and there is no such file' : 'which cannot be read'}`, { hint });
  }
  const credentials = parseCredentials(text);
  if (credentials === undefined) throw new NotAuthorised(`${what}, which holds no Google credentials`, { hint });
  return credentials;
}

function parseCredentials(text: string): Credentials | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const typed = typeof parsed === 'object' && parsed !== null && 'type' in parsed && typeof parsed.type === 'string';
    return typed ? (parsed as Credentials) : undefined;
  } catch {
    return undefined;
  }
}
