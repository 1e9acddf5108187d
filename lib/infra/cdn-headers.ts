import { Duration } from 'aws-cdk-lib';
import { HeadersFrameOption, HeadersReferrerPolicy, ResponseHeadersPolicy } from 'aws-cdk-lib/aws-cloudfront';
import type { Construct } from 'constructs';
import { exposedHeaders } from './mirror-bucket.ts';
import { regionalName } from './regional-name.ts';

/**
 * Headers of every answer. A mirror holds bytes of others under one host name, so a page among them must not run, be
 * framed, or be taken for another type.
 *
 * @param allowedOrigins whose pages may read; `[]` for none
 */
export function cdnHeaders(scope: Construct, id: string, allowedOrigins: readonly string[]): ResponseHeadersPolicy {
  const pages = allowedOrigins.length > 0;
  return new ResponseHeadersPolicy(scope, id, {
    responseHeadersPolicyName: regionalName(scope, id),
    comment: 'Weighbridge: bytes are data, never pages',
    securityHeadersBehavior: {
      contentSecurityPolicy: {
        contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'; sandbox",
        override: true,
      },
      contentTypeOptions: { override: true },
      frameOptions: { frameOption: HeadersFrameOption.DENY, override: true },
      referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: true },
      strictTransportSecurity: { accessControlMaxAge: Duration.days(365), override: true },
    },
    ...(pages
      ? {
          corsBehavior: {
            accessControlAllowOrigins: [...allowedOrigins],
            accessControlAllowMethods: ['GET', 'HEAD', 'OPTIONS'],
            accessControlAllowHeaders: ['*'],
            accessControlExposeHeaders: [...exposedHeaders],
            accessControlAllowCredentials: false,
            accessControlMaxAge: Duration.days(1),
            originOverride: true,
          },
          customHeadersBehavior: {
            customHeaders: [{ header: 'Cross-Origin-Resource-Policy', value: 'cross-origin', override: true }],
          },
        }
      : {}),
    // They name the account and the key.
    removeHeaders: [
      'x-amz-server-side-encryption',
      'x-amz-server-side-encryption-aws-kms-key-id',
      'x-amz-server-side-encryption-bucket-key-enabled',
    ],
  });
}
