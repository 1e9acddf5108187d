import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cloudSchema } from '../../lib/contract/cloud/cloud-configuration.ts';
import { type RuntimeConfiguration, runtimeConfigurationFile } from '../../lib/contract/cloud/deployment.ts';
import { handlerVariables } from '../../lib/contract/cloud/handlers.ts';
import { sourcesSchema } from '../../lib/contract/cloud/source-grants.ts';

/** A deployment as its functions read it: one publisher, `team`, who may publish everything. */
export function deployment(more: Partial<RuntimeConfiguration> = {}): RuntimeConfiguration {
  const cloud = cloudSchema.parse({ name: 'mirror' });
  return {
    name: cloud.name,
    environment: null,
    publishers: {
      team: {
        principals: ['arn:aws:iam::123456789012:role/team'],
        collections: ['*'],
        access: ['public', 'private'],
        policy: false,
      },
    },
    sources: sourcesSchema.parse({}),
    replicas: [],
    trustedOrigins: [],
    placeholders: [],
    pipeline: cloud.pipeline,
    gcs: undefined,
    statusPage: false,
    metrics: true,
    ...more,
  };
}

/** A folder as a function's code is unpacked into, without the code. */
export class CodeFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'weighbridge-lambda-'));

  constructor(configuration: RuntimeConfiguration = deployment()) {
    this.write(configuration);
  }

  write(configuration: RuntimeConfiguration): void {
    writeFileSync(join(this.path, runtimeConfigurationFile), JSON.stringify(configuration));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Variables of a function whose buckets nobody is asked about. */
export const variables: Readonly<Record<string, string>> = {
  AWS_REGION: 'us-east-1',
  [handlerVariables.stateBucket]: 'w-state',
  [handlerVariables.publicBucket]: 'w-public',
  [handlerVariables.privateBucket]: 'w-private',
};

/** Lambda's context: so many seconds are left. */
export function lambdaContext(seconds = 600) {
  const end = Date.now() + seconds * 1000;
  return { awsRequestId: 'request-1', getRemainingTimeInMillis: () => end - Date.now() };
}
