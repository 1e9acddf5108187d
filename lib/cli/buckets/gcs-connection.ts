import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { GcsBucketOptions } from '../../contract/bucket-configuration.ts';
import { NotAuthorised } from '../../core/errors.ts';
import type { BucketUse, GcsAccess } from '../../core/stores/bucket-access.ts';
import { createGcsStorage, gcsEndpoint } from '../../core/stores/create-gcs-storage.ts';
import type { Environment } from '../environment.ts';
import { packageVersion } from '../package-version.ts';
import { dispatcherFor, networkWay } from './network-way.ts';

const connections = 128;

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
  if (!anonymous && credentialsFile !== undefined) await checkCredentials(credentialsFile);
  const storage = createGcsStorage({
    apiEndpoint: new URL(endpoint).origin,
    anonymous,
    userAgent: `weighbridge/${packageVersion()}`,
    ...(anonymous || credentialsFile === undefined ? {} : { keyFilename: credentialsFile }),
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
async function checkCredentials(path: string): Promise<void> {
  const hint = 'Correct or unset GOOGLE_APPLICATION_CREDENTIALS.';
  const what = `GOOGLE_APPLICATION_CREDENTIALS names ${JSON.stringify(basename(path))}`;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new NotAuthorised(`${what}, ${absent ? 'and there is no such file' : 'which cannot be read'}`, { hint });
  }
  if (!holdsCredentials(text)) throw new NotAuthorised(`${what}, which holds no Google credentials`, { hint });
}

function holdsCredentials(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && 'type' in parsed && typeof parsed.type === 'string';
  } catch {
    return false;
  }
}
