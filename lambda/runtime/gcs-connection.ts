import type { BucketUse, GcsAccess } from '../../lib/core/stores/bucket-access.ts';
import { createGcsStorage, gcsEndpoint } from '../../lib/core/stores/create-gcs-storage.ts';
import { federatedClient } from './federated-client.ts';
import type { HandlerEnvironment } from './handler-environment.ts';
import { mayTakeTokens } from './may-take-tokens.ts';

/** No request of a store needs a project, and the library would ask others for one. */
const noProject = 'none';

/**
 * A client for Cloud Storage. The function's AWS role is exchanged for a token of Google's (workload identity
 * federation), again and again as tokens expire: there is no key anywhere.
 */
export function connectGcs(use: BucketUse, environment: HandlerEnvironment, userAgent: string): GcsAccess {
  const { gcs } = environment.configuration;
  const endpoint = gcs?.endpoint ?? gcsEndpoint;
  const anonymous = use === 'anonymous' || gcs === undefined || !mayTakeTokens(gcs);
  const storage = createGcsStorage({
    apiEndpoint: new URL(endpoint).origin,
    anonymous,
    userAgent,
    projectId: gcs?.project ?? noProject,
    ...(anonymous ? {} : { authClient: federatedClient(gcs, environment) }),
  });
  const settings = use === 'store' && gcs !== undefined ? { storageClass: gcs.storageClass } : {};
  return { storage, settings };
}
