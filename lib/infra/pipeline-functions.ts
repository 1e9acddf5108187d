import { Duration, Stack } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { RuntimeConfiguration } from '../contract/cloud/deployment.ts';
import { handlerVariables, type PipelineHandler } from '../contract/cloud/handlers.ts';
import { type GcsPurpose, gcsRoleName, gcsWriters } from '../contract/cloud/resource-names.ts';
import { given } from './given.ts';
import { HandlerFunction } from './handler-function.ts';

export interface PipelineFunctionsProps {
  readonly configuration: RuntimeConfiguration;
  readonly state: s3.IBucket;
  readonly publicMirror: s3.IBucket | undefined;
  readonly privateMirror: s3.IBucket | undefined;
  readonly publicUrl: string | undefined;
  readonly encryptionKey: kms.IKey | undefined;
  readonly logRetention: logs.RetentionDays | undefined;
  readonly rolePrefix: string | undefined;
  readonly architecture: lambda.Architecture | undefined;
  readonly bundles: string | undefined;
}

const descriptions: Readonly<Record<PipelineHandler, string>> = {
  plan: 'Weighbridge: checks a submission and plans what is to be moved',
  transfer: 'Weighbridge: moves artifacts from upstream into a mirror, one pass',
  publish: 'Weighbridge: publishes a release in its mirror',
  replicate: 'Weighbridge: copies artifacts from a mirror to a replica, one pass',
  'publish-replicas': 'Weighbridge: publishes a release in its replicas',
  report: 'Weighbridge: reports how a run ended',
};

/** Passes work within the time and memory of the configuration; the other functions within Lambda's own. */
const passes: readonly PipelineHandler[] = ['transfer', 'replicate'];

/** One function per pass, each with a role of its own, to which nothing is granted yet. */
export function pipelineFunctions(
  scope: Construct,
  props: PipelineFunctionsProps,
): Readonly<Record<PipelineHandler, HandlerFunction>> {
  const { configuration, encryptionKey, logRetention, architecture, bundles } = props;
  const environment = environmentOf(props);
  const make = (id: string, handler: PipelineHandler): HandlerFunction => {
    const roleName = googleRole(scope, handler, props);
    return new HandlerFunction(scope, id, {
      handler,
      description: descriptions[handler],
      configuration,
      environment,
      ...(passes.includes(handler)
        ? {
            memory: configuration.pipeline.memory,
            timeout: Duration.seconds(configuration.pipeline.timeoutSeconds),
          }
        : {}),
      ...given({ roleName, encryptionKey, logRetention, architecture, bundles }),
    });
  };
  return {
    plan: make('Plan', 'plan'),
    transfer: make('Transfer', 'transfer'),
    publish: make('Publish', 'publish'),
    replicate: make('Replicate', 'replicate'),
    'publish-replicas': make('PublishReplicas', 'publish-replicas'),
    report: make('Report', 'report'),
  };
}

function environmentOf(props: PipelineFunctionsProps): Record<string, string> {
  const { state, publicMirror, privateMirror, publicUrl } = props;
  const key = [publicMirror, privateMirror, state].find((bucket) => bucket?.encryptionKey !== undefined)?.encryptionKey;
  return given({
    [handlerVariables.stateBucket]: state.bucketName,
    [handlerVariables.publicBucket]: publicMirror?.bucketName,
    [handlerVariables.privateBucket]: privateMirror?.bucketName,
    [handlerVariables.publicUrl]: publicUrl,
    [handlerVariables.kmsKey]: key?.keyArn,
  }) as Record<string, string>;
}

/** Who reads `gs:` sources, and who looks at or writes the replica. */
const readers: readonly PipelineHandler[] = ['plan', 'transfer'];
const writers: readonly PipelineHandler[] = gcsWriters;

/** Roles that reach Google have fixed names, which Google's side of the trust can name. */
function googleRole(
  scope: Construct,
  handler: PipelineHandler,
  { configuration: { name, gcs, sources }, rolePrefix = '' }: PipelineFunctionsProps,
): string | undefined {
  const reads = readers.includes(handler) && sources.buckets.some(({ bucket }) => bucket.startsWith('gs://'));
  if (gcs === undefined || !(reads || writers.includes(handler))) return undefined;
  return gcsRoleName(handler as GcsPurpose, { name, region: Stack.of(scope).region }, rolePrefix);
}
