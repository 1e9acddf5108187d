import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Distribution, PriceClass } from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { MirrorBucket } from './mirror-bucket.ts';

export interface MirrorCdnDomain {
  /** Host name, such as `weights.example.org`; its DNS record is yours to make. */
  readonly name: string;
  /** Certificate for it, in us-east-1. */
  readonly certificate: ICertificate;
}

export interface MirrorCdnProps {
  /** What is served: a mirror of public releases. */
  readonly mirror: MirrorBucket;
  /**
   * A host name of your own.
   *
   * @default - the one that CloudFront gives
   */
  readonly domain?: MirrorCdnDomain;
  /**
   * ARN of a WAF web ACL of scope CLOUDFRONT, in us-east-1.
   *
   * @default - none
   */
  readonly webAclArn?: string;
  /**
   * Origins whose pages may read the mirror; `[]` for none.
   *
   * @default ['*']
   */
  readonly allowedOrigins?: readonly string[];
  /**
   * Where CloudFront writes access logs: a bucket that takes ACLs, such as a `LogsBucket` with `cdnLogs`.
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

/** CloudFront in front of a public mirror. */
export class MirrorCdn extends Construct {
  readonly distribution: Distribution;
  /** Base of the mirror, without a slash at its end: `https://…`. */
  readonly url: string;

  constructor(scope: Construct, id: string, { mirror, domain, priceClass }: MirrorCdnProps) {
    super(scope, id);
    this.distribution = new Distribution(this, 'Distribution', {
      defaultBehavior: { origin: S3BucketOrigin.withOriginAccessControl(mirror.bucket) },
      priceClass: priceClass ?? PriceClass.PRICE_CLASS_100,
      ...(domain === undefined ? {} : { domainNames: [domain.name], certificate: domain.certificate }),
    });
    this.url = `https://${domain?.name ?? this.distribution.domainName}`;
  }
}
