import * as z from 'zod';

/** Names of principals, issuers and grants: part of audit lines and messages. */
export const policyName = /^[a-z0-9][a-z0-9._-]{0,62}$/u;

const name = z
  .string()
  .regex(policyName, 'write lower-case letters, digits, ".", "_" and "-", beginning with a letter or digit');

/** Seconds. Signature version 4 would allow seven days; the credentials that sign live for one hour. */
export const longestUrlLifetime = 3600;
export const defaultUrlLifetime = 900;

const issuer = z
  .strictObject({
    issuer: z
      .url({ protocol: /^https?$/u })
      .describe(
        'The `iss` of its tokens, exactly; its keys are found through /.well-known/openid-configuration there.',
      ),
    audience: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .describe('The `aud` that a token must have been made for: one of these.'),
  })
  .describe('An OIDC identity provider, such as a CI system.');

/** A pattern covers the whole text: `*` is any characters but "/" and ":", `**` any at all. */
const textPattern = z.string().min(1).max(512);

const claim = z.union([
  textPattern.describe('The claim is a text that this pattern covers.'),
  z.number(),
  z.boolean(),
  z
    .strictObject({ contains: textPattern.describe('Covers one of the texts.') })
    .describe('The claim is a list, and one of its texts is covered.'),
]);

const oidc = z.strictObject({
  issuer: name.describe('One of `issuers`.'),
  claims: z.record(z.string().min(1).max(128), claim).describe('What the token must say; all of it.'),
});

const awsPrincipal = z
  .string()
  .regex(
    /^(?:[0-9]{12}|arn:[a-z-]+:iam::[0-9]{12}:(?:role|user)\/[\w+=,.@/*-]+)$/u,
    'expected an account id in quotes, or the ARN of a role or user of IAM, * in its name allowed',
  );

const token = z.strictObject({
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/u, 'expected 64 hex digits')
    .describe('SHA-256 of the token; the token itself is only with its user.'),
  expires: z.iso.date().describe('The last day (UTC) on which it is good.'),
});

const principal = z
  .strictObject({
    aws: z
      .array(awsPrincipal)
      .min(1)
      .optional()
      .describe('Accounts, roles and users of AWS: they sign their requests.'),
    oidc: oidc.optional().describe('Whoever shows a token of an identity provider that says this.'),
    tokens: z
      .array(token)
      .optional()
      .describe('Mirror tokens, made by `weighbridge token new`; two while one is replaced.'),
  })
  .refine(({ aws, oidc: claims, tokens }) => [aws, claims, tokens].filter((one) => one !== undefined).length === 1, {
    message: 'expected exactly one of aws, oidc and tokens',
  });

const grant = z.strictObject({
  to: z.array(name).min(1).describe('Names of principals.'),
  collections: z.array(textPattern).min(1).describe('Collections by name or pattern.'),
  versions: z
    .string()
    .min(1)
    .optional()
    .describe('A range of semver, such as ">=1.2 <3"; without it, and without tags, every version.'),
  prereleases: z.boolean().optional().describe('Does the range cover prereleases within it too? Default false.'),
  tags: z.array(textPattern).min(1).optional().describe('Versions of collections with `versioning: tag`, by pattern.'),
  files: z.array(textPattern).min(1).optional().describe('Files by pattern; without it every file.'),
  maximumLifetime: z
    .string()
    .regex(/^[1-9][0-9]*(?:s|m|h)$/u, 'expected a time such as 900s, 15m or 1h')
    .optional()
    .describe('Longest life of a URL, at most 1h. Default 15m.'),
  note: z.string().max(1000).optional().describe('Why, for who reads the policy.'),
});

/** `manifests/access.yaml`: who may read which private releases. Nobody, but for what a grant says. */
export const policyDocumentSchema = z
  .strictObject({
    weighbridgeAccess: z.literal(1).describe('The version of this format: 1.'),
    issuers: z.record(name, issuer).optional().describe('Identity providers whose tokens are taken, by name.'),
    principals: z.record(name, principal).optional().describe('Who may be granted something, by name.'),
    grants: z.record(name, grant).optional().describe('What may be read, by whom; by name, which audit lines show.'),
  })
  .meta({
    title: 'Weighbridge access policy',
    description:
      'Who may read which private releases, and for how long a URL lives. Nobody, but for what a grant says.',
  });

/** The file as its author wrote it. */
export type PolicyDocument = z.infer<typeof policyDocumentSchema>;
