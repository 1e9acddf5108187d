import { Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { RuntimeConfiguration } from '../contract/cloud/deployment.ts';
import { handlerVariables } from '../contract/cloud/handlers.ts';
import { gcsRoleName } from '../contract/cloud/resource-names.ts';
import { type AccessDomain, AccessGateway } from './access-gateway.ts';
import { type AccessMetrics, accessMetrics } from './access-metrics.ts';
import { ConsumerRoles } from './access-roles.ts';
import { given } from './given.ts';
import { grantReadRecords, grantSign, longestSession } from './grant-access.ts';
import { HandlerFunction } from './handler-function.ts';
import type { MirrorBucket } from './mirror-bucket.ts';
import type { StateBucket } from './state-bucket.ts';

export interface AccessApiProps {
  /** What the function reads of weighbridge.yaml: `runtimeConfiguration(deployment)`. */
  readonly configuration: RuntimeConfiguration;
  /** Where the access policy lies. */
  readonly state: StateBucket;
  /** Whose releases are given out. */
  readonly privateMirror: MirrorBucket;
  /** Other accounts that may ask, as `access.consumerAccounts` of the configuration names them. @default - those */
  readonly consumerAccounts?: readonly string[];
  /** Origins whose pages may ask. @default - none */
  readonly cors?: readonly string[];
  /** Requests a second of all callers together, and at once; more are answered 429. @default - 50 and 100 */
  readonly throttle?: { readonly rate: number; readonly burst: number };
  /** A host name of one's own. @default - the name that AWS gives */
  readonly domain?: AccessDomain;
  /** MiB. @default 1024 */
  readonly memory?: number;
  /** Count refusals, and policies that could not be read, as metrics of 0.30 USD a month? @default true */
  readonly metrics?: boolean;
  /** What names of roles begin with that somebody outside knows. @default - nothing */
  readonly rolePrefix?: string;
  /** Of the function's log, which holds every decision, and of the log of requests. @default logs.RetentionDays.THREE_MONTHS */
  readonly logRetention?: logs.RetentionDays;
  /** Encrypts both logs; it must let CloudWatch Logs use it. @default - a key of CloudWatch */
  readonly encryptionKey?: kms.IKey;
  /** @default lambda.Architecture.ARM_64 */
  readonly architecture?: lambda.Architecture;
  /** Folder of the built handlers. @default - that of this package */
  readonly bundles?: string;
}

/**
 * Gives out private releases: an HTTP API whose function asks the access policy and answers with URLs of S3 that expire.
 * The function reads records, never artifacts; URLs are signed by a role that only it can take, and that can do nothing
 * but read what it signs. It has no reserved concurrency, which new accounts could not give it: the throttle bounds it.
 *
 * @example
 * const state = new StateBucket(this, 'State');
 * const privateMirror = new MirrorBucket(this, 'Private');
 * const access = new AccessApi(this, 'Access', { configuration, state, privateMirror });
 * new CfnOutput(this, 'AccessUrl', { value: access.url });
 */
export class AccessApi extends Construct {
  readonly handler: HandlerFunction;
  /** Signs the URLs. */
  readonly signer: iam.Role;
  readonly gateway: AccessGateway;
  /** Of other accounts, by account id. */
  readonly consumerRoles: ReadonlyMap<string, iam.Role>;
  /** For callers with tokens; it ends in `/v1`. */
  readonly url: string;
  /** For callers that sign their requests as AWS principals; it ends in `/iam/v1`. */
  readonly iamUrl: string;
  readonly metrics: AccessMetrics;

  /** @throws Error when the handler was not built. */
  constructor(scope: Construct, id: string, props: AccessApiProps) {
    super(scope, id);
    const { configuration, state, privateMirror, rolePrefix, encryptionKey, logRetention, metrics = true } = props;
    const bucket = privateMirror.bucket;
    this.handler = this.#handler(props);
    this.signer = new iam.Role(this, 'Signer', {
      assumedBy: this.handler.role,
      description: 'Weighbridge: signs URLs of private artifacts',
      maxSessionDuration: longestSession,
    });
    this.handler.function.addEnvironment(handlerVariables.signerRole, this.signer.roleArn);
    state.grantReadPolicy(this.handler);
    grantReadRecords(bucket, this.handler);
    grantSign(bucket, this.signer);
    this.handler.role.addToPolicy(
      new iam.PolicyStatement({
        sid: 'TakeSignerRole',
        actions: ['sts:AssumeRole'],
        resources: [this.signer.roleArn],
      }),
    );

    this.gateway = new AccessGateway(this, 'Gateway', {
      name: `${configuration.name}-access`,
      function: this.handler.function,
      description: `Weighbridge ${configuration.name}: gives out private releases`,
      ...given({ cors: props.cors, throttle: props.throttle, domain: props.domain, encryptionKey, logRetention }),
    });
    this.url = `${this.gateway.url}/v1`;
    this.iamUrl = `${this.gateway.url}/iam/v1`;
    this.consumerRoles = new ConsumerRoles(this, 'Consumers', {
      api: this.gateway.api,
      accounts: props.consumerAccounts ?? configuration.access?.consumerAccounts ?? [],
      deploymentName: configuration.name,
      ...given({ rolePrefix }),
    }).roles;
    this.metrics = accessMetrics(this, {
      api: this.gateway.api,
      log: this.handler.logGroup,
      deploymentName: configuration.name,
      counts: metrics,
    });
  }

  #handler(props: AccessApiProps): HandlerFunction {
    const { configuration, state, privateMirror, rolePrefix = '' } = props;
    const { name, gcs } = configuration;
    const { encryptionKey, logRetention, architecture, bundles } = props;
    const reachesGoogle = gcs?.private !== undefined && gcs.workloadIdentity.serviceAccount !== undefined;
    return new HandlerFunction(this, 'Function', {
      handler: 'access',
      description: 'Weighbridge: says who may read which private release, and gives out URLs',
      configuration,
      environment: {
        [handlerVariables.stateBucket]: state.bucket.bucketName,
        [handlerVariables.privateBucket]: privateMirror.bucket.bucketName,
      },
      memory: props.memory ?? 1024,
      // Half of what the gateway waits for: nobody is kept longer by a store that does not answer.
      timeout: Duration.seconds(15),
      ...given({
        // Google's side of the trust names it; there is nothing to sign URLs of Google's with but a service account.
        roleName: reachesGoogle
          ? gcsRoleName('access', { name, region: Stack.of(this).region }, rolePrefix)
          : undefined,
        encryptionKey,
        logRetention,
        architecture,
        bundles,
      }),
    });
  }
}
