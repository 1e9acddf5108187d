import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { PriceClass } from 'aws-cdk-lib/aws-cloudfront';
import { Key } from 'aws-cdk-lib/aws-kms';
import { beforeAll, describe, expect, it } from 'vitest';
import { EncryptionKey } from '../../lib/infra/encryption-key.ts';
import { LogsBucket } from '../../lib/infra/logs-bucket.ts';
import { MirrorBucket } from '../../lib/infra/mirror-bucket.ts';
import { MirrorCdn } from '../../lib/infra/mirror-cdn.ts';
import { checkedStack } from './checked-stack.ts';
import { resourcesOf, written } from './policies.ts';
import { bucketStatements, keyStatements, plain, resourceOf } from './resource-policies.ts';

interface Behaviour {
  readonly PathPattern?: string;
  readonly [name: string]: unknown;
}

interface DistributionConfig {
  readonly DefaultCacheBehavior: Behaviour;
  readonly CacheBehaviors: readonly Behaviour[];
  readonly [name: string]: unknown;
}

function distribution(template: Template): DistributionConfig {
  const { Properties } = resourceOf(template, 'AWS::CloudFront::Distribution', '');
  return plain(Properties.DistributionConfig) as DistributionConfig;
}

function headers(template: Template): Readonly<Record<string, unknown>> {
  const { Properties } = resourceOf(template, 'AWS::CloudFront::ResponseHeadersPolicy', '');
  return plain(Properties.ResponseHeadersPolicyConfig) as Record<string, unknown>;
}

/** Ids of the policies that CloudFront brings along. */
const managed = {
  cachingOptimizedForUncompressedObjects: 'b2884449-e4de-46a7-ac36-70bc7f1ddd6d',
  corsS3Origin: '88a5eaf4-2fd4-4709-b370-b4c650ea3fcf',
};

describe('the CDN', () => {
  let template: Template;
  let config: DistributionConfig;
  let behaviours: readonly Behaviour[];
  let url: string;

  beforeAll(() => {
    const { stack, template: synthesise } = checkedStack();
    const mirror = new MirrorBucket(stack, 'Mirror');
    const cdn = new MirrorCdn(stack, 'Cdn', { mirror });
    url = written(stack.resolve(cdn.url));
    template = synthesise();
    config = distribution(template);
    behaviours = [config.DefaultCacheBehavior, ...config.CacheBehaviors];
  });

  it('reads the bucket by its own signature, and lets nobody else in', () => {
    expect(config.Origins).toEqual([
      expect.objectContaining({
        DomainName: expect.stringMatching(/^<MirrorBucket[0-9A-F]{8}\.RegionalDomainName>$/),
        OriginAccessControlId: expect.stringMatching(/^<CdnAccess[0-9A-F]{8}\.Id>$/),
        S3OriginConfig: { OriginAccessIdentity: '' },
      }),
    ]);
    template.hasResourceProperties('AWS::CloudFront::OriginAccessControl', {
      OriginAccessControlConfig: { SigningBehavior: 'always', SigningProtocol: 'sigv4' },
    });
    const { id } = resourceOf(template, 'AWS::CloudFront::Distribution', '');
    const rest = {
      effect: 'Allow',
      principal: { Service: 'cloudfront.amazonaws.com' },
      conditions: {
        StringEquals: {
          'AWS:SourceArn': `arn:<AWS::Partition>:cloudfront::<AWS::AccountId>:distribution/<${id}>`,
        },
      },
    };
    expect(bucketStatements(template, 'Mirror').filter(({ effect }) => effect === 'Allow')).toEqual([
      { ...rest, actions: ['s3:GetObject'], resources: ['<MirrorBucket.Arn>/*'] },
      { ...rest, actions: ['s3:ListBucket'], resources: ['<MirrorBucket.Arn>'] },
    ]);
  });

  it('gives what S3 would list as the registry, and passes on nothing that asks for a listing', () => {
    expect(config.DefaultRootObject).toBe('registry.json');
    // Managed policies have no query string: neither do those of the app.
    for (const { Properties } of resourcesOf(template, 'AWS::CloudFront::CachePolicy').values()) {
      expect(Properties.CachePolicyConfig).toMatchObject({
        ParametersInCacheKeyAndForwardedToOrigin: {
          QueryStringsConfig: { QueryStringBehavior: 'none' },
          HeadersConfig: { HeaderBehavior: 'none' },
          CookiesConfig: { CookieBehavior: 'none' },
          EnableAcceptEncodingBrotli: false,
          EnableAcceptEncodingGzip: false,
        },
      });
    }
    expect(behaviours.map(({ OriginRequestPolicyId }) => OriginRequestPolicyId)).toEqual(
      Array(3).fill(managed.corsS3Origin),
    );
  });

  it('keeps releases as long as they say, and what changes for a minute at most', () => {
    expect(config.DefaultCacheBehavior.CachePolicyId).toBe(managed.cachingOptimizedForUncompressedObjects);
    expect(config.CacheBehaviors.map(({ PathPattern }) => PathPattern)).toEqual([
      'registry.json',
      '_weighbridge/status.json',
    ]);
    const { id, Properties } = resourceOf(template, 'AWS::CloudFront::CachePolicy', 'CdnChanges');
    expect(config.CacheBehaviors.map(({ CachePolicyId }) => CachePolicyId)).toEqual([`<${id}>`, `<${id}>`]);
    expect(Properties.CachePolicyConfig).toMatchObject({ MinTTL: 0, DefaultTTL: 60, MaxTTL: 60 });
  });

  it('remembers no refusal and no absence, and makes neither look like the other', () => {
    expect(config.CustomErrorResponses).toEqual([
      { ErrorCode: 403, ErrorCachingMinTTL: 0 },
      { ErrorCode: 404, ErrorCachingMinTTL: 0 },
    ]);
  });

  it('reads only, over TLS only, bytes as they are stored', () => {
    expect(behaviours).toHaveLength(3);
    for (const behaviour of behaviours) {
      expect(behaviour).toMatchObject({
        AllowedMethods: ['GET', 'HEAD', 'OPTIONS'],
        ViewerProtocolPolicy: 'redirect-to-https',
        Compress: false,
      });
      expect(behaviour).not.toHaveProperty('FunctionAssociations');
    }
    expect(config).toMatchObject({ HttpVersion: 'http2and3', IPV6Enabled: true, PriceClass: 'PriceClass_100' });
  });

  it('sends headers that let no page run, and name neither account nor key', () => {
    expect(headers(template)).toMatchObject({
      SecurityHeadersConfig: {
        ContentSecurityPolicy: { ContentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'; sandbox" },
        ContentTypeOptions: { Override: true },
        FrameOptions: { FrameOption: 'DENY' },
        ReferrerPolicy: { ReferrerPolicy: 'no-referrer' },
        StrictTransportSecurity: { AccessControlMaxAgeSec: 31_536_000 },
      },
      RemoveHeadersConfig: {
        Items: expect.arrayContaining([{ Header: 'x-amz-server-side-encryption-aws-kms-key-id' }]),
      },
    });
  });

  it('lets the pages of everybody read, by ranges, and see what they got', () => {
    const { CorsConfig } = headers(template);
    expect(CorsConfig).toMatchObject({
      AccessControlAllowOrigins: { Items: ['*'] },
      AccessControlAllowCredentials: false,
      AccessControlExposeHeaders: { Items: expect.arrayContaining(['Content-Range', 'ETag', 'x-amz-meta-sha256']) },
      OriginOverride: true,
    });
    template.hasResourceProperties('AWS::S3::Bucket', {
      CorsConfiguration: { CorsRules: [{ AllowedOrigins: ['*'], AllowedMethods: ['GET', 'HEAD'] }] },
    });
  });

  it('has names that carry the region, so that a second region of the account has its own', () => {
    const config = (type: string, property: string) =>
      resourceOf(template, `AWS::CloudFront::${type}`, '').Properties[property] as { readonly Name: unknown };
    const names = [
      config('CachePolicy', 'CachePolicyConfig'),
      config('ResponseHeadersPolicy', 'ResponseHeadersPolicyConfig'),
      config('OriginAccessControl', 'OriginAccessControlConfig'),
    ].map(({ Name }) => written(Name));
    for (const name of names) {
      expect(name).toMatch(/<AWS::Region>/);
      expect(name.replace('<AWS::Region>', 'ap-southeast-1').length).toBeLessThanOrEqual(64);
    }
  });

  it('says where it is', () => {
    expect(url).toMatch(/^https:\/\/<CdnDistribution[0-9A-F]{8}\.DomainName>$/);
  });
});

describe('the CDN with every setting', () => {
  let template: Template;
  let cdn: MirrorCdn;

  beforeAll(() => {
    const { stack, template: synthesise } = checkedStack({ account: '111122223333', region: 'eu-central-1' });
    const { key: encryptionKey } = new EncryptionKey(stack, 'Key');
    const certificate = Certificate.fromCertificateArn(
      stack,
      'Certificate',
      'arn:aws:acm:us-east-1:111122223333:certificate/one',
    );
    cdn = new MirrorCdn(stack, 'Cdn', {
      mirror: new MirrorBucket(stack, 'Mirror', { encryptionKey }),
      domain: { name: 'weights.example.org', certificate },
      webAclArn: 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/acl/one',
      allowedOrigins: [],
      accessLogs: new LogsBucket(stack, 'Logs', { cdnLogs: true }).bucket,
      priceClass: PriceClass.PRICE_CLASS_ALL,
    });
    template = synthesise();
  });

  it('answers to its own name, in TLS 1.2 at least, behind the web ACL', () => {
    expect(distribution(template)).toMatchObject({
      Aliases: ['weights.example.org'],
      ViewerCertificate: { MinimumProtocolVersion: 'TLSv1.2_2021', SslSupportMethod: 'sni-only' },
      WebACLId: 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/acl/one',
      PriceClass: 'PriceClass_All',
    });
    expect(cdn.url).toBe('https://weights.example.org');
  });

  it('writes its logs into a bucket that takes them', () => {
    expect(distribution(template).Logging).toEqual({
      Bucket: expect.stringMatching(/^<LogsBucket[0-9A-F]{8}\.RegionalDomainName>$/),
      Prefix: 'cdn/',
    });
  });

  it('lets no page of another origin read, if it is told so', () => {
    expect(headers(template)).not.toHaveProperty('CorsConfig');
    expect(distribution(template).DefaultCacheBehavior).toMatchObject({ AllowedMethods: ['GET', 'HEAD'] });
    expect(distribution(template).DefaultCacheBehavior).not.toHaveProperty('OriginRequestPolicyId');
    template.hasResourceProperties('AWS::S3::Bucket', { CorsConfiguration: Match.absent() });
  });

  it('may decrypt with the key, through distributions of the account', () => {
    expect(keyStatements(template)).toContainEqual({
      effect: 'Allow',
      principal: { Service: 'cloudfront.amazonaws.com' },
      actions: ['kms:Decrypt'],
      resources: ['*'],
      conditions: { ArnLike: { 'AWS:SourceArn': 'arn:<AWS::Partition>:cloudfront::111122223333:distribution/*' } },
    });
  });
});

describe('the CDN with a key of somebody else', () => {
  it('warns that the key must let it decrypt', () => {
    const { stack } = checkedStack();
    const encryptionKey = Key.fromKeyArn(
      stack,
      'Key',
      'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    );
    new MirrorCdn(stack, 'Cdn', { mirror: new MirrorBucket(stack, 'Mirror', { encryptionKey }) });
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('is not of this app.*kms:Decrypt'));
  });
});
