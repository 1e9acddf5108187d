import type { GcsBucketOptions } from '../../contract/bucket-configuration.ts';
import type { BucketUse, GcsAccess } from '../../core/stores/bucket-access.ts';
import { createGcsStorage, gcsEndpoint } from '../../core/stores/create-gcs-storage.ts';
import type { Environment } from '../environment.ts';
import { packageVersion } from '../package-version.ts';
import { googleCredentials } from './google-credentials.ts';
import { dispatcherFor, networkWay } from './network-way.ts';

const connections = 128;

/**
 * A client for one bucket. An emulator, or a server in plain http, is asked without credentials; everybody else with
 * those of the environment, unless the use is anonymous.
 * @throws NotAuthorised for a file of credentials that is not there or is none.
 */
export async function connectGcs(
  use: BucketUse,
  options: GcsBucketOptions,
  environment: Environment,
): Promise<GcsAccess> {
  const { emulator, project } = environment.google;
  const endpoint = options.endpoint ?? emulator?.origin ?? gcsEndpoint;
  const emulated = options.endpoint === undefined && emulator !== undefined;
  // A token in plain text would be everybody's on the way; servers like that are emulators, which want none.
  const anonymous = use === 'anonymous' || emulated || new URL(endpoint).protocol === 'http:';
  const storage = createGcsStorage({
    apiEndpoint: new URL(endpoint).origin,
    anonymous,
    userAgent: `weighbridge/${packageVersion()}`,
    ...(anonymous ? {} : { authClient: await googleCredentials(environment.google) }),
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
