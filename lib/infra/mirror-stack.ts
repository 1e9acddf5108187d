import { Annotations, CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { PriceClass } from 'aws-cdk-lib/aws-cloudfront';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { Architecture, IFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import {
  type AccessSettings,
  accessApiOf,
  type PrivateMirrorSettings,
  type PublicMirrorSettings,
  privateMirrorOf,
  publicMirrorOf,
} from '../contract/cloud/cloud-configuration.ts';
import { type Deployment, runtimeConfiguration } from '../contract/cloud/deployment.ts';
import { deploymentWarnings } from '../contract/cloud/deployment-warnings.ts';
import { type BucketPurpose, bucketName } from '../contract/cloud/resource-names.ts';
import { AccessApi } from './access-api.ts';
import { EncryptionKey } from './encryption-key.ts';
import { given } from './given.ts';
import { LogsBucket } from './logs-bucket.ts';
import { MirrorBucket } from './mirror-bucket.ts';
import { MirrorCdn } from './mirror-cdn.ts';
import { PublisherRoles } from './publisher-roles.ts';
import { RunObservability } from './run-observability.ts';
import { StagingPipeline } from './staging-pipeline.ts';
import { StateBucket } from './state-bucket.ts';

export interface MirrorStackProps extends StackProps {
  /** One environment of weighbridge.yaml. */
  readonly deployment: Deployment;
  /** Of the functions. @default lambda.Architecture.ARM_64 */
  readonly architecture?: Architecture;
  /** Folder of the built handlers. @default - that of this package */
  readonly bundles?: string;
}

/** Everything of a deployment that is in AWS. What is in Google Cloud Storage has a stack of its own. */
export class MirrorStack extends Stack {
  readonly state: StateBucket;
  /** Undefined where `cloud.public` is false, as the CDN then is. */
  readonly publicMirror: MirrorBucket | undefined;
  readonly cdn: MirrorCdn | undefined;
  /** Undefined where `cloud.private` is false. */
  readonly privateMirror: MirrorBucket | undefined;
  /** Gives out private releases; undefined where `cloud.access` or `cloud.private` is false. */
  readonly access: AccessApi | undefined;
  readonly pipeline: StagingPipeline;
  readonly publishers: PublisherRoles;
  readonly observability: RunObservability;
  /** Undefined where S3 and the other services keep the keys. */
  readonly encryptionKey: IKey | undefined;

  readonly #deployment: Deployment;
  readonly #logs: LogsBucket | undefined;

  constructor(scope: Construct, id: string, { deployment, architecture, bundles, ...props }: MirrorStackProps) {
    super(scope, id, props);
    this.#deployment = deployment;
    const { cloud } = deployment;
    const publicSettings = publicMirrorOf(cloud);
    const privateSettings = privateMirrorOf(cloud);

    this.encryptionKey = this.#encryptionKey();
    this.#logs = this.#logsBucket(publicSettings, privateSettings);

    this.publicMirror = publicSettings && this.#mirror('PublicMirror', 'public', publicSettings);
    this.cdn = publicSettings && this.publicMirror && this.#cdn(this.publicMirror, publicSettings);
    this.privateMirror = privateSettings && this.#mirror('PrivateMirror', 'private', privateSettings);

    this.state = new StateBucket(this, 'State', {
      ...this.#bucket('state'),
      expireAfter: Duration.days(cloud.retention.stateDays),
      unfinishedUploads: Duration.days(cloud.retention.unfinishedUploadDays),
    });
    const accessSettings = accessApiOf(cloud);
    this.access =
      accessSettings &&
      this.privateMirror &&
      this.#access(accessSettings, this.privateMirror, given({ architecture, bundles }));
    this.pipeline = new StagingPipeline(this, 'Pipeline', {
      configuration: runtimeConfiguration(deployment),
      state: this.state,
      logRetention: cloud.retention.logDays as RetentionDays,
      rolePrefix: cloud.rolePrefix,
      // A run must end before its checkpoints and unfinished uploads do.
      timeout: Duration.days(Math.min(cloud.retention.unfinishedUploadDays, cloud.retention.stateDays) - 1),
      ...given({
        publicMirror: this.publicMirror,
        privateMirror: this.privateMirror,
        publicUrl: this.cdn?.url,
        encryptionKey: this.encryptionKey,
        architecture,
        bundles,
      }),
    });
    this.publishers = new PublisherRoles(this, 'Publishers', {
      publishers: deployment.publishers,
      submissions: this.state,
      mirrors: [
        ...(this.publicMirror ? [{ access: 'public' as const, bucket: this.publicMirror.bucket }] : []),
        ...(this.privateMirror ? [{ access: 'private' as const, bucket: this.privateMirror.bucket }] : []),
      ],
      deploymentName: cloud.name,
      oidc: cloud.oidc,
      rolePath: cloud.rolePath,
      rolePrefix: cloud.rolePrefix,
    });

    this.observability = new RunObservability(this, 'Observability', {
      ...cloud.observability,
      deploymentName: cloud.name,
      stateMachine: this.pipeline.stateMachine,
      functions: this.#functions(),
      deadLetters: this.pipeline.deadLetters,
      submissionRule: this.pipeline.submissionRule,
      executionTimeout: this.pipeline.timeout,
      ...given({
        distributionId: this.cdn?.distribution.distributionId,
        encryptionKey: this.encryptionKey,
        access: this.access && { metrics: this.access.metrics, ...given({ deniedAlarm: accessSettings?.deniedAlarm }) },
      }),
    });

    this.#warn();
    this.#outputs();
  }

  #encryptionKey(): IKey | undefined {
    const { encryptionKey } = this.#deployment.cloud;
    if (encryptionKey === 'managed') return undefined;
    return encryptionKey === 'create'
      ? new EncryptionKey(this, 'EncryptionKey').key
      : Key.fromKeyArn(this, 'EncryptionKey', encryptionKey);
  }

  #logsBucket(publicSettings?: PublicMirrorSettings, privateSettings?: PrivateMirrorSettings): LogsBucket | undefined {
    const cdnLogs = publicSettings?.cdnLogs ?? false;
    if (!cdnLogs && !publicSettings?.accessLogs && !privateSettings?.accessLogs) return undefined;
    return new LogsBucket(this, 'Logs', {
      bucketName: this.#bucketName('logs'),
      expireAfter: Duration.days(this.#deployment.cloud.retention.logDays),
      cdnLogs,
    });
  }

  #mirror(id: string, purpose: 'public' | 'private', { readers, accessLogs }: PrivateMirrorSettings): MirrorBucket {
    const { retention } = this.#deployment.cloud;
    return new MirrorBucket(this, id, {
      ...this.#bucket(purpose),
      noncurrentVersions: Duration.days(retention.noncurrentDays),
      unfinishedUploads: Duration.days(retention.unfinishedUploadDays),
      ...given({ accessLogs: accessLogs ? this.#logs?.bucket : undefined, readers: readers && given(readers) }),
    });
  }

  #cdn(mirror: MirrorBucket, { domain, webAcl, cors, cdnLogs, priceClass }: PublicMirrorSettings): MirrorCdn {
    const ownDomain = domain && {
      name: domain.name,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificate),
    };
    return new MirrorCdn(this, 'Cdn', {
      mirror,
      allowedOrigins: cors,
      priceClass: priceClasses[priceClass],
      ...given({ domain: ownDomain, webAclArn: webAcl, accessLogs: cdnLogs ? this.#logs?.bucket : undefined }),
    });
  }

  #access(
    settings: AccessSettings,
    privateMirror: MirrorBucket,
    options: { readonly architecture?: Architecture; readonly bundles?: string },
  ): AccessApi {
    const { cloud } = this.#deployment;
    const { domain, cors, throttle, memory } = settings;
    return new AccessApi(this, 'Access', {
      ...options,
      configuration: runtimeConfiguration(this.#deployment),
      state: this.state,
      privateMirror,
      cors,
      throttle,
      memory,
      metrics: cloud.observability.metrics,
      rolePrefix: cloud.rolePrefix,
      logRetention: cloud.retention.logDays as RetentionDays,
      ...given({
        domain: domain && {
          name: domain.name,
          certificate: Certificate.fromCertificateArn(this, 'AccessCertificate', domain.certificate),
          defaultEndpoint: domain.defaultEndpoint,
        },
        encryptionKey: this.encryptionKey,
      }),
    });
  }

  #bucket(purpose: BucketPurpose): { readonly bucketName: string; readonly encryptionKey?: IKey } {
    return { bucketName: this.#bucketName(purpose), ...given({ encryptionKey: this.encryptionKey }) };
  }

  #bucketName(purpose: BucketPurpose): string {
    const { account, region } = this;
    return bucketName(purpose, { name: this.#deployment.cloud.name, account, region });
  }

  #functions(): Readonly<Record<string, IFunction>> {
    const handlers = { ...this.pipeline.functions, ...given({ access: this.access?.handler }) };
    return Object.fromEntries(Object.entries(handlers).map(([name, { function: made }]) => [name, made]));
  }

  #warn(): void {
    for (const { id, message } of deploymentWarnings(this.#deployment)) {
      Annotations.of(this).addWarningV2(`weighbridge:${id}`, message);
    }
  }

  #outputs(): void {
    const output: Output = (id, value, description) => new CfnOutput(this, id, { value, description });
    if (this.cdn !== undefined) output('PublicUrl', this.cdn.url, 'weighbridge ls --from URL: the public mirror');
    for (const [id, mirror] of [
      ['PublicStore', this.publicMirror],
      ['PrivateStore', this.privateMirror],
    ] as const) {
      if (mirror !== undefined) output(id, `s3://${mirror.bucket.bucketName}`, 'weighbridge verify --store URL');
    }
    if (this.access !== undefined) this.#accessOutputs(this.access, output);
    output('Region', this.region, 'WEIGHBRIDGE_REGION of the CI: where the roles are used');
    output('StateMachine', this.pipeline.stateMachine.stateMachineArn, 'Where runs are, one execution each');
    output('StateBucket', this.state.bucket.bucketName, 'Where submit sends manifests, and reports are');
    for (const [name, { submit, plan }] of this.publishers.roles) {
      const of = outputName(name);
      output(`SubmitRole${of}`, submit.roleArn, `The role that CI of ${name} takes on its release branch`);
      if (plan !== undefined)
        output(`PlanRole${of}`, plan.roleArn, `The role that CI of ${name} takes for pull requests`);
    }
  }

  #accessOutputs({ url, iamUrl, consumerRoles, gateway }: AccessApi, output: Output): void {
    output('AccessUrl', url, 'weighbridge pull --from URL: private releases, for callers with a token');
    output('IamAccessUrl', iamUrl, 'weighbridge pull --from URL: likewise, for roles and users of AWS');
    if (gateway.domainTarget !== undefined) {
      output('AccessDomainTarget', gateway.domainTarget, 'What the DNS record of the host name of the API points to');
    }
    for (const [account, role] of consumerRoles) {
      output(`ConsumerRole${account}`, role.roleArn, `The role that principals of account ${account} take to ask`);
    }
  }
}

type Output = (id: string, value: string, description: string) => unknown;

const priceClasses = {
  100: PriceClass.PRICE_CLASS_100,
  200: PriceClass.PRICE_CLASS_200,
  all: PriceClass.PRICE_CLASS_ALL,
} as const;

/** Names of outputs are letters and digits: `our-models` is `OurModels`, and `a-1` stays apart from `a1`. */
function outputName(publisher: string): string {
  return publisher
    .replace(/-([a-z]?)/g, (_, letter: string) => (letter === '' ? 'Dash' : letter.toUpperCase()))
    .replace(/^[a-z]/, (letter) => letter.toUpperCase());
}
