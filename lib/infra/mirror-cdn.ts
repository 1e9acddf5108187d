import { Duration } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Distribution,
  HttpVersion,
  OriginRequestPolicy,
  PriceClass,
  S3OriginAccessControl,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { registryKey } from '../contract/keys.ts';
import { acknowledge } from './acknowledge.ts';
import { admitDistribution } from './admit-distribution.ts';
import { cdnHeaders } from './cdn-headers.ts';
import type { MirrorBucket } from './mirror-bucket.ts';
import { regionalName } from './regional-name.ts';

export interface MirrorCdnDomain {
  /** Host name, such as `weights.example.org`. Its DNS record is yours to make. */
  readonly name: string;
  /** Certificate for it, in us-east-1. */
  readonly certificate: ICertificate;
}

export interface MirrorCdnProps {
  /** What is served: a mirror of public releases, in the same stack, since its policy names the distribution. */
  readonly mirror: MirrorBucket;
  /**
   * A host name of your own; TLS 1.2 is then the least that is spoken.
   *
   * @default - the name and the certificate of CloudFront, which then decides about TLS itself
   */
  readonly domain?: MirrorCdnDomain;
  /**
   * ARN of a WAF web ACL of scope CLOUDFRONT, in us-east-1.
   *
   * @default - none
   */
  readonly webAclArn?: string;
  /**
   * Origins whose pages may read the mirror, such as `https://example.org`; `[]` for none.
   *
   * @default ['*']
   */
  readonly allowedOrigins?: readonly string[];
  /**
   * Where CloudFront writes access logs, below `cdn/`: a bucket that takes ACLs, such as that of a `LogsBucket` with
   * `cdnLogs`, in a region that needs no opting into. (The newer way of logging is set up in us-east-1 alone.)
   *
   * @default - no logs
   */
  readonly accessLogs?: IBucket;
  /**
   * Which of the edge locations serve it.
   *
   * @default PriceClass.PRICE_CLASS_100 - North America and Europe
   */
  readonly priceClass?: PriceClass;
}

/** Records that change, by key; everything else is kept for as long as its own Cache-Control says. */
const changing = [registryKey, '_weighbridge/status.json'];

/**
 * CloudFront in front of a public mirror, which stays closed to everybody else.
 *
 * What is not there is a 404 of S3 itself, never cached. For that the distribution must have s3:ListBucket: without it
 * S3 says 403 of everything that is missing, and turning each 403 into a 404 would also hide a key that may not be used
 * and a request that WAF refused. Nothing can be listed all the same: a listing is what S3 answers to the bare `/`, and
 * that is `registry.json` here; query strings, which name the other listings, are not passed on.
 *
 * Of objects above 50 GB CloudFront answers a GET of the whole with an error and ranges of at most 50 GB as of any other,
 * so they are fetched by ranges.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
 */
export class MirrorCdn extends Construct {
  /** The distribution itself. */
  readonly distribution: Distribution;
  /** Base of the mirror, without a slash at its end: `https://…`. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: MirrorCdnProps) {
    super(scope, id);
    const { mirror, domain, webAclArn, accessLogs, priceClass = PriceClass.PRICE_CLASS_100 } = props;
    const allowedOrigins = props.allowedOrigins ?? ['*'];
    const pages = allowedOrigins.length > 0;
    if (pages) mirror.allowOrigins(allowedOrigins);

    const behaviour: BehaviorOptions = {
      origin: S3BucketOrigin.withBucketDefaults(mirror.bucket, {
        originAccessControlId: new S3OriginAccessControl(this, 'Access', {
          originAccessControlName: regionalName(this, 'Access'),
        }).originAccessControlId,
      }),
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      allowedMethods: pages ? AllowedMethods.ALLOW_GET_HEAD_OPTIONS : AllowedMethods.ALLOW_GET_HEAD,
      responseHeadersPolicy: cdnHeaders(this, 'Headers', allowedOrigins),
      // S3 answers preflights only if it is told which origin asks for what.
      ...(pages ? { originRequestPolicy: OriginRequestPolicy.CORS_S3_ORIGIN } : {}),
      // Weights do not get smaller, and clients rely on lengths and ranges of the bytes as stored.
      compress: false,
    };
    const changes = new CachePolicy(this, 'Changes', {
      comment: 'As the object says, for a minute at most',
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.minutes(1),
      maxTtl: Duration.minutes(1),
    });
    this.distribution = new Distribution(this, 'Distribution', {
      comment: 'Weighbridge: the public mirror',
      // As objects say, for a year at most. The other managed policy keeps a copy per encoding that a client takes.
      defaultBehavior: { ...behaviour, cachePolicy: CachePolicy.CACHING_OPTIMIZED_FOR_UNCOMPRESSED_OBJECTS },
      additionalBehaviors: Object.fromEntries(changing.map((key) => [key, { ...behaviour, cachePolicy: changes }])),
      defaultRootObject: registryKey,
      // A release appears at once, and a mended key policy helps at once.
      errorResponses: [403, 404].map((httpStatus) => ({ httpStatus, ttl: Duration.seconds(0) })),
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass,
      ...(domain === undefined
        ? {}
        : {
            domainNames: [domain.name],
            certificate: domain.certificate,
            minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
          }),
      ...(webAclArn === undefined ? {} : { webAclId: webAclArn }),
      ...(accessLogs === undefined ? {} : { enableLogging: true, logBucket: accessLogs, logFilePrefix: 'cdn/' }),
    });
    this.url = `https://${domain?.name ?? this.distribution.domainName}`;
    admitDistribution(mirror.bucket, this.distribution);
    this.#explain(props);
  }

  #explain({ domain, webAclArn, accessLogs }: MirrorCdnProps): void {
    const findings: Readonly<Record<string, string | false>> = {
      'AwsSolutions-CFR1': 'A public mirror is read from everywhere.',
      'AwsSolutions-CFR2':
        webAclArn === undefined &&
        'A web ACL is a setting: it costs per request, and what is served is public and static.',
      'AwsSolutions-CFR3': accessLogs === undefined && 'Access logs are a setting, off by default: they cost storage.',
      'AwsSolutions-CFR4':
        domain === undefined &&
        'The certificate of CloudFront comes with its own TLS policy; a domain of your own ends that.',
    };
    for (const [id, reason] of Object.entries(findings)) if (reason) acknowledge(this.distribution, id, reason);
  }
}
